/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "types.h"

#define FM_FLOW_HAS_PORTS 1
#define FM_FLOW_HAS_SPI 2

/* A flow as its downlink packets look: the source is the correspondent. Uplink packets are turned around.
 * It is the key of the flow caches and what selectors are held against (RFC 6088). */
struct fm_flow_key {
  struct fm_address_number source;
  struct fm_address_number destination;
  __u32 spi; /* of ESP or AH; the identifier of an ICMPv6 echo, to tell them apart */
  __u32 flow_label;
  __u16 source_port;
  __u16 destination_port;
  __u8 protocol; /* behind the extension headers */
  __u8 ds;       /* 6 bits */
  __u8 has;      /* FM_FLOW_HAS_* */
  __u8 pad;
};
FM_STATIC_ASSERT(sizeof(struct fm_flow_key) == 48, "fm_flow_key");

/* Where 5-tuples are shared out: which has which slot says its hash. */
#define FM_SHARE_SLOTS 512
#define FM_SHARE_TRIES 16 /* where the slot's owner is down, the next ones are asked, which are anybody's */

/* Fragments behind the first have no ports: they borrow those of the first. Which are one datagram's says RFC
 * 8200 section 4.5, of IPv4 RFC 791 section 2.3. */
struct fm_fragment_key {
  struct fm_address_number source;
  struct fm_address_number destination;
  __u32 identification; /* of IPv6 in network byte order */
  __u32 protocol;       /* of IPv4; else zero */
};
FM_STATIC_ASSERT(sizeof(struct fm_fragment_key) == 40, "fm_fragment_key");

struct fm_fragment_row {
  __u32 spi;
  __u16 source_port;
  __u16 destination_port;
  __u8 protocol;
  __u8 has;
  __u8 pad[2];
};
FM_STATIC_ASSERT(sizeof(struct fm_fragment_row) == 12, "fm_fragment_row");
