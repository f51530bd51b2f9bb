/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "flow_key.h"

/* A flow that is being moved in order (docs/adr/0063). Key: flow. Times are bpf_ktime_get_ns(). Written by
 * user space alone. */
struct fm_order_row {
  __u64 begun;
  __u64 gap;      /* ns; what comes so long behind a packet on the old path overtakes it on no path */
  __u64 deadline; /* from then on what has found no such gap is made one */
  __u32 old_session;
  __u32 number;         /* of the move: never zero */
  __u32 hold_interface; /* where packets wait for a gap to pass; zero: nowhere, and none is made */
  __u32 up_gap;         /* us; so long uplink packets by the new path wait for those by the old; zero: not */
};
FM_STATIC_ASSERT(sizeof(struct fm_order_row) == 40, "fm_order_row");

/* What became of it. Written by the data plane alone. */
struct fm_order_seen {
  struct fm_address_number node; /* where the latest packet of the flow went */
  __u64 at_gaps;                 /* 5-tuples that turned in a gap of their own */
  __u64 at_deadline;             /* that turned at the deadline, with no gap */
  __u64 held;                    /* that were made one */
  __u64 last_turn;               /* when the latest of them turned */
  __u64 early; /* packets by the new path so soon that they may overtake, and uplink ones by the old overtaken
                */
  __u64 held_packets;
  __u64 held_bytes;
  __u64 released_packets;
  __u64 released_bytes;
  __u64 up_held; /* 5-tuples whose first uplink packets by the new path waited */
  __u64 up_held_packets;
  __u64 up_released_packets;
};
FM_STATIC_ASSERT(sizeof(struct fm_order_seen) == 112, "fm_order_seen");

#define FM_TURN_OLD 0
#define FM_TURN_HELD 1
#define FM_TURN_NEW 2

/* Key: fm_flow_key without label and DS field. Valid for that flow and move alone. */
struct fm_turn {
  __u64 last;    /* packet on the old path */
  __u64 release; /* from then on the new path may be taken */
  __u32 flow;
  __u32 number;
  __u32 state; /* FM_TURN_* */
  __u32 pad;
};
FM_STATIC_ASSERT(sizeof(struct fm_turn) == 32, "fm_turn");

#define FM_HELD_MARK 0x02 /* a unicast address of local administration */
#define FM_HELD_FORWARDED 1
#define FM_HELD_LOCAL 2
#define FM_HELD_UPLINK 3
#define FM_HELD_BY_SESSION 4 /* never waits: user space's own packet, by that session */

/* In the place of the Ethernet addresses of a packet that waits, or has waited. Host byte order. */
struct fm_held {
  __u8 mark; /* FM_HELD_MARK */
  __u8 kind; /* FM_HELD_* */
  __u16 number;
  __u32 flow;    /* or session */
  __u32 release; /* time >> FM_HELD_TIME, its lower 32 bits */
};
#define FM_HELD_TIME 10
FM_STATIC_ASSERT(sizeof(struct fm_held) == 12, "fm_held");
