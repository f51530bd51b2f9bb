// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/access_links.h"
#include "core/mag/attachment_pacer.h"
#include "core/mag/presence_watch.h"
#include "core/mag/registrar.h"
#include "core/rate_limiter.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::core {

/// Notices who comes and who goes (RFC 5213 sections 6.1, 6.13): carrier, Neighbor Discovery of a known
/// link-layer address, and an administrator's word.
class AttachmentDetector {
 public:
  AttachmentDetector(MagContext& context, NodeService& service, Registrar& registrar)
      : context_(context), service_(service), registrar_(registrar), presence_(context, registrar) {}

  void handle_link(Now now, const AccessConfig& access, bool up);
  void handle_neighbor_discovery(Now now, const PacketMeta& meta, ByteView icmpv6);

  struct Details {
    std::optional<std::vector<std::string>> services;
    std::optional<wire::HandoffIndicator> handoff_indicator;
    Ipv6Address node_link_local;
  };
  /// By order: also one that is attached or was refused registers again.
  Attachment& attach_by_command(Now now, const AccessConfig& access, const MagPolicyProfile& profile,
                                const MacAddress& node, const Details& details);
  void detach_by_command(Now now, Attachment& attachment);
  /// The LMA has revoked its IPv4 home address and nothing else.
  void release_revoked_ipv4(Now now, Attachment& attachment, bool may_return);
  /// The LMA knows that it ends. It may come back by itself, or not before an administrator or its carrier
  /// says so.
  void detach_revoked(Now now, Attachment& attachment, bool may_return);
  /// The same, and as if it had just appeared there.
  void attach_anew(Now now, Attachment& attachment);
  /// Ends service, where the LMA is told of many at once. An entry that it knows nothing of is gone.
  void retire(Now now, Attachment& attachment);
  /// Whoever is there answers (RFC 4861 section 7.2.4), and is heard.
  void ask(const Attachment& attachment);
  void handle_timeout(Now now);
  /// Of one attachment that is due.
  void handle_due(Now now, Attachment& attachment);
  std::optional<TimePoint> next_deadline() const;
  const AccessLinks& links() const { return links_; }

 private:
  Attachment& attach(Now now, const AccessConfig& access, const MagPolicyProfile& profile,
                     const MacAddress& node, const char* how, const Details& details);
  void attach_at_pace(Now now, const AccessConfig& access, const MagPolicyProfile& profile,
                      const MacAddress& node, const char* how, const Ipv6Address& node_link_local);
  void detach(Now now, Attachment& attachment, const char* why, bool say_so);
  void heard(Now now, const AccessConfig& access, const PacketMeta& meta, const wire::NdMessage& message);
  void displace(Now now, const AccessConfig& access, const MagPolicyProfile& profile, const MacAddress& node);
  void attach_if_absent(Now now, const AccessConfig& access, const MacAddress& node, const char* how,
                        const Ipv6Address& node_link_local);
  void link_up(Now now, const AccessConfig& access);
  void link_down(Now now, const AccessConfig& access);
  void heard_while_down(Now now, const AccessConfig& access, const PacketMeta& meta,
                        const wire::NdMessage& message);
  void solicited(Now now, const AccessConfig& access, const PacketMeta& meta);
  void neighbor_heard(Now now, const AccessConfig& access, const PacketMeta& meta);
  void learn_address(Now now, Attachment& attachment, const Ipv6Address& source);
  void unknown_node(Now now, const AccessConfig& access, const MacAddress& node);
  const MagPolicyProfile* expected_on(const AccessConfig& access) const;
  const MagPolicyProfile* known_as(const AccessConfig& access, const MacAddress& node) const;

  MagContext& context_;
  NodeService& service_;
  Registrar& registrar_;
  PresenceWatch presence_;
  AccessLinks links_;
  AttachmentPacer pacer_;
  RateLimiter unknown_notices_{std::chrono::seconds(10)};
};

}  // namespace flowmob::core
