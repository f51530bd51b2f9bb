// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/mag_context.h"

namespace flowmob::core {

/// What a registered node gets from us: a tunnel, its data-plane row, and a router that advertises. Callers
/// update() the attachment in the Binding Update List afterwards.
class NodeService {
 public:
  explicit NodeService(MagContext& context) : context_(context) {}

  /// Asks for tunnel and row; the answer's id stands in the attachment.
  void install(Attachment& attachment);
  /// Starts to advertise, or advertises at once what has changed.
  void start_advertising(Now now, Attachment& attachment);
  void answer_solicitation(Now now, Attachment& attachment);
  void advance_advertising(Now now, Attachment& attachment);
  /// The router goes: an advertisement with lifetimes of zero, and none after it.
  void stop_advertising(Attachment& attachment, bool link_up);
  /// That advertisement alone.
  void resign(const Attachment& attachment);
  void withdraw_prefixes(Attachment& attachment, const std::vector<Ipv6Prefix>& gone);
  /// Takes row, tunnel and record away.
  void remove(Attachment& attachment);
  void persist(Now now, Attachment& attachment);

 private:
  void advertise_now(const Attachment& attachment);

  MagContext& context_;
};

}  // namespace flowmob::core
