// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// RFC 5845 at the anchor.
namespace flowmob::core {
namespace {

using testing::IsEmpty;

class AnchorGre : public AnchorFixture {
 protected:
  static LmaConfig with(GrePolicy policy) {
    auto config = test_config();
    for (auto& mag : config.mags) mag.gre = policy;
    return config;
  }
  AnchorGre() : AnchorFixture(with(GrePolicy::OnDemand)) {}
  void use(GrePolicy policy) { lma = std::make_unique<LocalMobilityAnchor>(with(policy)); }

  Pbu asking(Pbu p, std::optional<std::uint32_t> key) const {
    p.more = {wire::GreKey{key}};
    return p;
  }
  static const wire::GreKey* key_in(const wire::ProxyBindingAcknowledgement& pba) {
    return wire::find<wire::GreKey>(pba.options);
  }
  Json session() { return show("sessions").at(0); }
};

TEST_F(AnchorGre, KeysAreExchanged) {  // sections 3.3.1 and 5.2
  const auto pba = accepted(asking(first(), 77));
  ASSERT_TRUE(key_in(pba));
  ASSERT_TRUE(key_in(pba)->key);
  const auto installed = all<InstallSession>().at(0);
  EXPECT_EQ(installed.tunnelling, (Tunnelling{Encapsulation::GreWithKeys, 77, *key_in(pba)->key}));
  EXPECT_EQ(installed.mtu, 1452) << "a GRE header with a key takes 8 octets";
  EXPECT_EQ(session()["encapsulation"], "gre-with-keys");
  EXPECT_EQ(session()["downlink_key"], 77);
  EXPECT_EQ(session()["uplink_key"], *key_in(pba)->key);
}

TEST_F(AnchorGre, WithoutAKeyThereIsNone) {  // section 5.2
  const auto pba = accepted(asking(first(), std::nullopt));
  ASSERT_TRUE(key_in(pba));
  EXPECT_FALSE(key_in(pba)->key);
  EXPECT_EQ(all<InstallSession>().at(0).tunnelling, (Tunnelling{Encapsulation::Gre, 0, 0}));
  EXPECT_EQ(all<InstallSession>().at(0).mtu, 1456);
}

TEST_F(AnchorGre, Ipv4PacketsAreCarriedLikeTheOthers) {  // RFC 5844
  auto config = with(GrePolicy::OnDemand);
  config.ipv4_pools = {Ipv4Interface::parse("192.0.2.1/29").value()};
  lma = std::make_unique<LocalMobilityAnchor>(config);
  Pbu p = asking(first(), 77);
  p.more.emplace_back(wire::Ipv4HomeAddressRequest{});
  accepted(p);
  const auto installed = all<InstallSession>().at(0);
  EXPECT_TRUE(installed.ipv4);
  EXPECT_TRUE(installed.tunnelling.has_keys());
  EXPECT_EQ(all<EnsureIpv4Route>().at(0).mtu, 1452);
  EXPECT_EQ(all<EnsureIpv4Route>().at(0).tunnels, (TunnelHeaders{{kMag1, std::uint16_t{48}}}));
}

TEST_F(AnchorGre, TheStackCutsIpv4ForTheNarrowestTunnel) {
  auto config = with(GrePolicy::OnDemand);
  config.ipv4_pools = {Ipv4Interface::parse("192.0.2.1/29").value()};
  lma = std::make_unique<LocalMobilityAnchor>(config);
  Pbu p = first();
  p.more = {wire::Ipv4HomeAddressRequest{}};
  accepted(p);
  EXPECT_EQ(all<EnsureIpv4Route>().at(0).mtu, 1460);
  Pbu other = asking(second(), 77);
  other.more.emplace_back(wire::Ipv4HomeAddressRequest{});
  accepted(other);
  ASSERT_EQ(all<EnsureIpv4Route>().size(), 1U);
  EXPECT_EQ(all<EnsureIpv4Route>()[0].mtu, 1452);
  ASSERT_EQ(status(leave(other)), Status::Accepted);
  ASSERT_EQ(all<EnsureIpv4Route>().size(), 1U);
  EXPECT_EQ(all<EnsureIpv4Route>()[0].mtu, 1460);
}

TEST_F(AnchorGre, SessionsHaveKeysOfTheirOwn) {
  const auto one = accepted(asking(first(), 1));
  const auto other = accepted(asking(second(), 1));
  EXPECT_NE(*key_in(one)->key, *key_in(other)->key);
}

TEST_F(AnchorGre, TheUplinkKeyIsKeptForTheSessionsLife) {  // section 3.3.2
  const auto key = *key_in(accepted(asking(first(), 77)))->key;
  Pbu again = asking(first(), 77);
  again.handoff = HI::NoChange;
  EXPECT_EQ(*key_in(accepted(again))->key, key);
  Pbu moved = asking(second(), 99);
  moved.link_layer_id = kIf1;
  moved.technology = ATT::Wlan;
  moved.handoff = HI::HandoffBetweenMags;
  EXPECT_EQ(*key_in(accepted(moved))->key, key) << "also at another MAG";
  ASSERT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(session()["downlink_key"], 99);
}

TEST_F(AnchorGre, ANewDownlinkKeyIsUsed) {
  accepted(asking(first(), 77));
  accepted(asking(first(), 78));
  EXPECT_EQ(all<InstallSession>().at(0).tunnelling.downlink_key, 78U);
}

TEST_F(AnchorGre, WhereItIsRequiredItHasToBeAskedForWithAKey) {  // sections 3.3.2 and 5.2
  use(GrePolicy::Required);
  const auto pba = ask(first());
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::GreKeyOptionRequired);
  EXPECT_EQ(static_cast<unsigned>(pba->status), 163U);
  EXPECT_EQ(status(asking(first(), std::nullopt)), Status::GreKeyOptionRequired);
  EXPECT_THAT(show("sessions"), IsEmpty());
  accepted(asking(first(), 77));
  Pbu moved = second();
  moved.link_layer_id = kIf1;
  moved.technology = ATT::Wlan;
  moved.handoff = HI::HandoffBetweenMags;
  EXPECT_EQ(status(moved), Status::GreKeyOptionRequired) << "at a handoff, too";
  EXPECT_EQ(status(leave(first())), Status::Accepted) << "whoever leaves needs no tunnel";
}

TEST_F(AnchorGre, WhereItIsNotRequiredAHandoffWithoutItIsAcceptedWithoutIt) {  // section 3.3.2
  accepted(asking(first(), 77));
  Pbu moved = second();
  moved.link_layer_id = kIf1;
  moved.technology = ATT::Wlan;
  moved.handoff = HI::HandoffBetweenMags;
  const auto pba = accepted(moved);
  EXPECT_FALSE(key_in(pba));
  EXPECT_EQ(session()["encapsulation"], "plain");
  EXPECT_FALSE(session().contains("downlink_key"));
}

TEST_F(AnchorGre, WhereItIsNotWantedTheMagIsTold) {  // section 5.2
  use(GrePolicy::Never);
  const auto pba = ask(asking(first(), 77));
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::GreKeyOptionNotRequired);
  EXPECT_TRUE(pba->accepted());
  EXPECT_FALSE(key_in(*pba));
  EXPECT_EQ(all<InstallSession>().at(0).tunnelling, Tunnelling{});
  EXPECT_EQ(accepted(first()).status, Status::Accepted) << "nobody asked";
}

TEST_F(AnchorGre, UdpIsDeclined) {  // section 7.4
  const auto pba_to = [&](wire::MobilityOptions options) {
    Pbu p = first();
    p.more = std::move(options);
    auto m = message(p);
    m.tlv_header = true;
    clear();
    advance(10ms);
    deliver(wire::encode(m, kMag1, kLma), kMag1);
    return *acknowledgement();
  };
  const auto with_gre = pba_to({wire::GreKey{77}});
  EXPECT_EQ(with_gre.status, Status::GreTunnelingButTlvHeaderNotSupported);
  EXPECT_FALSE(with_gre.tlv_header);
  ASSERT_TRUE(key_in(with_gre));
  EXPECT_EQ(session()["encapsulation"], "gre-with-keys");
  EXPECT_EQ(session()["uplink_key"], *key_in(with_gre)->key);
  const auto without = pba_to({});
  EXPECT_EQ(without.status, Status::Accepted);
  EXPECT_FALSE(without.tlv_header);
}

TEST_F(AnchorGre, ADeregistrationIsAnsweredWithoutAKey) {
  accepted(asking(first(), 77));
  const auto pba = accepted(asking(leave(first()), 77));
  EXPECT_FALSE(key_in(pba));
}

TEST_F(AnchorGre, KeysSurviveARestart) {
  const auto key = *key_in(accepted(asking(first(), 77)))->key;
  const auto text = all<PersistNode>().back().record.to_json().dump();
  use(GrePolicy::OnDemand);
  clear();
  lma->restore(now, {NodeRecord::from_json(Json::parse(text)).value()});
  drain();
  EXPECT_EQ(all<InstallSession>().at(0).tunnelling, (Tunnelling{Encapsulation::GreWithKeys, 77, key}));
}

}  // namespace
}  // namespace flowmob::core
