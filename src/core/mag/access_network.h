// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "core/effect.h"
#include "wire/options.h"

namespace flowmob::core {

/// What a MAG says of one of its access networks (RFC 6757). Empty: it does not say.
struct AccessNetwork {
  std::string network;       ///< the SSID, or the PLMN identifier
  std::string access_point;  ///< only with a network
  std::string owner;         ///< the operator: a realm, or an enterprise number in digits
  std::optional<wire::GeoLocation> location;
  friend bool operator==(const AccessNetwork&, const AccessNetwork&) = default;
};

/// Nothing where nothing is said: an option without a sub-option must not be (section 3).
std::optional<wire::AccessNetworkIdentifier> to_option(const AccessNetwork& network);

/// As LMAs show it; null where nothing is said.
Json to_json(const AccessNetwork& network);

}  // namespace flowmob::core
