// SPDX-License-Identifier: Apache-2.0
#include "core/mag/dhcp_relay.h"

#include "core/mag/ipv4_fixture_for_test.h"

namespace flowmob::core {
namespace {

using dhcp::Type;

const Ipv4Address kDhcpServer = ip("203.0.113.53"), kOurRelay = ip("203.0.113.11");

/// A gateway of an LMA that wants relays, with a server to relay to.
class DhcpRelayOnTheLink : public Ipv4Gateway {
 protected:
  DhcpRelayOnTheLink() {
    auto config = dual();
    config.dhcp_servers = {kDhcpServer};
    config.dhcp_relay_address = kOurRelay;
    start(config);
    solicit();
    answer([](auto& ack) {
      assign_ipv4(ack);
      for (auto& option : ack.options)
        if (auto* mode = std::get_if<wire::Ipv4DhcpSupportMode>(&option)) *mode = {false};
    });
    EXPECT_EQ(only_binding().at("ipv4_address"), "192.0.2.2/24");
  }
  static dhcp::Message said(Type type, const char* wanted = nullptr) {
    dhcp::Message m;
    m.transaction = 7;
    m.hardware_address.assign(kNode.octets.begin(), kNode.octets.end());
    m.options[dhcp::option::kMessageType] = {static_cast<std::uint8_t>(type)};
    if (wanted) m.set(dhcp::option::kRequestedAddress, ip(wanted));
    return m;
  }
  void say(const dhcp::Message& m, const Ipv4Address& to = dhcp::kBroadcastAddress) {
    const dhcp::UdpPacket packet{kNode, kRouterMac, m.client, to, 68, 67, dhcp::encode(m)};
    gateway->handle_frame(now, kWlan, dhcp::encode(packet));
    drain();
  }
  /// What the server got last, and nothing else since then.
  dhcp::Message heard_by_server() {
    EXPECT_EQ(relayed.size(), 1U);
    if (relayed.empty()) return {};
    EXPECT_EQ(relayed[0].server, kDhcpServer);
    auto message = dhcp::decode(relayed[0].payload).value();
    relayed.clear();
    return message;
  }
  void server_says(Type type, const char* yours, dhcp::Message to, const Ipv4Address& from = kDhcpServer) {
    to.reply = true;
    to.yours = ip(yours);
    to.options[dhcp::option::kMessageType] = {static_cast<std::uint8_t>(type)};
    to.set(dhcp::option::kServerIdentifier, ip("192.0.2.1"));
    gateway->handle_dhcp_server(now, from, dhcp::encode(to));
    drain();
  }
  std::optional<dhcp::UdpPacket> heard_by_client() {
    EXPECT_EQ(ipv4_frames.size(), 1U);
    if (ipv4_frames.size() != 1) return std::nullopt;
    auto packet = dhcp::decode_udp(ipv4_frames[0].frame);
    ipv4_frames.clear();
    return packet;
  }
};

TEST_F(DhcpRelayOnTheLink, ALeaseComesFromTheServer) {
  EXPECT_EQ(notified("dhcp-relay-not-supported"), 0U);
  say(said(Type::Discover));
  EXPECT_TRUE(ipv4_frames.empty()) << "nothing of our own";
  const auto discover = heard_by_server();
  EXPECT_EQ(discover.relay, kOurRelay);
  EXPECT_EQ(dhcp::circuit_of(kOurRelay,
                             [&] {
                               auto back = discover;
                               back.reply = true;
                               return back;
                             }()),
            "wlan/" + kNode.to_string());
  server_says(Type::Offer, "192.0.2.2", discover);
  const auto offer = heard_by_client();
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->link_destination, kNode);
  EXPECT_EQ(offer->link_source, kRouterMac);
  EXPECT_EQ(offer->source, ip("192.0.2.1"));
  EXPECT_EQ(offer->destination, ip("192.0.2.2"));
  const auto offered = dhcp::decode(offer->payload).value();
  EXPECT_EQ(offered.options.at(dhcp::option::kInterfaceMtu), (Bytes{1460 >> 8, 1460 & 0xff}));
  EXPECT_EQ(offered.address_option(dhcp::option::kRouter), ip("192.0.2.1"));
  EXPECT_FALSE(offered.options.contains(dhcp::option::kAgentInformation));

  say(said(Type::Request, "192.0.2.2"));
  server_says(Type::Ack, "192.0.2.2", heard_by_server());
  EXPECT_EQ(dhcp::decode(heard_by_client()->payload)->type(), Type::Ack);
}

TEST_F(DhcpRelayOnTheLink, ARequestForAnotherAddressIsDroppedAndTold) {
  say(said(Type::Request, "192.0.2.3"));
  auto renewing = said(Type::Request);
  renewing.client = ip("192.0.2.3");
  say(renewing, ip("192.0.2.1"));
  say(said(Type::Request));
  say(said(Type::Decline, "192.0.2.3"));
  EXPECT_TRUE(relayed.empty());
  EXPECT_TRUE(ipv4_frames.empty());
  EXPECT_EQ(notified("dhcp-address-refused"), 4U);
  EXPECT_EQ(counter("drops", "dhcp-other-address"), 4U);
}

TEST_F(DhcpRelayOnTheLink, AServersOtherAddressIsDroppedAndTold) {
  say(said(Type::Discover));
  const auto discover = heard_by_server();
  server_says(Type::Offer, "192.0.2.3", discover);
  server_says(Type::Ack, "192.0.2.3", discover);
  EXPECT_TRUE(ipv4_frames.empty());
  EXPECT_EQ(notified("dhcp-server-disagrees"), 2U);
  EXPECT_EQ(last_notice("dhcp-server-disagrees").at("offered"), "192.0.2.3");
  server_says(Type::Nak, "0.0.0.0", discover);
  EXPECT_EQ(dhcp::decode(heard_by_client()->payload)->type(), Type::Nak);
}

TEST_F(DhcpRelayOnTheLink, RenewalsToTheRoutersAddressAreRelayedOthersGoThroughTheTunnel) {
  auto renewing = said(Type::Request);
  renewing.client = ip("192.0.2.2");
  say(renewing, kDhcpServer);
  EXPECT_TRUE(relayed.empty());
  say(renewing, ip("192.0.2.1"));
  EXPECT_EQ(heard_by_server().client, ip("192.0.2.2"));
}

TEST_F(DhcpRelayOnTheLink, AReleaseReachesTheServerAndDeregistersIpv4Alone) {
  updates.clear();
  auto release = said(Type::Release);
  release.client = ip("192.0.2.2");
  say(release, ip("192.0.2.1"));
  EXPECT_EQ(heard_by_server().type(), Type::Release);
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_EQ(updates[0].lifetime, 0);
  EXPECT_FALSE(asks_for_prefixes());
}

TEST_F(DhcpRelayOnTheLink, OnlyAnswersOfOurServersForOurNodesAreBelieved) {
  say(said(Type::Discover));
  const auto discover = heard_by_server();
  server_says(Type::Offer, "192.0.2.2", discover, ip("203.0.113.66"));
  EXPECT_EQ(counter("drops", "dhcp-unknown-server"), 1U);
  auto elsewhere = discover;
  elsewhere.options.erase(dhcp::option::kAgentInformation);
  server_says(Type::Offer, "192.0.2.2", elsewhere);
  elsewhere = discover;
  elsewhere.relay = ip("203.0.113.12");
  server_says(Type::Offer, "192.0.2.2", elsewhere);
  for (const char* where : {"wlan/02:00:00:00:00:77", "elsewhere/02:00:00:00:00:01", "wlan", ""}) {
    elsewhere = discover;
    const std::string name = where;
    Bytes& information = elsewhere.options[dhcp::option::kAgentInformation];
    information = {1, static_cast<std::uint8_t>(name.size())};
    information.insert(information.end(), name.begin(), name.end());
    server_says(Type::Offer, "192.0.2.2", elsewhere);
  }
  EXPECT_EQ(counter("drops", "dhcp-answer-for-nobody"), 6U);
  gateway->handle_dhcp_server(now, kDhcpServer, Bytes(10, 1));
  EXPECT_EQ(counter("drops", "dhcp-malformed"), 1U);
  EXPECT_TRUE(ipv4_frames.empty());
}

TEST_F(DhcpRelayOnTheLink, AnAnswerForANodeThatLeftIsDropped) {
  say(said(Type::Discover));
  const auto discover = heard_by_server();
  link(false);
  advance(std::chrono::seconds(1));
  drain();
  accept();
  ipv4_frames.clear();
  server_says(Type::Offer, "192.0.2.2", discover);
  EXPECT_TRUE(ipv4_frames.empty());
}

TEST_F(DhcpRelayOnTheLink, ANodeCannotFloodServersNorTheLog) {
  for (int i = 0; i < 500; ++i) {
    say(said(Type::Discover));
    say(said(Type::Request, "192.0.2.3"));
  }
  EXPECT_LE(relayed.size() + notified("dhcp-address-refused"), 20U);
  EXPECT_EQ(counter("drops", "dhcp-too-often"), 980U);
  advance(std::chrono::seconds(2));
  relayed.clear();
  say(said(Type::Discover));
  EXPECT_EQ(relayed.size(), 1U);
}

TEST_F(DhcpRelayOnTheLink, AnotherAddressOfTheRelayNeedsARestart) {
  auto config = gateway->config();
  config.dhcp_servers.push_back(ip("203.0.113.54"));
  EXPECT_TRUE(gateway->reconfigure(now, config));
  auto without = config;
  without.dhcp_servers.clear();
  EXPECT_EQ(gateway->reconfigure(now, without).error().code, "needs-restart");
  config.dhcp_relay_address = ip("203.0.113.12");
  EXPECT_EQ(gateway->reconfigure(now, config).error().code, "needs-restart");
  say(said(Type::Discover));
  EXPECT_EQ(relayed.size(), 2U) << "each server";
}

}  // namespace
}  // namespace flowmob::core
