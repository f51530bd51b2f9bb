/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a packet to its flow: the exact-match cache first, then the node's rules in their order. */
#pragma once

#include "abi/lma.h"
#include "bpf_base.h"
#include "selectors.h"

/* The capacities of maps whose size is configured are set before loading. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20);
  __type(key, __u64);
  __type(value, struct fm_node_row);
} nodes SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20);
  __type(key, struct fm_rule_key);
  __type(value, struct fm_rule);
} rules SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1 << 16);
  __type(key, struct fm_flow_key);
  __type(value, struct fm_cached_flow);
} flow_cache SEC(".maps");

/* The first rule that matches; zero if none does. */
static __noinline __u32 fm_match_rules(__u32 node, __u32 generation, __u32 count,
                                       const struct fm_flow_key* key) {
  struct fm_rule_key rule_key = {.node = node, .generation = generation};
  for (__u32 slot = 0; slot < FM_MAX_RULES; ++slot) {
    if (slot >= count) break;
    rule_key.slot = slot;
    const struct fm_rule* rule = bpf_map_lookup_elem(&rules, &rule_key);
    if (rule && fm_rule_matches(rule, key)) return rule->flow;
  }
  return 0;
}

/* The flow of a packet, zero for none. Takes out of the key what no rule of the node looks at. */
static __always_inline __u32 fm_classify(const struct fm_node_row* node, struct fm_flow_key* key,
                                         bool whole_key) {
  if (!(node->uses & FM_NODE_USES_FLOW_LABEL)) key->flow_label = 0;
  if (!(node->uses & FM_NODE_USES_DS)) key->ds = 0;
  if (!node->rule_count) return node->default_flow;

  const struct fm_cached_flow* cached = bpf_map_lookup_elem(&flow_cache, key);
  if (cached && cached->generation == node->generation) return cached->flow;

  struct fm_cached_flow found = {node->generation, 0};
  found.flow = fm_match_rules(node->node, node->generation, node->rule_count, key);
  if (!found.flow) found.flow = node->default_flow;
  if (whole_key) bpf_map_update_elem(&flow_cache, key, &found, BPF_ANY);
  return found.flow;
}
