// SPDX-License-Identifier: Apache-2.0
#include "core/mag/ipv4_access.h"

#include "core/mag/ipv4_fixture_for_test.h"

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using dhcp::Type;

class Ipv4OnTheLink : public Ipv4Gateway {
 protected:
  void frame(const Bytes& octets, InterfaceIndex interface = kWlan) {
    gateway->handle_frame(now, interface, octets);
    drain();
  }
  void who_has(const char* target, const char* sender = "192.0.2.2", const MacAddress& node = kNode) {
    frame(dhcp::encode(dhcp::ArpPacket{node, dhcp::kBroadcastMac, false, node, {}, ip(sender), ip(target)}));
  }
  static dhcp::Message message(Type type) {
    dhcp::Message m;
    m.transaction = 7;
    m.hardware_address.assign(kNodeOther.octets.begin(), kNodeOther.octets.end());  // a virtual interface's
    m.options[dhcp::option::kMessageType] = {static_cast<std::uint8_t>(type)};
    return m;
  }
  void say(const dhcp::Message& m, const MacAddress& node = kNode) {
    frame(dhcp::encode(dhcp::UdpPacket{node, dhcp::kBroadcastMac, m.client, dhcp::kBroadcastAddress,
                                       dhcp::kClientPort, dhcp::kServerPort, dhcp::encode(m)}));
  }
  /// By an answer that is another node's (RFC 5213 section 6.9.1.2).
  void be_held_back() {
    advance(dual().lifetime / 2);
    answer([](auto& ack) {
      for (auto& o : ack.options)
        if (auto* id = std::get_if<wire::MnLinkLayerIdentifier>(&o)) id->identifier[5] ^= 1;
    });
    ASSERT_EQ(notified("answer-mismatch"), 1U);
    clear();
  }
  /// The only answer, with the frame around it.
  std::optional<dhcp::Message> heard(dhcp::UdpPacket* packet = nullptr) {
    EXPECT_EQ(ipv4_frames.size(), 1U);
    if (ipv4_frames.size() != 1) return std::nullopt;
    const auto udp = dhcp::decode_udp(ipv4_frames[0].frame);
    EXPECT_TRUE(udp);
    if (!udp) return std::nullopt;
    EXPECT_EQ(ipv4_frames[0].interface, kWlan);
    EXPECT_EQ(udp->link_destination, kNode);
    EXPECT_EQ(udp->link_source, kRouterMac);
    if (packet) *packet = *udp;
    return dhcp::decode(udp->payload);
  }
};

TEST_F(Ipv4OnTheLink, ArpFindsTheRouterAndAllElseOnTheSubnetAtOurFixedAddress) {
  register_with_ipv4();
  for (const char* target : {"192.0.2.1", "192.0.2.77"}) {
    ipv4_frames.clear();
    who_has(target);
    ASSERT_EQ(ipv4_frames.size(), 1U) << target;
    const auto arp = dhcp::decode_arp(ipv4_frames[0].frame);
    ASSERT_TRUE(arp && arp->reply);
    EXPECT_EQ(arp->sender_mac, kRouterMac);
    EXPECT_EQ(arp->link_source, kRouterMac);
    EXPECT_EQ(arp->sender, ip(target));
    EXPECT_EQ(arp->target, ip("192.0.2.2"));
    EXPECT_EQ(arp->link_destination, kNode);
  }
}

TEST_F(Ipv4OnTheLink, ArpForTheNodesOwnAddressOrElsewhereIsNotAnswered) {
  register_with_ipv4();
  who_has("192.0.2.2", "0.0.0.0");
  who_has("192.0.2.2");
  who_has("198.51.100.1");
  who_has("192.0.2.1", "192.0.2.3");
  EXPECT_TRUE(ipv4_frames.empty());
}

TEST_F(Ipv4OnTheLink, WithoutIpv4NothingIsAnswered) {
  who_has("192.0.2.1");
  say(message(Type::Discover));
  register_node();
  who_has("192.0.2.1");
  who_has("192.0.2.1", "192.0.2.2", kSecondNode);
  EXPECT_TRUE(ipv4_frames.empty());
}

TEST_F(Ipv4OnTheLink, WhoIsHeldBackAsksForNoneForAClient) {
  register_node();
  be_held_back();
  say(message(Type::Discover));
  EXPECT_EQ(counter("drops", "dhcp-before-binding"), 1U);
  EXPECT_TRUE(updates.empty()) << "RFC 5213 section 6.9.1.2";
}

TEST_F(Ipv4OnTheLink, DhcpOffersTheHomeAddress) {
  register_with_ipv4();
  say(message(Type::Discover));
  dhcp::UdpPacket packet;
  const auto offer = heard(&packet);
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->type(), Type::Offer);
  EXPECT_EQ(offer->yours, ip("192.0.2.2"));
  EXPECT_EQ(offer->options.at(dhcp::option::kInterfaceMtu), (Bytes{1460 >> 8, 1460 & 0xff}));
  EXPECT_EQ(packet.source, ip("192.0.2.1"));
  EXPECT_EQ(packet.destination, ip("192.0.2.2"));
}

TEST_F(Ipv4OnTheLink, DhcpTellsWhatFitsTheTunnelWithItsGreHeader) {  // RFC 5845
  auto config = dual();
  config.gre = GreWish::Keys;
  start(config);
  register_with_ipv4();
  EXPECT_EQ(hosts.at(0).mtu, 1452);
  say(message(Type::Discover));
  const auto offer = heard();
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->options.at(dhcp::option::kInterfaceMtu), (Bytes{1452 >> 8, 1452 & 0xff}));
}

TEST_F(Ipv4OnTheLink, DhcpBroadcastsWhereItIsAskedTo) {
  register_with_ipv4();
  auto discover = message(Type::Discover);
  discover.broadcast = true;
  say(discover);
  dhcp::UdpPacket packet;
  ASSERT_TRUE(heard(&packet));
  EXPECT_EQ(packet.destination, dhcp::kBroadcastAddress);
}

TEST_F(Ipv4OnTheLink, DhcpRefusesAnotherAddressAndTellsSo) {
  register_with_ipv4();
  auto request = message(Type::Request);
  request.set(dhcp::option::kRequestedAddress, ip("192.0.2.3"));
  say(request);
  EXPECT_EQ(heard()->type(), Type::Nak);
  EXPECT_EQ(notified("dhcp-address-refused"), 1U);
}

TEST_F(Ipv4OnTheLink, DhcpOfARelayIsRefusedPlainly) {
  solicit();
  answer([](auto& ack) {
    assign_ipv4(ack);
    std::erase_if(ack.options,
                  [](const auto& o) { return std::holds_alternative<wire::Ipv4DhcpSupportMode>(o); });
  });
  EXPECT_EQ(notified("dhcp-relay-not-supported"), 1U);
  say(message(Type::Discover));
  EXPECT_TRUE(ipv4_frames.empty());
  EXPECT_EQ(counter("drops", "dhcp-relay-not-supported"), 1U);
}

TEST_F(Ipv4OnTheLink, DiscoverBringsTheRequestThatIsMissing) {
  register_node();  // the anchor did not assign one
  updates.clear();
  say(message(Type::Discover));
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_TRUE(asks_for_ipv4());
  EXPECT_TRUE(ipv4_frames.empty());
  say(message(Type::Discover));  // no second one before the answer
  EXPECT_EQ(updates.size(), 1U);
  accept_with_ipv4();
  say(message(Type::Discover));
  EXPECT_EQ(heard()->type(), Type::Offer);
}

/// The anchor answers each update, and grants none.
TEST_F(Ipv4OnTheLink, ClientThatAsksInVainMakesFewerAndFewerUpdates) {
  register_node();
  updates.clear();
  std::size_t discovers = 0;
  for (; discovers < 1000; ++discovers) {
    const auto before = updates.size();
    say(message(Type::Discover));
    if (updates.size() != before) accept();
    advance(100ms);
  }
  // At once, and after 1, 3, 7, 15, 31 and 63 s.
  EXPECT_EQ(updates.size(), 7U);
  EXPECT_EQ(counter("drops", "dhcp-before-binding"), 7U);
  EXPECT_EQ(counter("drops", "dhcp-too-often"), discovers - 7);
}

TEST_F(Ipv4OnTheLink, OneThatGivesBackAndAsksAgainHasAPaceToo) {
  register_with_ipv4();
  updates.clear();
  for (int i = 0; i < 100; ++i) {
    auto release = message(Type::Release);
    release.client = ip("192.0.2.2");
    say(only_binding().at("ipv4_address").is_null() ? message(Type::Discover) : release);
    if (!updates.empty() && last_update.lifetime == 0) accept();
    if (!updates.empty() && last_update.lifetime != 0) accept_with_ipv4();
    advance(100ms);
  }
  EXPECT_LE(updates.size(), 22U) << "one to ask and one to give back in a second";
  EXPECT_GE(updates.size(), 18U) << "it is asked on";
}

TEST_F(Ipv4OnTheLink, WhoIsHeldBackGivesNothingBackForAClient) {
  register_with_ipv4();
  be_held_back();
  auto release = message(Type::Release);
  release.client = ip("192.0.2.2");
  say(release);
  advance(30s);
  EXPECT_TRUE(updates.empty()) << "RFC 5213 section 6.9.1.2";
  EXPECT_EQ(counter("drops", "dhcp-held-back"), 1U);
  EXPECT_EQ(only_binding().at("ipv4_address"), "192.0.2.2/24");
  ASSERT_TRUE(gateway->reconfigure(now, dual()));
  drain();
  EXPECT_EQ(updates.size(), 1U) << "which ends the holding";
}

TEST_F(Ipv4OnTheLink, WhoIsRefusedIpv4LosesItsLease) {
  solicit();
  reject(wire::BindingStatus::NotAuthorizedForIpv4MobilityService);
  accept();
  updates.clear();
  say(message(Type::Discover));
  EXPECT_TRUE(updates.empty());
  EXPECT_TRUE(ipv4_frames.empty());
  auto request = message(Type::Request);
  request.client = ip("192.0.2.2");
  say(request);
  EXPECT_EQ(heard()->type(), Type::Nak);
}

TEST_F(Ipv4OnTheLink, ReleaseDeregistersIpv4Alone) {
  register_with_ipv4();
  hosts.clear();
  auto release = message(Type::Release);
  release.client = ip("192.0.2.2");
  say(release);
  EXPECT_EQ(last_update.lifetime, 0);
  EXPECT_FALSE(asks_for_prefixes());
  EXPECT_EQ(asked(), (wire::Ipv4HomeAddressRequest{24, ip("192.0.2.2")}));
  accept();
  ASSERT_EQ(hosts.size(), 1U);
  EXPECT_FALSE(hosts[0].ipv4);
  EXPECT_EQ(hosts[0].prefixes, std::vector{kHomePrefix});
  EXPECT_EQ(only_binding().at("state"), "registered");
  advance(std::chrono::minutes(5));
  EXPECT_GT(last_update.lifetime, 0);
  EXPECT_FALSE(asks_for_ipv4());
}

TEST_F(Ipv4OnTheLink, AReleaseSaysNothingOfGreAndChangesNothingOfIt) {  // RFC 5845
  auto config = dual();
  config.gre = GreWish::Keys;
  start(config);
  register_with_ipv4();
  auto release = message(Type::Release);
  release.client = ip("192.0.2.2");
  say(release);
  ASSERT_EQ(last_update.lifetime, 0);
  EXPECT_FALSE(wire::find<wire::GreKey>(last_update.options));
  accept();
  EXPECT_FALSE(hosts.back().ipv4);
  EXPECT_TRUE(hosts.back().tunnelling.has_keys());
}

TEST_F(Ipv4OnTheLink, AReleaseThatNobodyAnswersIsGivenUp) {
  register_with_ipv4();
  auto release = message(Type::Release);
  release.client = ip("192.0.2.2");
  say(release);
  advance(std::chrono::minutes(1));
  EXPECT_TRUE(only_binding().at("ipv4_address").is_null());
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_F(Ipv4OnTheLink, GarbageIsCounted) {
  register_with_ipv4();
  frame({});
  frame(Bytes(60, 0xff));
  frame(
      dhcp::encode(dhcp::UdpPacket{kNode, kRouterMac, ip("192.0.2.2"), ip("192.0.2.1"), 68, 67, {1, 2, 3}}));
  EXPECT_TRUE(ipv4_frames.empty());
  EXPECT_EQ(counter("drops", "ipv4-malformed"), 2U);
  EXPECT_EQ(counter("drops", "dhcp-malformed"), 1U);
}

}  // namespace
}  // namespace flowmob::core
