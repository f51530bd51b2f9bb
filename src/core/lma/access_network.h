// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/shared.h"
#include "core/effect.h"
#include "core/lma/config.h"
#include "wire/options.h"

/// Where a mobile node is attached (RFC 6757), as its MAG says.
namespace flowmob::core {

/// What of a request is kept with the session though nothing depends on it: the access network and the
/// vendor-specific options (RFC 5094). Empty: neither.
Shared<wire::MobilityOptions> notes_of(const wire::MobilityOptions& options);

/// nullptr: the MAG has not said.
const wire::AccessNetworkIdentifier* access_network_in(const Shared<wire::MobilityOptions>& notes);

/// The octets of the network's name, nothing if it was not said.
std::optional<std::string> network_name(const wire::AccessNetworkIdentifier& network);
/// A realm, or an enterprise number in digits.
std::optional<std::string> operator_name(const wire::AccessNetworkIdentifier& network);

/// `network`: nullptr satisfies only a rule that asks for nothing.
bool permits_network(const AccessRule& rule, const wire::AccessNetworkIdentifier* network);

/// null for nullptr.
Json access_network_json(const wire::AccessNetworkIdentifier* network);

}  // namespace flowmob::core
