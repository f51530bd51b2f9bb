// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/flow_sighting.h"
#include "core/mag/registrar.h"

namespace flowmob::core {

/// Tells the LMA of flows that nodes move by themselves (docs/adr/0062): what the data plane has noticed
/// becomes flow options of Proxy Binding Updates.
class FlowObserver {
 public:
  FlowObserver(MagContext& context, Registrar& registrar) : context_(context), registrar_(registrar) {}

  void handle(Now now, const FlowSighting& sighting);
  void handle_due(Now now, Attachment& attachment);

 private:
  bool may_observe(const Attachment& attachment) const;

  MagContext& context_;
  Registrar& registrar_;
};

}  // namespace flowmob::core
