// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/lma/anchor_fixture_for_test.h"

/// An anchor that revokes, and what it sends for that.
namespace flowmob::core {
inline LmaConfig revoking() {
  auto c = test_config();
  c.revocation.enabled = true;
  c.hold_unknown_handoff = true;
  c.mobile_nodes.push_back({"a@example.com", true, {}, {}, {"video"}, {}});
  c.mobile_nodes.push_back({"b@foo.example.com", true, {}, {}, {"video"}, {}});
  return c;
}

class RevokerTest : public AnchorFixture {
 protected:
  using RS = wire::RevocationStatus;
  using Trigger = wire::RevocationTrigger;
  using Indication = wire::BindingRevocationIndication;

  RevokerTest() : AnchorFixture(revoking()) {}

  std::vector<std::pair<Ipv6Address, Indication>> indications() const { return sent<Indication>(); }
  Indication only_indication(const Ipv6Address& to = kMag1) const {
    const auto all = indications();
    EXPECT_EQ(all.size(), 1U);
    if (all.empty()) return {};
    EXPECT_EQ(all[0].first, to);
    return all[0].second;
  }
  Result<Json> revoke(const Json& arguments) {
    clear();
    auto answer = lma->handle_command(now, "session revoke", arguments);
    drain();
    return answer;
  }
  std::string error_of(const Json& arguments) {
    const auto answer = revoke(arguments);
    return answer ? "" : answer.error().code;
  }
  void acknowledge(const Indication& asked, RS status = RS::Success, const Ipv6Address& from = kMag1) {
    clear();
    receive(
        wire::BindingRevocationAcknowledgement{
            status, asked.sequence, asked.proxy, asked.ipv4_only, asked.global, {}},
        from);
  }
  void pass(Duration span) {
    advance(span);
    timeout();
  }
  std::string state() {
    const auto sessions = show("sessions");
    return sessions.empty() ? "none" : sessions[0]["state"].get<std::string>();
  }
  Pbu of(const char* mn, const Bytes& link_layer = kIf2) const {
    Pbu p;
    p.mn = mn;
    p.link_layer_id = link_layer;
    return p;
  }
  Pbu again() const {
    Pbu p = first();
    p.handoff = HI::NoChange;
    p.prefixes = {kOwn};
    return p;
  }
  Pbu unknown() const {
    Pbu p = second();
    p.handoff = HI::Unknown;
    return p;
  }
  static std::string mn_in(const Indication& indication) {
    const auto* id = wire::find<wire::MobileNodeIdentifier>(indication.options);
    return id ? to_octet_string(id->identifier) : "";
  }
};

}  // namespace flowmob::core
