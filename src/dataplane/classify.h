/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a packet to its flow: the exact-match cache first, then the node's rules in their order. */
#pragma once

#include "abi/lma.h"
#include "bpf_base.h"

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

static __always_inline bool fm_not_above(const struct fm_address_number* a,
                                         const struct fm_address_number* b) {
  return a->high < b->high || (a->high == b->high && a->low <= b->low);
}

#define FM_BETWEEN(range, value) ((range)[0] <= (value) && (value) <= (range)[1])
#define FM_WANTS(rule, field) ((rule)->fields & FM_RULE_##field)

/* RFC 6088 section 3.2. Not inlined and not static, so that it is verified once rather than per rule. */
__noinline int fm_rule_matches(const struct fm_rule* rule, const struct fm_flow_key* key) {
  if (!rule || !key) return 0;
  if (FM_WANTS(rule, SOURCE) &&
      !(fm_not_above(&rule->source[0], &key->source) && fm_not_above(&key->source, &rule->source[1])))
    return 0;
  if (FM_WANTS(rule, DESTINATION) && !(fm_not_above(&rule->destination[0], &key->destination) &&
                                       fm_not_above(&key->destination, &rule->destination[1])))
    return 0;
  if (FM_WANTS(rule, SPI) && !((key->has & FM_FLOW_HAS_SPI) && FM_BETWEEN(rule->spi, key->spi))) return 0;
  if (FM_WANTS(rule, FLOW_LABEL) && !FM_BETWEEN(rule->flow_label, key->flow_label)) return 0;
  if ((rule->fields & (FM_RULE_SOURCE_PORT | FM_RULE_DESTINATION_PORT)) && !(key->has & FM_FLOW_HAS_PORTS))
    return 0;
  if (FM_WANTS(rule, SOURCE_PORT) && !FM_BETWEEN(rule->source_port, key->source_port)) return 0;
  if (FM_WANTS(rule, DESTINATION_PORT) && !FM_BETWEEN(rule->destination_port, key->destination_port))
    return 0;
  if (FM_WANTS(rule, DS) && !FM_BETWEEN(rule->ds, key->ds)) return 0;
  if (FM_WANTS(rule, PROTOCOL) && !FM_BETWEEN(rule->protocol, key->protocol)) return 0;
  return 1;
}

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
  if (cached && cached->generation == node->generation && cached->node == node->node) return cached->flow;

  struct fm_cached_flow found = {node->node, node->generation, 0};
  found.flow = fm_match_rules(node->node, node->generation, node->rule_count, key);
  if (!found.flow) found.flow = node->default_flow;
  if (whole_key) bpf_map_update_elem(&flow_cache, key, &found, BPF_ANY);
  return found.flow;
}
