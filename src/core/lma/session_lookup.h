// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/binding/binding_cache.h"
#include "core/lma/pbu_request.h"

namespace flowmob::core {

/// Which binding cache entry a request is about.
struct LookupResult {
  enum class Kind {
    Update,  ///< of `session`
    New,     ///< a new mobility session; nothing, for a de-registration
    Hold,    ///< New, unless the node's only session is de-registered soon; then Update of that
    Reject,  ///< with `status`
  } kind;
  SessionId session;
  wire::BindingStatus status{};
  NodeIndex node;  ///< that has the session
};

/// RFC 5213 section 5.4.1 with RFC 7864 section 3.2.1 and the paths of RFC 8278 (docs/adr/0048). Handoff
/// indicator and access technology have to be there.
LookupResult look_up(const BindingCache& cache, const PbuRequest& request);

}  // namespace flowmob::core
