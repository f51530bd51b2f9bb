// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/control_message.h"
#include "wire/mobility_header.h"
#include "wire/neighbor_discovery.h"

/// Messages as JSON (docs/json-decode.md): "type", "type_number", the message's own fields, "options".
namespace flowmob::cli::decode {

using platform::Json;

Json to_json(const wire::MobilityMessage& message);
Json to_json(const wire::NdMessage& message);
Json option_json(const wire::MobilityOption& option);

}  // namespace flowmob::cli::decode
