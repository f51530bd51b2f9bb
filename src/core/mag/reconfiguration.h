// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/registrar.h"

namespace flowmob::core {

/// Takes a new policy; what is attached stays. Addresses and access links cannot change: "needs-restart". An
/// access link without index or link-layer address keeps those it had. Refused nodes try again, as this is an
/// administrative action.
Result<void> adopt_configuration(Now now, MagContext& context, Registrar& registrar, MagConfig config);

}  // namespace flowmob::core
