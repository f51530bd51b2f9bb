/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "bpf_base.h"

#define FM_BUDGET_INTERVAL_NS 1000000ULL /* 1000 a second for each CPU, 100 at once */
#define FM_BUDGET_BURST_NS 100000000ULL

/* `due`: this CPU's time at which the next one is, at the full rate; null: there is no budget. */
static __always_inline bool fm_spend_of(__u64* due, __u64 interval, __u64 burst) {
  __u64 now = bpf_ktime_get_ns();
  if (!due || *due > now + burst) return false;
  *due = (*due > now ? *due : now) + interval;
  return true;
}

static __always_inline bool fm_spend(__u64* due) {
  return fm_spend_of(due, FM_BUDGET_INTERVAL_NS, FM_BUDGET_BURST_NS);
}
