/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "types.h"

/* What is sampled while somebody looks (docs/adr/0079). All zero: nothing is. Written by user space alone. */
struct fm_sampling {
  __u32 drops; /* dropped packets are */
  __u32 pad;
};
FM_STATIC_ASSERT(sizeof(struct fm_sampling) == 8, "fm_sampling");

#define FM_DROP_SAMPLE_OCTETS 128

/* A packet that was dropped. */
struct fm_drop_sample {
  __u64 time;        /* bpf_ktime_get_ns() */
  __u32 reason;      /* FM_DROP_* */
  __u32 interface;   /* whose program dropped it */
  __u32 came_by;     /* the interface by which it came into this host, the same on its way in; zero: none */
  __u32 length;      /* of the frame */
  __u32 packets;     /* that it stands for */
  __be16 protocol;   /* an EtherType */
  __u16 octet_count; /* of `octets` that were read */
  __u8 octets[FM_DROP_SAMPLE_OCTETS]; /* the frame as it was when it was dropped */
};
FM_STATIC_ASSERT(sizeof(struct fm_drop_sample) == 160, "fm_drop_sample");

#define FM_DROP_SAMPLE_INTERVAL_NS 10000000ULL /* 100 a second for each CPU, 100 at once */
#define FM_DROP_SAMPLE_BURST_NS 1000000000ULL
