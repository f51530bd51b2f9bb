/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "shim.h"

struct fm_mag_config {
  struct fm_address local;
};
FM_STATIC_ASSERT(sizeof(struct fm_mag_config) == 16, "fm_mag_config");

/* EnableMAGLocalRouting (RFC 5213 section 9.2): between two nodes of this gateway past their anchor. */
#define FM_MAG_LOCAL_ROUTING 1u
/* Some attachments are watched for flows that they move by themselves. */
#define FM_MAG_WATCHES_FLOWS 2u
/* Somebody captures the packets of some attachments. */
#define FM_MAG_CAPTURES 4u

/* Key: the upper 64 bits of the inner destination, or its FM_IPV4_KEY. */
struct fm_hosted_row {
  struct fm_address lma;
  __u32 attachment;
  __u32 interface;
  struct fm_mac node;
  struct fm_mac router;
  struct fm_shim shim; /* with the downlink key */
};
FM_STATIC_ASSERT(sizeof(struct fm_hosted_row) == 44, "fm_hosted_row");

struct fm_attachment_key {
  __u32 interface;
  struct fm_mac node;
  __u16 pad;
};
FM_STATIC_ASSERT(sizeof(struct fm_attachment_key) == 12, "fm_attachment_key");

/* Key: whose network behind it has the upper 64 bits of this source (RFC 7148). */
struct fm_delegated_key {
  __u64 prefix;
  __u32 attachment;
  __u32 pad;
};
FM_STATIC_ASSERT(sizeof(struct fm_delegated_key) == 16, "fm_delegated_key");

#define FM_MAX_PREFIXES 4 /* of IPv6 */
#define FM_MAX_KEYS 5     /* and the IPv4 home address */

/* A packet of IPv4 that the daemon is to cut. */
#define FM_CUT_ROOM 9208 /* jumbo frames */
struct fm_cut_row {
  __u32 attachment;
  __u16 mtu;    /* of the inner packet: what a piece may have */
  __u16 length; /* of the packet, which is whole */
  __u8 octets[FM_CUT_ROOM];
};
FM_STATIC_ASSERT(sizeof(struct fm_cut_row) == 9216, "fm_cut_row");

struct fm_attachment_row {
  __u64 keys[FM_MAX_KEYS];
  struct fm_address lma;
  struct fm_address mag;
  __u32 key_count;
  __u32 attachment;
  __u32 mtu;           /* of the inner packet */
  __u32 ipv4_router;   /* network byte order; zero: the node has no IPv4 */
  struct fm_shim shim; /* with the uplink key */
};
FM_STATIC_ASSERT(sizeof(struct fm_attachment_row) == 96, "fm_attachment_row");
