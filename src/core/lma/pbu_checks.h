// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/lma/pbu_request.h"
#include "core/lma/policy.h"
#include "wire/enums.h"

namespace flowmob::core {

/// What the checks judge by.
struct PbuCheck {
  const PbuRequest& request;
  const Policy& policy;
  std::optional<LastAccepted> last;  ///< of the session that the request is about, if there is one
  WallTime now;
  bool leaves = false;    ///< a de-registration from the serving MAG: whatever the policy says by now
  bool in_order = false;  ///< its order was judged before
};

/// The checks of RFC 5213 section 5.3.1 that need no binding cache, in its order, then service authorisation
/// (RFC 5149). Accepted, or the status of the first that fails.
wire::BindingStatus check_pbu(const PbuCheck& check);

}  // namespace flowmob::core
