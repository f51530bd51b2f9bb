/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What live-frames and its BPF programs share. */
#pragma once

#include <linux/types.h>

#define FRAME_SHORT 80 /* octets: Ethernet, IPv6, UDP and 18 of payload */
#define FRAME_LONG 120 /* the same in a tunnel */
#define FRAME_STAMP 8  /* the last octets of either are the time when it was made */
#define FRAME_BUCKETS 16384
#define FRAME_BUCKET_NS 1000

/* The generator's and the sinks' one row. */
struct frames_plan {
  __u8 frame[FRAME_LONG];
  __u32 length;      /* FRAME_SHORT or FRAME_LONG */
  __u32 interface;   /* where frames leave */
  __u32 flow_mask;   /* UDP source ports that differ, less one; a power of two less one */
  __u32 port;        /* the first of them */
  __u64 interval_ns; /* between two frames; zero: as fast as they can be made */
  __u64 left;        /* frames yet to be made, where there is an interval */
};

/* Of a run of FRAME_ROUND frames, what differs from one to the next: the first 48 octets behind what all have
 * in common, which begins at FRAME_SAME. */
#define FRAME_ROUND 16384
#define FRAME_SAME 32
struct frames_other {
  __u8 octets[FRAME_SHORT - FRAME_SAME];
};

/* Each CPU has its own. */
struct frames_count {
  __u64 packets;
  __u64 next_ns; /* of a generator: when the next one is due */
  __u32 flow;
  __u32 pad;
};
