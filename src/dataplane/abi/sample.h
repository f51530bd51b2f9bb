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

#define FM_CAPTURED_OCTETS 256
#define FM_CAPTURED_DOWN 0u /* towards the node */
#define FM_CAPTURED_UP 1u

/* A packet of a node that is captured, outside of tunnels. */
struct fm_captured {
  __u64 time;    /* bpf_ktime_get_ns() */
  __u32 node;    /* an anchor's number of it, or a gateway's of its attachment; at the node itself zero */
  __u32 flow;    /* at an anchor */
  __u32 session; /* an anchor's; at a node the interface of the member */
  __u32 interface;
  __u32 way;    /* FM_CAPTURED_* */
  __u32 length; /* of the packet */
  __u32 octet_count;
  __u32 pad;
  __u8 octets[FM_CAPTURED_OCTETS]; /* the packet, without a link-layer header */
};
FM_STATIC_ASSERT(sizeof(struct fm_captured) == 296, "fm_captured");
