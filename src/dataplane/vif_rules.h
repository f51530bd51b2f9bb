/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a mobile node does with some flows, whatever the anchor decides: copies of their packets
 * (docs/adr/0059), or links of its own choice (docs/adr/0062). */
#pragma once

#include "abi/vif.h"
#include "bpf_base.h"
#include "flow_hash.h"
#include "members.h"
#include "selectors.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct fm_vif_rule_set);
} vif_rule_set SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, FM_VIF_RULE_ROWS);
  __type(key, __u32);
  __type(value, struct fm_rule);
} vif_rules SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, FM_VIF_RULE_ROWS);
  __type(key, __u32);
  __type(value, struct fm_vif_preference);
} vif_preferences SEC(".maps");

/* The row of the first rule that matches, with what it says in the upper half. */
static __noinline __u32 fm_match_vif_rules(const struct fm_flow_key* key, __u32 first, __u32 count) {
  for (__u32 number = 0; number < FM_MAX_VIF_RULES; ++number) {
    __u32 row = first + number;
    if (number >= count) break;
    const struct fm_rule* rule = bpf_map_lookup_elem(&vif_rules, &row);
    if (rule && fm_rule_matches(rule, key)) return rule->flow << 16 | (first + number);
  }
  return FM_VIF_ONE << 16;
}

/* What the rules say of a flow is found once for each set of them. */
static __always_inline void fm_judge(struct fm_vif_flow* flow, const struct fm_flow_key* key) {
  __u32 row = 0;
  const struct fm_vif_rule_set* set = bpf_map_lookup_elem(&vif_rule_set, &row);
  if (!set || flow->rule_set == set->number) return;
  __u16 number = set->number;
  __u32 found = fm_match_vif_rules(key, set->first, set->count);
  flow->action = (__u8)(found >> 16);
  flow->rule = (__u8)found;
  flow->rule_set = number;
}

/* `usable`: see fm_members_for(). */
static __noinline __u32 fm_first_preferred(__u32 rule, __u32 otherwise, __u32 usable) {
  const struct fm_vif_preference* preference = bpf_map_lookup_elem(&vif_preferences, &rule);
  if (!preference) return otherwise;
  for (__u32 place = 0; place < FM_MAX_MEMBERS; ++place) {
    if (place >= preference->count) break;
    __u32 number = preference->members[place];
    if (usable >> (number & 31) & 1 && fm_member_if_up(number)) return number;
  }
  return otherwise;
}

static __noinline bool fm_is_listed(__u32 rule, __u32 member) {
  const struct fm_vif_preference* preference = bpf_map_lookup_elem(&vif_preferences, &rule);
  if (!preference) return false;
  for (__u32 place = 0; place < FM_MAX_MEMBERS; ++place) {
    if (place >= preference->count) break;
    if (preference->members[place] == member) return true;
  }
  return false;
}

/* What has sent stays where it began, as long as that is up. */
static __noinline __u32 fm_shared_member(const struct fm_vif_flow* flow, const struct fm_flow_key* key,
                                         __u32 otherwise, __u32 usable) {
  if (!flow || !key) return otherwise;
  __u32 rule = flow->rule;
  if (flow->traffic.up.packets && fm_member_if_up(flow->member) && fm_is_listed(rule, flow->member))
    return flow->member;
  const struct fm_vif_preference* preference = bpf_map_lookup_elem(&vif_preferences, &rule);
  if (!preference) return otherwise;
  __u32 slot = (__u32)(fm_flow_hash(key) >> 20);
  for (__u32 tried = 0; tried < FM_SHARE_TRIES; ++tried) {
    __u8 place = preference->slots[(slot + tried) & (FM_SHARE_SLOTS - 1)];
    __u32 member = preference->members[place & (FM_MAX_MEMBERS - 1)];
    if (usable >> (member & 31) & 1 && fm_member_if_up(member)) return member;
  }
  return fm_first_preferred(rule, otherwise, usable);
}

static __always_inline bool fm_is_moved_by_node(const struct fm_vif_flow* flow) {
  return flow->action == FM_VIF_PREFER || flow->action == FM_VIF_SHARE;
}

static __always_inline void fm_go_to(struct fm_vif_flow* flow, __u32 member, __u64 now) {
  flow->previous = flow->member;
  flow->member = member;
  flow->moved_ns = now;
  ++flow->moves;
}

/* The member that a packet of the flow leaves by, if that is up. A flow that was seen for the first time has
 * not moved. */
static __always_inline __u32 fm_member_of(struct fm_vif_flow* flow, const struct fm_flow_key* key,
                                          __u32 otherwise, __u32 usable) {
  if (!fm_is_moved_by_node(flow)) return flow->member;
  __u32 member = flow->action == FM_VIF_SHARE ? fm_shared_member(flow, key, otherwise, usable)
                                              : fm_first_preferred(flow->rule, otherwise, usable);
  if (member == flow->member) return member;
  if (flow->traffic.up.packets | flow->traffic.down.packets)
    fm_go_to(flow, member, bpf_ktime_get_ns());
  else
    flow->member = flow->previous = member;
  return member;
}
