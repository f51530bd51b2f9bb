// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/effect.h"
#include "wire/traffic_selector.h"

namespace flowmob::core {

/// Only the fields that are set: a number or address, or "first-last" for a range.
Json to_json(const wire::TrafficSelector6& selector);

}  // namespace flowmob::core
