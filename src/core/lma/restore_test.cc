// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

namespace flowmob::core {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class RestoreTest : public AnchorFixture {
 protected:
  /// What the state store holds after a registration at both MAGs, video on the second.
  NodeRecord kept() {
    accepted(first());
    Pbu two = second();
    two.service = "video";
    accepted(two);
    return all<PersistNode>().back().record;
  }
  void restart(std::vector<NodeRecord> records, const LmaConfig& config = test_config()) {
    lma = std::make_unique<LocalMobilityAnchor>(config);
    clear();
    lma->restore(now, std::move(records));
    drain();
  }
};

TEST_F(RestoreTest, AllRowsAreAskedForAnew) {
  const auto record = kept();
  restart({record});
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_EQ(mag_of("*"), "mag1");
  EXPECT_EQ(show("sessions").size(), 2U);
  EXPECT_EQ(all<InstallSession>().size(), 2U);
  EXPECT_EQ(all<InstallFlow>().size(), 2U);
  EXPECT_EQ(all<InstallNode>().at(0).node, record.index);
  EXPECT_EQ(all<InstallNode>().at(0).rules.size(), 1U);
  EXPECT_EQ(all<EnsureRoute>().size(), 1U);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(RestoreTest, LifetimesGoOnWhereTheyWere) {
  const auto record = kept();
  advance(100s);
  restart({record});
  EXPECT_EQ(show("sessions")[0]["remaining_seconds"], 199);
  EXPECT_GT(*lma->poll_timeout(), now.monotonic + 199s);
}

TEST_F(RestoreTest, ExpiredSessionsAreGone) {
  auto record = kept();
  record.sessions[1].expires = now.wall;
  restart({record});
  EXPECT_THAT(events(), Contains("binding-expired"));
  EXPECT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(mag_of("video"), "mag1");
  EXPECT_EQ(all<RemoveSession>().at(0).session, record.sessions[1].id);
  advance(1000s);
  restart({record});
  EXPECT_THAT(show("sessions"), IsEmpty());
  EXPECT_THAT(rows(), testing::IsSupersetOf({"remove-route", "remove-node", "remove-flow", "forget-node"}));
}

TEST_F(RestoreTest, ReplaysAreStillRefusedAfterwards) {
  const auto record = kept();
  restart({record});
  Pbu p = first();
  p.timestamp = record.sessions[0].last_timestamp;
  EXPECT_EQ(status(p), Status::TimestampMismatch);
}

TEST_F(RestoreTest, NumbersAreNotGivenOutTwice) {
  const auto record = kept();
  restart({record});
  Pbu p = first();
  p.mn = "mn2";
  p.service = "video";
  accepted(p);
  EXPECT_GT(all<InstallNode>().at(0).node, record.index);
  EXPECT_GT(all<InstallSession>().at(0).session, record.sessions.back().id);
  for (const auto& flow : all<InstallFlow>()) EXPECT_GT(flow.flow, record.flows.back().index);
}

TEST_F(RestoreTest, ADeleteWaitGoesOn) {
  kept();
  accepted(leave(first()));
  restart({all<PersistNode>().back().record});
  EXPECT_EQ(show("sessions")[0]["state"], "delete-wait");
  EXPECT_EQ(lma->poll_timeout(), now.monotonic + 10s);
  accepted(first());
  EXPECT_THAT(events(), Contains("flow-returned"));
}

TEST_F(RestoreTest, WhatTheConfigurationNoLongerPermitsIsDropped) {
  const auto record = kept();
  auto config = test_config();
  config.mobile_nodes[0].enabled = false;
  restart({record}, config);
  EXPECT_THAT(events(), ElementsAre("record-dropped"));
  EXPECT_THAT(rows(), ElementsAre("remove-route", "forget-node"));

  config = test_config();
  config.mobile_nodes[0].prefixes = {prefix("2001:db8:2000::/64")};
  restart({record}, config);
  EXPECT_EQ(all<Notify>().at(0).fields["reason"], "prefix-not-permitted");

  config = test_config();
  config.mobile_nodes.erase(config.mobile_nodes.begin());
  restart({record}, config);
  EXPECT_EQ(all<Notify>().at(0).fields["reason"], "unknown-mobile-node");
  EXPECT_THAT(show("sessions"), IsEmpty());
}

TEST_F(RestoreTest, AMagThatIsGoneTakesItsSessionAlong) {
  const auto record = kept();
  auto config = test_config();
  config.mags.pop_back();
  restart({record}, config);
  EXPECT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(mag_of("video"), "mag1");
  EXPECT_THAT(events(), Contains("record-dropped"));
}

TEST_F(RestoreTest, MagsAreToldOfWhatIsDropped) {
  const auto told_after = [&](const NodeRecord& record, auto change) {
    auto config = test_config();
    config.revocation.enabled = true;
    change(config);
    restart({record}, config);
    std::vector<Ipv6Address> told;
    for (const auto& [mag, indication] : sent<wire::BindingRevocationIndication>()) {
      told.push_back(mag);
      EXPECT_EQ(indication.trigger, wire::RevocationTrigger::Administrative);
      EXPECT_EQ(to_octet_string(wire::find<wire::MobileNodeIdentifier>(indication.options)->identifier),
                "mn1");
      EXPECT_EQ(wire::find<wire::HomeNetworkPrefixOption>(indication.options)->to_prefix(), kOwn);
    }
    return told;
  };
  auto record = kept();
  EXPECT_THAT(told_after(record, [](auto&) {}), IsEmpty());
  EXPECT_THAT(told_after(record, [](auto& c) { c.mobile_nodes[0].enabled = false; }),
              ElementsAre(kMag1, kMag2));
  EXPECT_THAT(told_after(record, [](auto& c) { c.mobile_nodes[0].mags = {"mag1"}; }), ElementsAre(kMag2));
  record.sessions[0].in_delete_wait = true;
  record.sessions[1].expires = now.wall;
  EXPECT_THAT(told_after(record, [](auto& c) { c.mobile_nodes[0].enabled = false; }), IsEmpty())
      << "neither serves it";
}

TEST_F(RestoreTest, AFlowThatIsNotConfiguredAnyMoreIsDropped) {
  const auto record = kept();
  auto config = test_config();
  config.services[0].flows.clear();
  restart({record}, config);
  EXPECT_EQ(show("flows").size(), 1U);
  EXPECT_THAT(all<InstallNode>().at(0).rules, IsEmpty());
}

TEST_F(RestoreTest, RecordsThatContradictEachOtherDoNotBothCount) {
  const auto record = kept();
  auto other = record;
  other.mn_id = "mn2";
  other.prefixes = {prefix("2001:db8:100::/64")};
  restart({record, other, record});
  EXPECT_EQ(show("sessions").size(), 2U);
  EXPECT_EQ(events(), (std::vector<std::string>{"record-dropped", "record-dropped"}));
}

TEST_F(RestoreTest, ANewPolicyLeavesLiveBindingsAsTheyAre) {
  kept();
  auto config = test_config();
  config.mags.pop_back();
  config.services.clear();
  clear();
  ASSERT_TRUE(lma->reconfigure(now, config));
  drain();
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_THAT(events(), ElementsAre("configuration-changed"));
  EXPECT_EQ(mag_of("video"), kMag2.to_string());
  EXPECT_EQ(status(second()), Status::MagNotAuthorizedForProxyReg);
}

TEST_F(RestoreTest, TheAddressNeedsARestart) {
  auto config = test_config();
  config.address = kStranger;
  EXPECT_EQ(lma->reconfigure(now, config).error().code, "needs-restart");
  EXPECT_EQ(lma->config().address, kLma);
}

TEST_F(RestoreTest, ANewMtuIsForNewSessions) {
  accepted(first());
  auto config = test_config();
  config.tunnel_mtu = 1400;
  ASSERT_TRUE(lma->reconfigure(now, config));
  accepted(first());
  EXPECT_THAT(all<InstallSession>(), IsEmpty());
  accepted(second());
  ASSERT_EQ(all<InstallSession>().size(), 1U);
  EXPECT_EQ(all<InstallSession>()[0].mtu, 1400);
}

}  // namespace
}  // namespace flowmob::core
