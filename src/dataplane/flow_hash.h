/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "abi/flow_key.h"
#include "bpf_base.h"

/* Of a 5-tuple, without label and DS field. src/core/flow/flow_hash.cc says the same. */
static __always_inline __u64 fm_flow_hash(const struct fm_flow_key* key) {
  __u64 hash =
      key->source.high ^ (key->destination.high << 1) ^ (key->source.low << 2) ^ (key->destination.low << 3);
  hash ^= (__u64)key->protocol << 56 ^ (__u64)key->spi << 24 ^ (__u64)key->source_port << 16 ^
          key->destination_port;
  hash *= 0x9e3779b97f4a7c15ULL;
  hash ^= hash >> 32;
  hash *= 0xbf58476d1ce4e5b9ULL;
  return hash;
}
