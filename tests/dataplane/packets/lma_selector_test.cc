// SPDX-License-Identifier: Apache-2.0
#include "lma_bench.h"

namespace flowmob::dataplane::testing {
namespace {

/// One field of an RFC 6088 selector, a packet it holds for and one just outside.
struct SelectorCase {
  std::string name;
  wire::TrafficSelector6 selector;
  Packet inside, outside;
};

Packet plain() { return Packet().from(kCn).to(kNode).udp(5004, 4000).payload(64); }

template <class Set>
wire::TrafficSelector6 selector(Set set) {
  wire::TrafficSelector6 made;
  set(made);
  return made;
}

Packet esp(std::uint32_t spi) {
  Bytes upper(40);
  for (int i = 0; i < 4; ++i)
    upper[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(spi >> (24 - 8 * i));
  return Packet().from(kCn).to(kNode).upper(50, upper);
}

std::vector<SelectorCase> cases() {
  return {
      {"Source", selector([](auto& s) {
         s.source = {ip("2001:db8:c::10"), ip("2001:db8:c::1f")};
       }),
       plain().from("2001:db8:c::1f"), plain().from("2001:db8:c::20")},
      {"SourceBelow", selector([](auto& s) {
         s.source = {ip("2001:db8:c::10"), ip("2001:db8:d::")};
       }),
       plain().from("2001:db8:c:ffff::"), plain().from("2001:db8:c::f")},
      {"Destination", selector([](auto& s) {
         s.destination = {ip("2001:db8:100::10"), ip("2001:db8:100::10")};
       }),
       plain(), plain().to("2001:db8:100::11")},
      {"Spi", selector([](auto& s) {
         s.spi = {0x1000, 0x80000000};
       }),
       esp(0x80000000), esp(0xfff)},
      {"SpiNeedsSpi", selector([](auto& s) {
         s.spi = {0, 0xffffffff};
       }),
       esp(0), plain()},
      {"SpiOfAhWhateverIsBehind", selector([](auto& s) {
         s.spi = {0x1000, 0x1fff};
       }),
       Packet(plain()).echo_request(0xfff).authentication(0x1000),
       Packet(plain()).echo_request(0x1000).authentication(0xfff)},
      {"FlowLabel", selector([](auto& s) {
         s.flow_label = {0x80000, 0xfffff};
       }),
       plain().flow_label(0xfffff), plain().flow_label(0x7ffff)},
      {"SourcePort", selector([](auto& s) {
         s.source_port = {5004, 5005};
       }),
       Packet(plain()).tcp(5005, 9), Packet(plain()).udp(5006, 9)},
      {"DestinationPort", selector([](auto& s) {
         s.destination_port = {4000, 65535};
       }),
       Packet(plain()).udp(9, 65535), Packet(plain()).udp(9, 3999)},
      {"PortsNeedPorts", selector([](auto& s) {
         s.source_port = {0, 65535};
       }),
       plain(), esp(1)},
      {"TrafficClass", selector([](auto& s) {
         s.traffic_class = {46, 46};
       }),
       plain().dscp(46).ecn(3), plain().dscp(45)},
      {"NextHeader", selector([](auto& s) {
         s.next_header = {6, 6};
       }),
       Packet(plain()).tcp(1, 2), plain()},
      {"UpperNextHeader", selector([](auto& s) {
         s.next_header = {17, 17};
       }),
       plain().destination_options(), Packet(plain()).tcp(1, 2).destination_options()},
      {"Icmp", selector([](auto& s) {
         s.next_header = {58, 58};
       }),
       Packet(plain()).echo_request(7), plain()},
      {"AllAtOnce", selector([](auto& s) {
         s.source = {ip(kCn), ip(kCn)};
         s.source_port = {5004, 5004};
         s.next_header = {17, 17};
       }),
       plain(), Packet(plain()).tcp(5004, 4000)},
  };
}

class Selector : public LmaBench, public ::testing::WithParamInterface<SelectorCase> {};

TEST_P(Selector, HoldsInsideItsRangesOnly) {
  install_rules({{10, kVideo, GetParam().selector}});
  for (int again = 0; again < 2; ++again) {  // by the rules, then by the cache
    EXPECT_EQ(tunnel_of(from_core(GetParam().inside.build())), kMag1);
    EXPECT_EQ(tunnel_of(from_core(GetParam().outside.build())), kMag2);
  }
}

/// However many selectors there are: a flow that was found is not looked for again.
TEST_F(LmaBench, WhatIsCachedNeedsNoRules) {
  std::vector<core::ClassifierRule> rules;
  for (std::uint16_t number = 0; number < 63; ++number) {
    wire::TrafficSelector6 other;
    other.source_port = {number, number};
    rules.push_back({static_cast<std::uint16_t>(number + 1), kDefault, other});
  }
  wire::TrafficSelector6 last;
  last.source_port = {5004, 5004};
  rules.push_back({64, kVideo, last});
  install_rules(rules);
  EXPECT_EQ(tunnel_of(from_core(plain().build())), kMag1);
  BpfMap<fm_rule_key, fm_rule> rows(lma_->object(), "rules");
  for (const auto& key : rows.keys()) must(rows.erase(key));
  EXPECT_EQ(tunnel_of(from_core(plain().build())), kMag1);
  EXPECT_EQ(tunnel_of(from_core(plain().udp(5004, 4001).build())), kMag2)
      << "another flow, for which there are none";
}

INSTANTIATE_TEST_SUITE_P(Rfc6088, Selector, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace flowmob::dataplane::testing
