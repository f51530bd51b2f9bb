// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/final_advertisements.h"
#include "core/mag/mag_context.h"
#include "core/mag/visitors.h"

namespace flowmob::core {

/// What a registered node gets from us: a tunnel, its data-plane row, and a router that advertises. Callers
/// update() the attachment in the Binding Update List afterwards.
class NodeService {
 public:
  explicit NodeService(MagContext& context) : context_(context), finals_(context), visitors_(context) {}

  Visitors& visitors() { return visitors_; }
  const Visitors& visitors() const { return visitors_; }
  /// To one without mobility service; false where there is nothing to offer.
  bool welcome_visitor(Now now, const AccessConfig& access, const MacAddress& node,
                       const Ipv6Address& source);
  /// To one whom the LMA does not serve.
  void offer_visit(Now now, const Attachment& attachment);

  /// Asks for tunnel and row; the answer's id stands in the attachment.
  void install(Attachment& attachment);
  /// Starts to advertise, or advertises at once what has changed.
  void start_advertising(Now now, Attachment& attachment);
  void answer_solicitation(Now now, Attachment& attachment);
  void advance_advertising(Now now, Attachment& attachment);
  /// The router goes: an advertisement with lifetimes of zero, repeated, and no other after it.
  void stop_advertising(Now now, Attachment& attachment, bool link_up);
  /// That advertisement alone.
  void resign(Now now, const Attachment& attachment);
  /// It has just come, or come back: a last word to it would take the router from it that it is about to get.
  void expect(const AccessConfig& access, const MacAddress& node) { finals_.end(access.name, node); }
  /// The link is gone with all that would have been said on it.
  void forget_link(const std::string& access);
  void handle_timeout(Now now);
  std::optional<TimePoint> next_deadline() const;
  /// The attachment's prefixes from now on; those that it had before and has no more are withdrawn.
  void assign_prefixes(Now now, Attachment& attachment, std::vector<Ipv6Prefix> prefixes);
  /// What it forwards without advertising it, from now on; the row follows with install().
  void assign_off_link(Attachment& attachment, std::vector<Ipv6Prefix> prefixes);
  /// Whether another attachment has it on its link.
  bool is_on_other_link(const Attachment& attachment, const Ipv6Prefix& prefix) const;
  /// Takes row and tunnel away. The record stays: whoever comes after us has to know what the LMA believes.
  void cut(Attachment& attachment);
  /// The record, too: the LMA has been told, or cannot be.
  void remove(Attachment& attachment);
  void persist(Now now, Attachment& attachment);

 private:
  void take_off_link(const Ipv6Prefix& prefix, const Attachment* by);
  void advertise_now(const Attachment& attachment);
  /// Now, and with every advertisement for a while (RFC 5213 section 6.12): one may be lost.
  void withdraw_prefixes(Now now, Attachment& attachment, const std::vector<Ipv6Prefix>& gone);

  MagContext& context_;
  FinalAdvertisements finals_;
  Visitors visitors_;
};

}  // namespace flowmob::core
