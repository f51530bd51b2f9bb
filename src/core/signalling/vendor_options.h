// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/effect.h"
#include "wire/options.h"

namespace flowmob::core {

/// Vendor-specific options (RFC 5094), for people: we know what none of them means.
Json vendor_options_json(const std::vector<wire::VendorSpecific>& options);

}  // namespace flowmob::core
