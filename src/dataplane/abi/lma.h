/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "flow_key.h"
#include "rule.h"
#include "shim.h"

struct fm_lma_config {
  struct fm_address local;
  struct fm_address local_ipv4; /* FM_IPV4_KEY in its upper half; zero: none */
  __u32 next_generation;        /* for user space alone */
  __u32 copy_interface;         /* towards a MAG: copies of packets go out there, and on from there */
};
FM_STATIC_ASSERT(sizeof(struct fm_lma_config) == 40, "fm_lma_config");

#define FM_NODE_USES_FLOW_LABEL 1 /* some rule looks at the flow label: it belongs to the flow */
#define FM_NODE_USES_DS 2
#define FM_NODE_IS_CAPTURED 4 /* somebody captures its packets */

/* Key: the upper 64 bits of the destination, or its FM_IPV4_KEY. */
struct fm_node_row {
  __u32 node;
  __u32 generation; /* of rules and cached flows; never used twice */
  __u32 default_flow;
  __u16 rule_count;
  __u16 uses; /* FM_NODE_USES_* */
};
FM_STATIC_ASSERT(sizeof(struct fm_node_row) == 16, "fm_node_row");

#define FM_MAX_RULES 64

struct fm_rule_key {
  __u32 node;
  __u32 generation;
  __u32 slot; /* from 0, in the order in which rules are tried */
};
FM_STATIC_ASSERT(sizeof(struct fm_rule_key) == 12, "fm_rule_key");

#define FM_ACTION_FORWARD 0
#define FM_ACTION_DROP 1
#define FM_ACTION_COPIES                                                                                   \
  2                        /* each packet by every link of the flow's spread; uplink the first copy counts \
                            */
#define FM_ACTION_SHARES 3 /* each 5-tuple by one link of the flow's spread */
#define FM_ACTION_ORDERED \
  4 /* forward; until each 5-tuple has turned as its fm_order_row says, by the old session */

/* Key: flow. To move a flow is one write of this row. */
struct fm_flow_row {
  __u32 session; /* zero: none is alive; with a spread the one that the flow would take alone */
  __u32 action;
};
FM_STATIC_ASSERT(sizeof(struct fm_flow_row) == 8, "fm_flow_row");

/* Key: flow; each CPU has its own. */
struct fm_flow_traffic {
  struct fm_traffic traffic;
  __u64 last_down; /* bpf_ktime_get_coarse_ns() */
  __u64 last_up;
};
FM_STATIC_ASSERT(sizeof(struct fm_flow_traffic) == 48, "fm_flow_traffic");

/* The bits of flows and sessions that are watched, by the last digits of their numbers. One without pays for
 * a look at this alone. */
#define FM_WATCH_WORDS 16
struct fm_watch_marks {
  __u64 words[FM_WATCH_WORDS];
};
FM_STATIC_ASSERT(sizeof(struct fm_watch_marks) == 128, "fm_watch_marks");

/* What came by one path; times are bpf_ktime_get_ns(), zero: never. */
struct fm_path_seen {
  __u64 packets;
  __u64 first;
  __u64 last;
};
struct fm_way_seen {
  struct fm_path_seen old_path;
  struct fm_path_seen new_path;
  __u64 late; /* by the old path, behind the first by the new */
};
/* Of a session that is handed off, the paths are the tunnels of two MAGs. */
static inline __u32 fm_path_number(__u64 mag_high, __u64 mag_low) {
  __u64 hash = (mag_high * 0x9e3779b97f4a7c15ULL ^ mag_low) * 0xbf58476d1ce4e5b9ULL;
  return (__u32)(hash >> 32) | 1;
}
#define FM_WATCH_SESSION 0x80000000U /* no anchor counts so far */
/* Key: flow, or session with that bit. While it is there, packets are counted by path. */
struct fm_watch_row {
  __u32 old_path; /* of a flow: the session; zero: none. Of a session: fm_path_number() */
  __u32 new_path;
  struct fm_way_seen down;
  struct fm_way_seen up;
};
FM_STATIC_ASSERT(sizeof(struct fm_watch_row) == 120, "fm_watch_row");

/* Key: session. */
struct fm_session_row {
  struct fm_address mag;
  struct fm_address lma;
  __u32 mtu; /* of the inner packet */
  __u32 node;
  struct fm_shim shim; /* with the downlink key; the uplink key is the session */
};
FM_STATIC_ASSERT(sizeof(struct fm_session_row) == 48, "fm_session_row");

/* Sessions of one node through the same MAG may be carried in different ways. */
struct fm_uplink_key {
  struct fm_address mag;
  __u64 prefix;
  __u32 shim; /* FM_SHIM_* */
  __u32 pad;
};
FM_STATIC_ASSERT(sizeof(struct fm_uplink_key) == 32, "fm_uplink_key");

struct fm_uplink_row {
  __u32 session;
  __u32 node;
};
FM_STATIC_ASSERT(sizeof(struct fm_uplink_row) == 8, "fm_uplink_row");

struct fm_tunnel_key {
  struct fm_address local;
  struct fm_address remote;
};
FM_STATIC_ASSERT(sizeof(struct fm_tunnel_key) == 32, "fm_tunnel_key");

/* Key: fm_flow_key. Valid only for the generation it was found for, which is one node's. */
struct fm_cached_flow {
  __u32 generation;
  __u32 flow;
};
FM_STATIC_ASSERT(sizeof(struct fm_cached_flow) == 8, "fm_cached_flow");

#define FM_MAX_SPREAD 4

/* Key: flow, of one that takes several links. */
struct fm_spread {
  __u32 sessions[FM_MAX_SPREAD]; /* zero behind the last */
  __u32 mtu;                     /* of the inner packet, by the narrowest of them; zero: theirs count */
  __u32 pad;
  __u8 slots[FM_SHARE_SLOTS]; /* of FM_ACTION_SHARES: by the hash of a 5-tuple the place of its session */
};
FM_STATIC_ASSERT(sizeof(struct fm_spread) == 536, "fm_spread");

/* Key: fm_flow_key without label and DS field. Valid for that flow alone, as long as the session is one of
 * its spread's. */
struct fm_choice {
  __u32 flow;
  __u32 session;
};
FM_STATIC_ASSERT(sizeof(struct fm_choice) == 8, "fm_choice");
