// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/registrar.h"

namespace flowmob::core {

/// Neighbor Unreachability Detection of attached nodes (RFC 4861 section 7.3, RFC 5213 section 6.13): a node
/// that has said nothing for a while is asked, and one that answers none of several questions is gone,
/// whatever the carrier says.
class PresenceWatch {
 public:
  PresenceWatch(MagContext& context, Registrar& registrar) : context_(context), registrar_(registrar) {}

  /// Any Neighbor Discovery message from it shows that it is there. A new attachment is watched from then on.
  void heard(Now now, Attachment& attachment);
  /// Asks when it is time to. True if the node is gone.
  bool handle_due(Now now, Attachment& attachment);
  /// Whether it is there. Nothing is asked before we have an address on its link.
  void ask(const Attachment& attachment);

 private:
  MagContext& context_;
  Registrar& registrar_;
};

}  // namespace flowmob::core
