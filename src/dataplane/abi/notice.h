/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "flow_key.h"

/* What a gateway's program says to its daemon of flows that a watched node sends (docs/adr/0062). */
#define FM_NOTICE_NEW 0        /* its downlink does not come this way; said once */
#define FM_NOTICE_UNANSWERED 1 /* it still does not */
#define FM_NOTICE_ALIVE 2      /* it does, of a flow that was once told of */

struct fm_notice {
  struct fm_flow_key key; /* as its downlink packets look, without label and DS field */
  __u32 attachment;
  __u32 kind; /* FM_NOTICE_* */
};
FM_STATIC_ASSERT(sizeof(struct fm_notice) == 56, "fm_notice");

/* Uplink has to go on for so long without downlink, and twice as long as it usually does beside. */
#define FM_NOTICE_WAIT_NS 200000000ULL
#define FM_NOTICE_USUAL_MOST_NS 10000000000ULL
#define FM_NOTICE_PAUSE_NS 1000000000ULL  /* of a pause between two packets so much counts */
#define FM_NOTICE_EFFECT_NS 1000000000LL  /* downlink that comes within is what the telling brought */
#define FM_NOTICE_EVERY_NS 10000000000ULL /* what was said once is said again so often */

/* Key: fm_flow_key as in a notice. Times are bpf_ktime_get_ns(). */
struct fm_watched_flow {
  __u64 last_up;
  __u64 said;       /* when the daemon was last told anything; zero: never */
  __u64 unanswered; /* how long uplink has gone on since the last downlink packet */
  __u64 usual;      /* the longest that it did before one came */
  __u32 packets;    /* uplink since the last downlink packet */
  __u32 attachment;
  __u32 told; /* FM_NOTICE_NEW was said since the last downlink packet */
  __u32 pad;
};
FM_STATIC_ASSERT(sizeof(struct fm_watched_flow) == 48, "fm_watched_flow");
