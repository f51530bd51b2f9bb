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

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, FM_VIF_RULE_ROWS);
  __type(key, __u32);
  __type(value, struct fm_vif_sender);
} vif_senders SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
  __uint(max_entries, FM_VIF_RULE_ROWS);
  __type(key, __u32);
  __type(value, __u32);
} vif_cgroups SEC(".maps");

/* What a packet says of who has sent it. */
#define FM_TELLS_NOTHING 0 /* it came by a member */
#define FM_TELLS_MARK 1    /* the kernel has sent it for nobody's socket, or for one that is gone */
#define FM_TELLS_HOST 2    /* it came from elsewhere: no socket here has sent it */
#define FM_TELLS_SOCKET 3

/* A socket in TIME_WAIT has no user and no cgroup any more; one that is closed, of TCP, is the kernel's for
 * resets and late answers. */
static __always_inline __u32 fm_told_by(struct __sk_buff* skb, __u8 protocol) {
  if (skb->ingress_ifindex) return FM_TELLS_HOST;
  struct bpf_sock* socket = skb->sk;
  if (!socket) return FM_TELLS_MARK;
  __u32 state = socket->state;
  if (protocol == FM_PROTOCOL_TCP && (state == BPF_TCP_TIME_WAIT || state == BPF_TCP_CLOSE))
    return FM_TELLS_MARK;
  return FM_TELLS_SOCKET;
}

#define FM_UNTOLD 2

/* Whether the packet comes from whom a rule is for, or FM_UNTOLD. Not static: see fm_rule_matches(). */
__noinline int fm_sender_matches(struct __sk_buff* skb, __u32 row, __u32 ds, __u32 told) {
  const struct fm_vif_sender* sender = bpf_map_lookup_elem(&vif_senders, &row);
  if (!sender) return 0;
  __u32 fields = sender->fields;
  if (told == FM_TELLS_NOTHING) return FM_UNTOLD;
  if (fields & FM_SENDER_DS && !FM_BETWEEN(sender->ds, ds)) return 0;
  if (!(fields & (FM_SENDER_UID | FM_SENDER_CGROUP))) return 1;
  if (told != FM_TELLS_SOCKET) return told == FM_TELLS_HOST ? 0 : FM_UNTOLD;
  if (fields & FM_SENDER_UID) {
    __u32 uid = bpf_get_socket_uid(skb);
    if (!FM_BETWEEN(sender->uid, uid)) return 0;
  }
  return !(fields & FM_SENDER_CGROUP) || bpf_skb_under_cgroup(skb, &vif_cgroups, row) == 1;
}

/* What the first rule that matches says in the upper half, and below as `rule` of fm_vif_flow. Not static:
 * see fm_rule_matches(). */
__noinline __u32 fm_match_vif_rules(struct __sk_buff* skb, const struct fm_flow_key* key, __u32 first,
                                    __u32 count, __u32 told) {
  __u32 open = 0;
  if (!key) return FM_VIF_ONE << 16;
  for (__u32 number = 0; number < FM_MAX_VIF_RULES; ++number) {
    __u32 row = first + number;
    if (number >= count) break;
    const struct fm_rule* rule = bpf_map_lookup_elem(&vif_rules, &row);
    if (!rule || !fm_rule_matches(rule, key)) continue;
    if (rule->flow & FM_VIF_ASKS_SENDER) {
      int matches = fm_sender_matches(skb, first + number, key->ds, told);
      if (matches == FM_UNTOLD) open = FM_VIF_OPEN;
      if (matches != 1) continue;
    }
    return (rule->flow & FM_VIF_ACTION) << 16 | (first + number) | open;
  }
  return FM_VIF_ONE << 16 | open;
}

static __always_inline bool fm_is_moved_by_node(const struct fm_vif_flow* flow) {
  return flow->action == FM_VIF_PREFER || flow->action == FM_VIF_SHARE || flow->action == FM_VIF_STAYS;
}

/* What the rules say of a flow is found once for each set of them, and where they ask for the sender by the
 * first packet that tells. Until then it has what rules that do not ask say, or stays where another set had
 * it. */
static __always_inline void fm_judge(struct __sk_buff* skb, struct fm_vif_flow* flow,
                                     const struct fm_flow_key* key, bool up) {
  __u32 row = 0;
  const struct fm_vif_rule_set* set = bpf_map_lookup_elem(&vif_rule_set, &row);
  if (!set) return;
  bool is_known = flow->rule_set == set->number;
  if (is_known && !(up && flow->rule & FM_VIF_OPEN)) return;
  __u32 told = up ? fm_told_by(skb, key->protocol) : FM_TELLS_NOTHING;
  if (is_known && told < FM_TELLS_HOST) return;
  __u16 number = set->number;
  bool was_placed = flow->rule_set && (!(flow->rule & FM_VIF_OPEN) || flow->rule & FM_VIF_KEPT);
  __u32 found = fm_match_vif_rules(skb, key, set->first, set->count, told);
  if (found & FM_VIF_OPEN && was_placed) {
    if (fm_is_moved_by_node(flow)) flow->action = FM_VIF_STAYS;
    flow->rule = FM_VIF_OPEN | FM_VIF_KEPT;
  } else {
    flow->action = (__u8)(found >> 16);
    flow->rule = (__u8)found;
  }
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
  __u32 rule = flow->rule & FM_VIF_ROW;
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
  if (!fm_is_moved_by_node(flow) || flow->action == FM_VIF_STAYS) return flow->member;
  __u32 member = flow->action == FM_VIF_SHARE
                     ? fm_shared_member(flow, key, otherwise, usable)
                     : fm_first_preferred(flow->rule & FM_VIF_ROW, otherwise, usable);
  if (member == flow->member) return member;
  if (flow->traffic.up.packets | flow->traffic.down.packets)
    fm_go_to(flow, member, bpf_ktime_get_ns());
  else
    flow->member = flow->previous = member;
  return member;
}
