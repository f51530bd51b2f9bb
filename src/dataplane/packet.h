/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "abi/flow_key.h"
#include "bpf_base.h"

/* What is known of one IP packet. Offsets count from the start of the frame. */
struct fm_packet {
  struct fm_flow_key key; /* as the packet stands; fm_reverse() for uplink */
  __u32 offset;           /* of the IP header */
  __u32 length;           /* of the whole IP packet */
  __u32 upper;            /* offset of the upper-layer header; zero if it is not in this packet */
  __u32 headers;          /* of GSO packets: length of all headers that each segment repeats; else zero */
  __u8 traffic_class;
  __u8 next_header; /* right behind the IP header */
  __u8 hop_limit;
  bool ipv4;
  __u8 header; /* of IPv4: the header's length; below: host byte order */
  __u16 fragment;
  __u32 identification;
  bool whole_key; /* false: a fragment whose first was never seen */
};

static __always_inline void fm_reverse(struct fm_flow_key* key) {
  struct fm_address_number source = key->source;
  __u16 source_port = key->source_port;
  key->source = key->destination;
  key->destination = source;
  key->source_port = key->destination_port;
  key->destination_port = source_port;
}
