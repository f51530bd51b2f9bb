// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/anchor_peer.h"
#include "core/mag/path_registrar.h"

namespace flowmob::core {

/// The commands of the control socket that a MAG answers.
class MagCommands {
 public:
  MagCommands(MagContext& context, Registrar& registrar, AttachmentDetector& detector, AnchorPeer& anchor,
              const PathRegistrar& paths)
      : context_(context), registrar_(registrar), detector_(detector), anchor_(anchor), paths_(paths) {}

  Result<Json> handle(Now now, std::string_view command, const Json& arguments);

 private:
  struct Node {
    const MagPolicyProfile* profile;
    MacAddress mac;
  };
  Result<Json> attach(Now now, const Json& arguments);
  Result<Json> detach(Now now, const Json& arguments);
  Result<Json> switch_flow(Now now, const Json& arguments, bool on);
  Result<Json> show_bindings(Now now, const Json& arguments) const;
  Json row_of(Now now, const Attachment& attachment) const;
  Json show_tunnels() const;
  Json show_statistics() const;
  Result<Json> revoke(Now now, const Json& arguments);

  Result<const AccessConfig*> access_of(const Json& arguments) const;
  Result<Node> node_of(const AccessConfig& access, const Json& arguments) const;
  Result<MacAddress> only_address(const AccessConfig& access, const MagPolicyProfile& profile) const;

  MagContext& context_;
  Registrar& registrar_;
  AttachmentDetector& detector_;
  AnchorPeer& anchor_;
  const PathRegistrar& paths_;
};

/// "new", "sharing", "unknown", "between-interfaces", "between-mags"; else "bad-argument".
Result<wire::HandoffIndicator> parse_handoff_indicator(std::string_view word);

}  // namespace flowmob::core
