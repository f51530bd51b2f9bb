/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "flow_key.h"

#define FM_RULE_SOURCE 1
#define FM_RULE_DESTINATION 2
#define FM_RULE_SPI 4
#define FM_RULE_FLOW_LABEL 8
#define FM_RULE_SOURCE_PORT 16
#define FM_RULE_DESTINATION_PORT 32
#define FM_RULE_DS 64
#define FM_RULE_PROTOCOL 128

/* An RFC 6088 selector for IPv6; ranges are inclusive and count only where `fields` says so. */
struct fm_rule {
  struct fm_address_number source[2];
  struct fm_address_number destination[2];
  __u32 spi[2];
  __u32 flow_label[2];
  __u16 source_port[2];
  __u16 destination_port[2];
  __u8 ds[2];
  __u8 protocol[2];
  __u32 fields; /* FM_RULE_* */
  __u32 order;
  __u32 flow;
};
FM_STATIC_ASSERT(sizeof(struct fm_rule) == 104, "fm_rule");
