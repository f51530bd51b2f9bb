// SPDX-License-Identifier: Apache-2.0
// A gateway behind IPv4 (RFC 5844 section 4.2).
#include "base/ipv4.h"
#include "core/mag/mag_fixture.h"

using namespace std::chrono_literals;

namespace flowmob::core {
namespace {

const Ipv6Address kMag4 = Ipv6Address::parse("::ffff:192.0.2.9").value();
const Ipv6Address kLma4 = Ipv6Address::parse("::ffff:192.0.2.1").value();

class GatewayOverIpv4 : public MagFixture {
 protected:
  explicit GatewayOverIpv4(bool force_udp = false) {
    auto config = default_config();
    config.force_ipv4_udp = force_udp;
    config.address = kMag4;
    config.lma = kLma4;
    config.accesses[0].services.clear();
    gateway = std::make_unique<MobileAccessGateway>(config);
    gateway->handle_link(now, kWlan, true);
    const auto solicitation = wire::encode_nd(wire::RouterSolicitation{}, kNodeLinkLocal, kAllRouters);
    gateway->handle_neighbor_discovery(now, {kNodeLinkLocal, kAllRouters, kWlan, kNode, 255}, solicitation);
    collect();
  }
  void collect() {
    while (auto effect = gateway->poll_effect()) {
      if (const auto* message = std::get_if<SendMessage>(&effect->action)) sent.push_back(*message);
      if (const auto* tunnel = std::get_if<EnsureTunnel>(&effect->action)) built.push_back(*tunnel);
      if (const auto* host = std::get_if<InstallHost>(&effect->action)) hosts.push_back(*host);
      if (effect->id) gateway->handle_effect_result(now, effect->id, {});
    }
  }
  wire::ProxyBindingUpdate update() const {
    const auto decoded = wire::decode(sent.at(0).mobility_header, sent.at(0).source, sent.at(0).destination);
    return std::get<wire::ProxyBindingUpdate>(decoded.value());
  }
  void answer(const Ipv6Address& from, const Bytes& checksum = {0, 0}) {
    answer(from, answer_to(update()), checksum);
  }
  void answer(const Ipv6Address& from, const wire::MobilityMessage& message, const Bytes& checksum = {0, 0}) {
    auto octets = wire::encode_for_udp(message);
    std::ranges::copy(checksum, octets.begin() + 4);
    gateway->handle_message(now, {from, kMag4, {}, {}, 64, 5436}, octets);
    collect();
  }

  const Ipv6Address kNodeLinkLocal = Ipv6Address::parse("fe80::10").value();
  const Ipv6Address kAllRouters = Ipv6Address::parse("ff02::2").value();
  std::vector<SendMessage> sent;
  std::vector<EnsureTunnel> built;
};

TEST_F(GatewayOverIpv4, AsksFromItsIpv4AddressWithoutAChecksum) {
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].source, kMag4);
  EXPECT_EQ(sent[0].destination, kLma4);
  EXPECT_EQ(sent[0].port, 0);  // that of Proxy Mobile IPv6
  EXPECT_EQ(sent[0].mobility_header[4], 0);
  EXPECT_EQ(sent[0].mobility_header[5], 0);
}

TEST_F(GatewayOverIpv4, TheRequestIsThatOfIpv6AndForcesNoUdp) {
  EXPECT_FALSE(update().force_udp);
  EXPECT_TRUE(update().proxy && update().acknowledge);
  EXPECT_NE(wire::find<wire::HandoffIndicatorOption>(update().options), nullptr);
}

TEST_F(GatewayOverIpv4, TheAnswersChecksumIsIgnoredAndTheTunnelIsOneOfIpv4) {
  answer(kLma4, {0xde, 0xad});
  ASSERT_EQ(built.size(), 1U);
  EXPECT_EQ(built[0].local, kMag4);
  EXPECT_EQ(built[0].remote, kLma4);
  ASSERT_EQ(hosts.size(), 1U);
  EXPECT_EQ(hosts[0].mag, kMag4);
  EXPECT_EQ(hosts[0].lma, kLma4);
}

class GatewayForcingUdp : public GatewayOverIpv4 {
 protected:
  GatewayForcingUdp() : GatewayOverIpv4(true) {}
};

TEST_F(GatewayForcingUdp, EveryRequestHasTheFlag) {  // section 4.2.2.1
  EXPECT_TRUE(update().force_udp);
  answer(kLma4);
  sent.clear();
  now.monotonic += default_config().lifetime / 2 + 1s;
  gateway->handle_timeout(now);
  collect();
  ASSERT_EQ(sent.size(), 1U) << "a refresh";
  EXPECT_TRUE(update().force_udp);
  sent.clear();
  gateway->handle_link(now, kWlan, false);
  collect();
  ASSERT_EQ(sent.size(), 1U) << "a de-registration";
  EXPECT_TRUE(update().force_udp);
  EXPECT_EQ(update().lifetime, 0);
}

TEST_F(GatewayForcingUdp, DataGoesInUdpWhereTheAnchorAgrees) {  // section 4.2.2
  auto agreed = answer_to(update());
  agreed.options.emplace_back(wire::NatDetection{true, wire::NatDetection::kNoKeepalives});
  answer(kLma4, agreed);
  ASSERT_EQ(hosts.size(), 1U);
  EXPECT_EQ(hosts[0].tunnelling.encapsulation, Encapsulation::Udp);
  EXPECT_EQ(hosts[0].mtu, default_config().tunnel_mtu - 8);
}

TEST_F(GatewayForcingUdp, ElseInPlainIpv4) {
  answer(kLma4);
  ASSERT_EQ(hosts.size(), 1U);
  EXPECT_EQ(hosts[0].tunnelling, Tunnelling{});
}

TEST_F(GatewayForcingUdp, WithoutTheFlagTheOptionIsOfANatAlone) {
  auto agreed = answer_to(update());
  agreed.options.emplace_back(wire::NatDetection{false, 110});
  answer(kLma4, agreed);
  ASSERT_EQ(hosts.size(), 1U);
  EXPECT_EQ(hosts[0].tunnelling, Tunnelling{});
}

TEST_F(GatewayForcingUdp, AnAnchorThatRequiresGreIsNotAskedOverAndOver) {
  auto refused = answer_to(update());
  refused.status = wire::BindingStatus::GreKeyOptionRequired;
  const auto before = sent.size();
  answer(kLma4, refused);
  EXPECT_EQ(sent.size(), before);
  EXPECT_TRUE(hosts.empty());
}

TEST_F(GatewayOverIpv4, AStrangersAnswerIsNone) {
  answer(Ipv6Address::parse("::ffff:192.0.2.77").value());
  EXPECT_TRUE(hosts.empty());
}

}  // namespace
}  // namespace flowmob::core
