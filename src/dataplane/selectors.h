/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "abi/rule.h"
#include "bpf_base.h"

static __always_inline bool fm_not_above(const struct fm_address_number* a,
                                         const struct fm_address_number* b) {
  return a->high < b->high || (a->high == b->high && a->low <= b->low);
}

#define FM_BETWEEN(range, value) ((range)[0] <= (value) && (value) <= (range)[1])
#define FM_WANTS(rule, field) ((rule)->fields & FM_RULE_##field)

/* RFC 6088 section 3.2. Not inlined and not static, so that it is verified once rather than per rule. */
__noinline int fm_rule_matches(const struct fm_rule* rule, const struct fm_flow_key* key) {
  if (!rule || !key) return 0;
  if (FM_WANTS(rule, SOURCE) &&
      !(fm_not_above(&rule->source[0], &key->source) && fm_not_above(&key->source, &rule->source[1])))
    return 0;
  if (FM_WANTS(rule, DESTINATION) && !(fm_not_above(&rule->destination[0], &key->destination) &&
                                       fm_not_above(&key->destination, &rule->destination[1])))
    return 0;
  if (FM_WANTS(rule, SPI) && !((key->has & FM_FLOW_HAS_SPI) && FM_BETWEEN(rule->spi, key->spi))) return 0;
  if (FM_WANTS(rule, FLOW_LABEL) && !FM_BETWEEN(rule->flow_label, key->flow_label)) return 0;
  if ((rule->fields & (FM_RULE_SOURCE_PORT | FM_RULE_DESTINATION_PORT)) && !(key->has & FM_FLOW_HAS_PORTS))
    return 0;
  if (FM_WANTS(rule, SOURCE_PORT) && !FM_BETWEEN(rule->source_port, key->source_port)) return 0;
  if (FM_WANTS(rule, DESTINATION_PORT) && !FM_BETWEEN(rule->destination_port, key->destination_port))
    return 0;
  if (FM_WANTS(rule, DS) && !FM_BETWEEN(rule->ds, key->ds)) return 0;
  if (FM_WANTS(rule, PROTOCOL) && !FM_BETWEEN(rule->protocol, key->protocol)) return 0;
  return 1;
}
