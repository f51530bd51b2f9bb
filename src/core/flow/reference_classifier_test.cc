// SPDX-License-Identifier: Apache-2.0
#include "core/flow/reference_classifier.h"

#include <gtest/gtest.h>

namespace flowmob::core {
namespace {

constexpr FlowIndex kFallbackFlow{1}, kUdpFlow{2}, kPortFlow{3};

/// UDP from port 5004 to 4000.
Bytes datagram(std::string_view from, std::string_view to, std::uint8_t first_port_octet = 0x13) {
  Bytes octets{0x60, 0, 0, 0, 0, 8, 17, 63};
  append(octets, Ipv6Address::parse(from).value().octets);
  append(octets, Ipv6Address::parse(to).value().octets);
  append(octets, Bytes{first_port_octet, 0x8c, 0x0f, 0xa0, 0, 8, 0, 0});
  return octets;
}
constexpr std::string_view kPeer = "2001:db8:c::10", kHomeAddress = "2001:db8:100::10";

InstallNode node_with(std::uint32_t order_of_udp, std::uint32_t order_of_port) {
  wire::TrafficSelector6 udp, port;
  udp.next_header = {17, 17};
  port.source_port = {5004, 5005};
  InstallNode node;
  node.default_flow = kFallbackFlow;
  node.rules = {{order_of_udp, kUdpFlow, udp}, {order_of_port, kPortFlow, port}};
  return node;
}

FlowIndex flow_down(const InstallNode& node, const Bytes& octets) {
  FirstFragments fragments;
  const auto found = classify_downlink(node, octets, fragments);
  return found ? found->flow : FlowIndex{};
}

TEST(ReferenceClassifier, TheLowestOrderThatMatchesWins) {  // RFC 6089 section 5.3.6
  const auto packet = datagram(kPeer, kHomeAddress);
  EXPECT_EQ(flow_down(node_with(10, 20), packet), kUdpFlow);
  EXPECT_EQ(flow_down(node_with(20, 10), packet), kPortFlow);
  EXPECT_EQ(flow_down(node_with(10, 10), packet), kUdpFlow) << "of equals the first in the list";
  EXPECT_EQ(flow_down(node_with(20, 10), datagram(kPeer, kHomeAddress, 0x14)), kUdpFlow);
}

TEST(ReferenceClassifier, WhatNoRuleMatchesIsTheDefaultFlows) {
  auto node = node_with(10, 20);
  auto tcp = datagram(kPeer, kHomeAddress, 0x14);
  tcp[6] = 6;
  EXPECT_EQ(flow_down(node, tcp), kFallbackFlow);
  node.default_flow = {};
  FirstFragments fragments;
  EXPECT_EQ(classify_downlink(node, tcp, fragments).error().code, "no-flow");
  EXPECT_EQ(classify_downlink(node, Bytes(12, 0x60), fragments).error().code, "malformed");
  EXPECT_EQ(classify_downlink(node, {}, fragments).error().code, "not-ip");
}

TEST(ReferenceClassifier, UplinkIsOfTheFlowOfItsAnswer) {
  auto sent = datagram(kHomeAddress, kPeer);
  const auto node = node_with(20, 10);
  FirstFragments fragments;
  EXPECT_EQ(classify_uplink(node, sent, fragments)->flow, kUdpFlow) << "5004 is its source port";
  std::swap_ranges(sent.begin() + 40, sent.begin() + 42, sent.begin() + 42);
  const auto found = classify_uplink(node, sent, fragments);
  EXPECT_EQ(found->flow, kPortFlow);
  EXPECT_EQ(to_string(found->key), "udp,2001:db8:c::10,5004,2001:db8:100::10,4000");
}

TEST(ReferenceClassifier, ErrorsAreOfTheFlowTheyQuoteBothWays) {  // docs/adr/0065
  const auto about = [](const Bytes& quote, std::string_view from, std::string_view to) {
    auto octets = datagram(from, to);
    octets.resize(40);
    octets[5] = static_cast<std::uint8_t>(8 + quote.size());
    octets[6] = 58;
    append(octets, Bytes{1, 0, 0, 0, 0, 0, 0, 0});
    append(octets, quote);
    return octets;
  };
  auto sent = datagram(kHomeAddress, kPeer);
  std::swap_ranges(sent.begin() + 40, sent.begin() + 42, sent.begin() + 42);
  const auto node = node_with(20, 10);
  FirstFragments fragments;
  const auto down = classify_downlink(node, about(sent, "2001:db8:e::1", kHomeAddress), fragments);
  EXPECT_TRUE(down->is_quoted);
  EXPECT_EQ(down->flow, kPortFlow);
  const auto up = classify_uplink(node, about(datagram(kPeer, kHomeAddress), kHomeAddress, kPeer), fragments);
  EXPECT_TRUE(up->is_quoted);
  EXPECT_EQ(up->flow, kPortFlow);
}

TEST(ReferenceClassifier, AllFragmentsGoTheWayOfTheFirst) {  // RFC 6089 section 5.3.6
  const auto node = node_with(20, 10);
  FirstFragments fragments;
  const auto piece = [](std::uint8_t offset_and_more, const Bytes& rest) {
    auto octets = datagram(kPeer, kHomeAddress);
    octets.resize(40);
    octets[5] = static_cast<std::uint8_t>(8 + rest.size());
    octets[6] = 44;
    append(octets, Bytes{17, 0, 0, offset_and_more, 0, 0, 0, 9});
    append(octets, rest);
    return octets;
  };
  const auto later = piece(64, Bytes(16, 0xff));
  EXPECT_EQ(classify_downlink(node, later, fragments)->flow, kUdpFlow);
  EXPECT_EQ(classify_downlink(node, piece(1, Bytes{0x13, 0x8c, 0x0f, 0xa0}), fragments)->flow, kPortFlow);
  EXPECT_EQ(classify_downlink(node, later, fragments)->flow, kPortFlow);
}

}  // namespace
}  // namespace flowmob::core
