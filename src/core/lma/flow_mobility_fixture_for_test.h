// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/lma/anchor_fixture_for_test.h"

/// RFC 7864 sections 3.2.2, 3.3 and 4 over RFC 7077: flows between sets of prefixes.
namespace flowmob::core {

using Fmi = wire::UpdateNotification;
using Fma = wire::UpdateNotificationAcknowledgement;
using NS = wire::NotificationStatus;
using Reason = wire::NotificationReason;

inline const Ipv6Prefix kSecondSet = prefix("2001:db8:100::/64"), kThirdSet = prefix("2001:db8:100:1::/64");
inline const Ipv6Address kMag3 = address("2001:db8:f3::1");

inline LmaConfig sets_apart() {
  auto c = test_config();
  c.share_prefixes = false;
  c.mags.push_back({"mag3", kMag3});
  return c;
}

/// mn1 is at mag1 with its own prefix and the flow "voice", at mag2 with one from the pool and "video".
class FlowMobilityTest : public AnchorFixture {
 protected:
  FlowMobilityTest() : AnchorFixture(sets_apart()) {}

  void SetUp() override {
    Pbu one = first();
    one.service = "voice";
    ASSERT_THAT(prefixes_in(accepted(one)), testing::ElementsAre(kOwn));
    keep();
    Pbu two = second();
    two.service = "video";
    ASSERT_THAT(prefixes_in(accepted(two)), testing::ElementsAre(kSecondSet));
    keep();
    clear();
  }
  /// What the state store has.
  void keep() {
    for (const auto& action : actions) {
      if (const auto* one = std::get_if<PersistNode>(&action)) records[one->record.index] = one->record;
      if (const auto* gone = std::get_if<ForgetNode>(&action)) records.erase(gone->node);
    }
  }

  /// The answer of a move; none yet.
  std::optional<Result<Json>> answer_to_move() {
    const auto answer = lma->poll_answer();
    return answer ? std::optional(answer->answer) : std::nullopt;
  }
  std::string code() {
    const auto answer = answer_to_move();
    return !answer ? "none" : *answer ? "done" : answer->error().code;
  }
  void begin_move(const char* flow, const char* to, Json more = Json::object()) {
    Json arguments{{"flow", flow}, {"to", to}, {"mn", "mn1"}};
    arguments.update(more);
    lma->begin_command(now, CommandId{++last_command}, "flow move", arguments);
    drain();
  }
  Fmi only_notification(const Ipv6Address& to = kMag1) const {
    const auto all = sent<Fmi>();
    EXPECT_EQ(all.size(), 1U);
    if (all.size() != 1) return {};
    EXPECT_EQ(all[0].first, to);
    return all[0].second;
  }
  static std::vector<Ipv6Prefix> off_link_in(const wire::MobilityOptions& options) {
    std::vector<Ipv6Prefix> found;
    for (const auto& o : wire::find_all<wire::HomeNetworkPrefixOption>(options))
      if (o.off_link) found.push_back(o.to_prefix());
    return found;
  }
  static Fma acknowledge(const Fmi& asked, NS status = NS::Success) {
    Fma answer{asked.sequence, status, {}};
    answer.options.push_back(*wire::find<wire::MobileNodeIdentifier>(asked.options));
    if (status == NS::Success)
      for (const auto& o : wire::find_all<wire::HomeNetworkPrefixOption>(asked.options))
        answer.options.push_back(o);
    return answer;
  }
  /// The only one to this MAG.
  Fmi notification_to(const Ipv6Address& mag) const {
    auto all = sent<Fmi>();
    std::erase_if(all, [&](const auto& one) { return one.first != mag; });
    EXPECT_EQ(all.size(), 1U);
    return all.size() == 1 ? all[0].second : Fmi{};
  }
  /// The MAG says 0 to the only notification to it that is under way.
  void grant(const Ipv6Address& mag = kMag1) {
    const auto asked = notification_to(mag);
    clear();
    receive(acknowledge(asked), mag);
  }
  void move_video() {
    begin_move("video", "mag1");
    grant();
    ASSERT_EQ(code(), "done");
    ASSERT_EQ(mag_of("video"), "mag1");
    keep();
    clear();
  }
  void pass(Duration span) {
    advance(span);
    timeout();
  }
  Pbu refresh(Pbu p, const Ipv6Prefix& own) const {
    p.handoff = HI::NoChange;
    p.prefixes = {own};
    return p;
  }
  Json session_at(const char* mag) {
    for (const auto& row : show("sessions"))
      if (row["mag"] == mag) return row;
    return {};
  }
  Json off_link_at(const char* mag) { return session_at(mag).value("off_link_prefixes", Json()); }
  std::map<NodeIndex, NodeRecord> records;
  std::uint64_t last_command = 0;
};

}  // namespace flowmob::core
