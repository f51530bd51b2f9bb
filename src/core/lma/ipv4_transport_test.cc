// SPDX-License-Identifier: Apache-2.0
// Gateways behind IPv4 (RFC 5844 section 4.1).
#include "base/ipv4.h"
#include "core/lma/anchor_fixture_for_test.h"

namespace flowmob::core {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

const Ipv6Address kMag4 = address("::ffff:192.0.2.9"), kLma4 = address("::ffff:192.0.2.1");
constexpr std::uint16_t kPort = 40000;

class AnchorOverIpv4 : public AnchorFixture {
 protected:
  explicit AnchorOverIpv4(LmaConfig config = with_ipv4_mag()) : AnchorFixture(std::move(config)) {}

  static LmaConfig with_ipv4_mag() {
    auto c = test_config();
    c.ipv4_address = from_mapped(kLma4);
    c.mags.push_back({"mag4", kMag4});
    return c;
  }
  static Pbu of_mag4() {
    Pbu p;
    p.source = kMag4;
    return p;
  }
  /// The only message that a request over IPv4 brings.
  SendMessage say(const wire::ProxyBindingUpdate& update, const Bytes& checksum = {0, 0}) {
    clear();
    advance(10ms);
    auto octets = wire::encode_for_udp(update);
    std::ranges::copy(checksum, octets.begin() + 4);
    lma->handle_message(now, PacketMeta{kMag4, kLma4, {}, {}, 64, kPort}, octets);
    drain();
    const auto sent = all<SendMessage>();
    EXPECT_THAT(sent, SizeIs(1));
    return sent.size() == 1 ? sent[0] : SendMessage{};
  }
  static wire::ProxyBindingAcknowledgement answer_in(const SendMessage& sent) {
    const auto decoded = wire::decode(sent.mobility_header, sent.source, sent.destination);
    const auto* pba = decoded ? std::get_if<wire::ProxyBindingAcknowledgement>(&*decoded) : nullptr;
    EXPECT_NE(pba, nullptr);
    return pba ? *pba : wire::ProxyBindingAcknowledgement{};
  }
  static Status status_of(const SendMessage& sent) { return answer_in(sent).status; }
};

TEST_F(AnchorOverIpv4, AnswersFromWhereItWasAskedToThePortThatAsked) {
  const auto sent = say(message(of_mag4()));
  EXPECT_EQ(status_of(sent), Status::Accepted);
  EXPECT_EQ(sent.source, kLma4);
  EXPECT_EQ(sent.destination, kMag4);
  EXPECT_EQ(sent.port, kPort);
}

TEST_F(AnchorOverIpv4, TheAnswersChecksumIsZero) {
  const auto sent = say(message(of_mag4()));
  ASSERT_GT(sent.mobility_header.size(), 6U);
  EXPECT_EQ(sent.mobility_header[4], 0);
  EXPECT_EQ(sent.mobility_header[5], 0);
}

TEST_F(AnchorOverIpv4, TheRequestsChecksumIsIgnored) {
  EXPECT_EQ(status_of(say(message(of_mag4()), {0xde, 0xad})), Status::Accepted);
}

TEST_F(AnchorOverIpv4, TheTunnelIsThatBetweenTheIpv4Addresses) {
  say(message(of_mag4()));
  ASSERT_THAT(all<EnsureTunnel>(), SizeIs(1));
  EXPECT_EQ(all<EnsureTunnel>()[0].local, kLma4);
  EXPECT_EQ(all<EnsureTunnel>()[0].remote, kMag4);
  ASSERT_THAT(all<InstallSession>(), SizeIs(1));
  EXPECT_EQ(all<InstallSession>()[0].lma, kLma4);
  EXPECT_EQ(all<InstallSession>()[0].mag, kMag4);
  EXPECT_EQ(show("sessions").at(0).at("mag_address"), "::ffff:192.0.2.9");
}

TEST_F(AnchorOverIpv4, TheCareOfAddressIsThePacketsSource) {
  auto update = message(of_mag4());
  update.options.emplace_back(wire::AlternateCareOfAddress{kMag1});
  EXPECT_EQ(status_of(say(update)), Status::Accepted);
  EXPECT_EQ(all<InstallSession>().at(0).mag, kMag4);
}

TEST_F(AnchorOverIpv4, OverIpv6TheTunnelIsOneOfIpv6) {
  accepted(first());
  EXPECT_EQ(all<InstallSession>().at(0).lma, kLma);
  EXPECT_EQ(all<InstallSession>().at(0).mag, kMag1);
}

TEST_F(AnchorOverIpv4, ForcedUdpEncapsulationIsProhibited) {
  auto update = message(of_mag4());
  update.force_udp = true;
  EXPECT_EQ(status_of(say(update)), Status::AdministrativelyProhibited);
  EXPECT_THAT(all<InstallSession>(), IsEmpty());
}

class AnchorWithUdp : public AnchorOverIpv4 {
 protected:
  explicit AnchorWithUdp(GrePolicy gre = GrePolicy::OnDemand) : AnchorOverIpv4(with_udp(gre)) {}
  static LmaConfig with_udp(GrePolicy gre) {
    auto c = with_ipv4_mag();
    c.accept_forced_ipv4_udp = true;
    for (auto& mag : c.mags) mag.gre = gre;
    return c;
  }
  wire::ProxyBindingUpdate forced() {
    auto update = message(of_mag4());
    update.force_udp = true;
    return update;
  }
};

TEST_F(AnchorWithUdp, ForcedAndAcceptedDataGoesInUdp) {  // section 4.1.3.1
  const auto answer = answer_in(say(forced()));
  EXPECT_EQ(answer.status, Status::Accepted);
  const auto* option = wire::find<wire::NatDetection>(answer.options);
  ASSERT_NE(option, nullptr);
  EXPECT_EQ(*option, (wire::NatDetection{true, wire::NatDetection::kNoKeepalives}));
  ASSERT_THAT(all<InstallSession>(), SizeIs(1));
  EXPECT_EQ(all<InstallSession>()[0].tunnelling.encapsulation, Encapsulation::Udp);
  EXPECT_EQ(all<InstallSession>()[0].mtu, test_config().tunnel_mtu - 8);
  EXPECT_EQ(show("sessions").at(0).at("encapsulation"), "udp");
}

TEST_F(AnchorWithUdp, NotForcedItGoesInPlainIpv4) {
  const auto answer = answer_in(say(message(of_mag4())));
  EXPECT_EQ(wire::find<wire::NatDetection>(answer.options), nullptr);
  EXPECT_EQ(all<InstallSession>().at(0).tunnelling, Tunnelling{});
}

TEST_F(AnchorWithUdp, OverIpv6TheFlagMeansNothing) {
  auto update = message(first());
  update.force_udp = true;
  deliver(wire::encode(update, kMag1, kLma), kMag1);
  EXPECT_EQ(all<InstallSession>().at(0).tunnelling, Tunnelling{});
}

TEST_F(AnchorWithUdp, WhereBothAreAskedForItIsUdp) {
  auto update = forced();
  update.options.emplace_back(wire::GreKey{7});
  EXPECT_EQ(status_of(say(update)), Status::GreKeyOptionNotRequired);
  EXPECT_EQ(all<InstallSession>().at(0).tunnelling.encapsulation, Encapsulation::Udp);
}

class AnchorRequiringGreOverIpv4 : public AnchorWithUdp {
 protected:
  AnchorRequiringGreOverIpv4() : AnchorWithUdp(GrePolicy::Required) {}
};

TEST_F(AnchorRequiringGreOverIpv4, UdpIsProhibited) {
  auto update = forced();
  update.options.emplace_back(wire::GreKey{7});
  EXPECT_EQ(status_of(say(update)), Status::AdministrativelyProhibited);
  EXPECT_THAT(all<InstallSession>(), IsEmpty());
}

TEST_F(AnchorOverIpv4, TheChecksAreThoseOfIpv6) {
  auto update = message(of_mag4());
  std::erase_if(update.options,
                [](const auto& o) { return std::holds_alternative<wire::HandoffIndicatorOption>(o); });
  EXPECT_EQ(status_of(say(update)), Status::MissingHandoffIndicatorOption);
}

TEST_F(AnchorOverIpv4, AHandoffBetweenTransportsTakesTheTunnelAlong) {
  accepted(first());
  advance(1s);
  auto p = of_mag4();
  p.handoff = HI::HandoffBetweenMags;
  EXPECT_EQ(status_of(say(message(p))), Status::Accepted);
  ASSERT_THAT(all<RemoveTunnel>(), SizeIs(1));
  EXPECT_EQ(all<RemoveTunnel>()[0].remote, kMag1);
  EXPECT_THAT(all<InstallNode>(), IsEmpty());
}

TEST_F(AnchorOverIpv4, MalformedHeadersAreNotAnsweredByIcmpv6) {
  auto octets = wire::encode_for_udp(message(of_mag4()));
  octets[0] = 41;
  lma->handle_message(now, PacketMeta{kMag4, kLma4, {}, {}, 64, kPort}, octets);
  drain();
  EXPECT_THAT(all<SendIcmpv6>(), IsEmpty());
}

class AnchorAskingOverIpv4 : public AnchorOverIpv4 {
 protected:
  AnchorAskingOverIpv4() : AnchorOverIpv4(with_heartbeats()) {}
  static LmaConfig with_heartbeats() {
    auto c = with_ipv4_mag();
    c.heartbeat.interval = 30s;
    return c;
  }
};

TEST_F(AnchorAskingOverIpv4, HeartbeatsGoFromTheIpv4Address) {
  say(message(of_mag4()));
  advance(31s);
  timeout();
  const auto asked = all<SendMessage>();
  ASSERT_THAT(asked, SizeIs(1));
  EXPECT_EQ(asked[0].source, kLma4);
  EXPECT_EQ(asked[0].destination, kMag4);
  EXPECT_EQ(asked[0].port, 0);
}

TEST_F(AnchorAskingOverIpv4, RevocationsGoFromTheIpv4Address) {
  say(message(of_mag4()));
  clear();
  ASSERT_TRUE(lma->handle_command(now, "session revoke", {{"mn", "mn1"}}));
  drain();
  const auto asked = all<SendMessage>();
  ASSERT_THAT(asked, SizeIs(1));
  EXPECT_EQ(asked[0].source, kLma4);
  EXPECT_EQ(asked[0].destination, kMag4);
}

}  // namespace
}  // namespace flowmob::core
