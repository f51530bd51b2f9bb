// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "lab/wire/link_model.h"

namespace flowmob::lab {

/// "delay=20ms,jitter=1ms,loss=0.5%,rate=20mbit,queue=256k": what is not named keeps the value of `start`.
Result<LinkParameters> parse_parameters(std::string_view text, LinkParameters start = {});
/// The same form; what parse_parameters() reads back.
std::string to_string(const LinkParameters& parameters);

}  // namespace flowmob::lab
