/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "flow_key.h"
#include "rule.h"

#define FM_MAX_MEMBERS 16
#define FM_MAX_SOURCES 64 /* prefixes of the virtual interface */

#define FM_VIF_REFLECT 1     /* uplink follows the link that the flow's downlink last came by */
#define FM_VIF_IS_CAPTURED 4 /* somebody captures its packets */
#define FM_VIF_HAS_PORTS 2   /* the members, whose own messages are heard before the kernel has them */

struct fm_vif_config {
  __u64 hold_ns; /* a flow does not go back to the member it just left sooner than this */
  __u32 interface;
  __u32 default_member;
  struct fm_mac mac;
  __u16 flags; /* FM_VIF_* */
};
FM_STATIC_ASSERT(sizeof(struct fm_vif_config) == 24, "fm_vif_config");

#define FM_MEMBER_RAW_IP \
  1 /* a point-to-point link without a link-layer header, where nobody has an address */

/* Key: the member's number, from 0. */
struct fm_member_row {
  __u32 interface; /* zero: no such member */
  __u16 up;
  __u16 flags; /* FM_MEMBER_* */
  struct fm_mac mac;
  struct fm_mac router; /* where it differs between members; zero: as the stack resolved it. FM_MEMBER_RAW_IP:
                           what the virtual interface's stack is to take for it */
};
FM_STATIC_ASSERT(sizeof(struct fm_member_row) == 20, "fm_member_row");

/* By which members a router that can be used advertises the prefix: a bit for each, and the first of them. */
struct fm_vif_source {
  __u32 members;
  __u32 first;
};
FM_STATIC_ASSERT(sizeof(struct fm_vif_source) == 8, "fm_vif_source");

/* Key: fm_flow_key. */
struct fm_vif_flow {
  struct fm_traffic traffic;
  __u64 moved_ns; /* bpf_ktime_get_ns() */
  __u64 seen_ns;
  __u32 member;
  __u32 previous; /* the member before the last move */
  __u32 moves;
  __u16 rule_set; /* by which `action` was found */
  __u8 action;    /* FM_VIF_* */
  __u8 rule;      /* FM_VIF_ROW of the rule that has matched, unless FM_VIF_ONE; FM_VIF_OPEN, FM_VIF_KEPT */
};
FM_STATIC_ASSERT(sizeof(struct fm_vif_flow) == 64, "fm_vif_flow");

#define FM_MAX_VIF_RULES 32    /* of a set */
#define FM_MAX_VIF_COMMANDS 16 /* of them by commands */
#define FM_VIF_RULE_ROWS (2 * FM_MAX_VIF_RULES)
#define FM_VIF_ONE 0
#define FM_VIF_COPIES 1 /* each packet by every member that is up; of what comes the first copy counts */
#define FM_VIF_PREFER 2 /* by the first of fm_vif_preference that is up, whatever the downlink does */
#define FM_VIF_SHARE 3  /* each 5-tuple by one of them, where it began as long as that is up */
#define FM_VIF_STAYS 4  /* no rule's: by the member where it is, whatever the downlink does */

#define FM_VIF_ROW (FM_VIF_RULE_ROWS - 1)
#define FM_VIF_KEPT 64  /* with FM_VIF_OPEN: it is as a former set had it */
#define FM_VIF_OPEN 128 /* a packet that the node sends has to tell which rule matches */
FM_STATIC_ASSERT(FM_VIF_ROW == 63, "rows of rules fit below FM_VIF_KEPT");

#define FM_VIF_ACTION 0xff
#define FM_VIF_ASKS_SENDER 0x100 /* a row of fm_vif_sender has to match, too */

/* The rules: `count` rows of fm_rule from `first` on, in their order, whose `flow` is FM_VIF_*. A set is
 * written beside the one that holds, and holds with this row. */
struct fm_vif_rule_set {
  __u32 count;
  __u16 number; /* another one after every change */
  __u16 first;
};
FM_STATIC_ASSERT(sizeof(struct fm_vif_rule_set) == 8, "fm_vif_rule_set");

/* Key: the row of its rule, which is FM_VIF_PREFER or FM_VIF_SHARE. */
struct fm_vif_preference {
  __u8 count;
  __u8 pad[3];
  __u8 members[FM_MAX_MEMBERS]; /* their numbers, the best first */
  __u8 slots[FM_SHARE_SLOTS];   /* of FM_VIF_SHARE: by the hash of a 5-tuple the place of its member */
};
FM_STATIC_ASSERT(sizeof(struct fm_vif_preference) == 532, "fm_vif_preference");

#define FM_SENDER_DS 1
#define FM_SENDER_UID 2
#define FM_SENDER_CGROUP 4 /* that of the same row, or one below it */

/* What only packets that the node sends say: their marks, and whose socket they come from. Ranges are
 * inclusive and count only where `fields` says so. Key: the row of its rule. */
struct fm_vif_sender {
  __u32 uid[2];
  __u8 ds[2];
  __u8 fields; /* FM_SENDER_* */
  __u8 pad;
};
FM_STATIC_ASSERT(sizeof(struct fm_vif_sender) == 12, "fm_vif_sender");
