// SPDX-License-Identifier: Apache-2.0
#include "core/signalling/vendor_options.h"

namespace flowmob::core {

Json vendor_options_json(const std::vector<wire::VendorSpecific>& options) {
  Json rows = Json::array();
  for (const auto& option : options)
    rows.push_back(
        {{"vendor_id", option.vendor_id}, {"subtype", option.subtype}, {"data", to_hex(option.data)}});
  return rows;
}

}  // namespace flowmob::core
