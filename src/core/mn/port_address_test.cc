// SPDX-License-Identifier: Apache-2.0
#include "core/mn/port_address.h"

#include "core/mn/lif_fixture_for_test.h"
#include "core/mn/own_address.h"
#include "wire/checksum.h"

/// Ports' own addresses are looked for before they are used, and their groups are told.
namespace flowmob::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Ipv6Address kFirst = link_local_of(kMac1);
const Ipv6Address kReporters = Ipv6Address::parse("ff02::16").value();
const MacAddress kOtherMac = MacAddress::parse("02:00:00:00:09:09").value();

MnConfig ports_asking_routers() {
  auto config = configuration();
  config.members_are_ports = true;
  config.router_probe_interval = 1s;
  return config;
}

class PortAddresses : public Lif {
 protected:
  PortAddresses() : Lif(ports_asking_routers()) { link(kIf1, true); }

  std::vector<SendFromPort> probes() { return said(false); }
  std::vector<SendFromPort> reports() { return said(true); }
  Ipv6Address probed() {
    const auto all = probes();
    EXPECT_THAT(all, SizeIs(1));
    if (all.empty()) return {};
    const auto read = wire::decode_nd(all[0].icmpv6, all[0].source, all[0].destination).value();
    return std::get<wire::NeighborSolicitation>(read).target;
  }
  /// Another node's.
  void put(const wire::NdMessage& message, const Ipv6Address& source, const Ipv6Address& destination,
           const MacAddress& from = kOtherMac, std::uint8_t hop_limit = 255) {
    lif_.handle_neighbor_discovery(now_, {source, destination, kIf1, from, hop_limit},
                                   wire::encode_nd(message, source, destination));
  }
  void probe_of_another(const Ipv6Address& target, const MacAddress& from = kOtherMac) {
    put(wire::NeighborSolicitation{target, {}}, {}, solicited_node(target), from);
  }
  void owner_speaks(const Ipv6Address& target) {
    put(wire::NeighborAdvertisement{false, false, true, target, {}}, target, kAllNodes);
  }
  void question(const Ipv6Address& target) {
    put(wire::NeighborSolicitation{target, {}}, kFixedRouter, target);
  }
  void query(const Ipv6Address& group, std::uint16_t code = 1000, bool is_version1 = false,
             std::uint8_t hop_limit = 1) {
    Bytes message{130, 0, 0, 0, static_cast<std::uint8_t>(code >> 8U), static_cast<std::uint8_t>(code), 0, 0};
    append(message, group.octets);
    if (!is_version1) append(message, Bytes{2, 125, 0, 0});
    const auto checksum = wire::ipv6_checksum(kFixedRouter, kAllNodes, 58, message);
    message[2] = static_cast<std::uint8_t>(checksum >> 8U);
    message[3] = static_cast<std::uint8_t>(checksum);
    lif_.handle_neighbor_discovery(now_, {kFixedRouter, kAllNodes, kIf1, kFixedMac, hop_limit}, message);
  }
  void settle() {
    pass(3s);
    forget();
  }

 private:
  std::vector<SendFromPort> said(bool is_report) {
    std::vector<SendFromPort> wanted;
    for (auto& one : asked<SendFromPort>()) (one.is_report == is_report ? wanted : others_).push_back(one);
    std::vector<SendFromPort> kept;
    for (auto& one : others_) (one.is_report == is_report ? wanted : kept).push_back(one);
    others_ = kept;
    return wanted;
  }
  std::vector<SendFromPort> others_;
};

/// [type, group] of each record.
std::vector<std::pair<int, Ipv6Address>> records(const SendFromPort& report) {
  EXPECT_EQ(wire::ipv6_checksum(report.source, report.destination, 58, report.icmpv6), 0);
  EXPECT_EQ(report.icmpv6.at(0), 143);
  std::vector<std::pair<int, Ipv6Address>> all;
  for (std::size_t at = 8; at + 20 <= report.icmpv6.size(); at += 20)
    all.emplace_back(report.icmpv6[at], Ipv6Address::from_bytes(ByteView(report.icmpv6).subspan(at + 4, 16)));
  EXPECT_EQ(all.size(), static_cast<std::size_t>(report.icmpv6.at(7)));
  return all;
}

TEST_F(PortAddresses, AreProbedForOnceWithoutASource) {
  const auto all = probes();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_TRUE(all[0].source.is_unspecified());
  EXPECT_EQ(all[0].destination, solicited_node(kFirst));
  EXPECT_EQ(all[0].link_destination, MacAddress::parse("33:33:ff:00:01:01").value());
  EXPECT_EQ(all[0].link_source, kMac1);
  pass(10s);
  EXPECT_THAT(probes(), IsEmpty());
}

TEST_F(PortAddresses, SayNothingWhileTheyAreTentative) {
  advertise(kIf1);
  question(kFirst);
  pass(999ms);
  question(kFirst);
  EXPECT_THAT(asked<AnswerNeighbor>(), IsEmpty());
  for (const auto& report : reports()) EXPECT_TRUE(report.source.is_unspecified());
  EXPECT_THAT(asked<AskRouter>(), IsEmpty());
  pass(1ms);
  question(kFirst);
  EXPECT_THAT(asked<AnswerNeighbor>(), SizeIs(1));
}

TEST_F(PortAddresses, ARouterIsNotBlamedWhileThereIsNoAddressToAskFrom) {
  advertise(kIf1);
  for (unsigned i = 0; i < PortAddress::kTries; ++i) owner_speaks(probed());
  pass(30s);
  EXPECT_THAT(asked<AskRouter>(), IsEmpty());
  EXPECT_EQ(links()["links"][0]["router_silent"], false);
}

TEST_F(PortAddresses, OfSomebodyElseAreGivenUp) {
  owner_speaks(kFirst);
  const auto told = asked<Notify>();
  ASSERT_EQ(told.back().event, "member-address-conflict");
  EXPECT_EQ(told.back().fields["address"], kFirst.to_string());
  const auto all = probes();
  ASSERT_THAT(all, SizeIs(2)) << "the first one, and another";
  const auto second = Ipv6Address::parse(told.back().fields["next"].get<std::string>()).value();
  EXPECT_NE(second, kFirst);
  EXPECT_TRUE(second.is_link_local());
  const auto joined = reports();
  EXPECT_THAT(records(joined.back()),
              ElementsAre(std::pair(4, solicited_node(second)), std::pair(3, solicited_node(kFirst))));
  pass(1s);
  question(kFirst);
  EXPECT_THAT(asked<AnswerNeighbor>(), IsEmpty());
  question(second);
  EXPECT_THAT(asked<AnswerNeighbor>(), SizeIs(1));
}

TEST_F(PortAddresses, ThatAnotherProbesForAreGivenUp) {
  forget();
  probe_of_another(kFirst, kMac1);
  EXPECT_THAT(events(), IsEmpty()) << "its own probe, come back";
  question(kFirst);
  EXPECT_THAT(events(), IsEmpty()) << "no probe";
  probe_of_another(kFirst);
  EXPECT_THAT(events(), ElementsAre("member-address-conflict"));
}

TEST_F(PortAddresses, AreDefendedOnceTheyAreOurs) {
  settle();
  probe_of_another(kFirst);
  owner_speaks(kFirst);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_THAT(asked<AnswerNeighbor>(), SizeIs(1));
}

TEST_F(PortAddresses, AreTriedSoManyTimesUntilTheLinkComesUpAgain) {
  for (unsigned i = 0; i < PortAddress::kTries; ++i) owner_speaks(probed());
  const auto told = asked<Notify>();
  EXPECT_TRUE(told.back().fields["next"].is_null());
  pass(60s);
  EXPECT_THAT(probes(), IsEmpty());
  link(kIf1, false);
  link(kIf1, true);
  EXPECT_EQ(probed(), kFirst);
}

TEST_F(PortAddresses, TheirGroupIsToldTwiceBeforeAndTwiceAfter) {
  pass(10s);
  const auto all = reports();
  ASSERT_THAT(all, SizeIs(4));
  for (const auto& report : all) {
    EXPECT_EQ(report.destination, kReporters);
    EXPECT_EQ(report.link_destination, MacAddress::parse("33:33:00:00:00:16").value());
    EXPECT_THAT(records(report), ElementsAre(std::pair(4, solicited_node(kFirst))));
  }
  EXPECT_TRUE(all[1].source.is_unspecified());
  EXPECT_EQ(all[2].source, kFirst);
  EXPECT_EQ(all[3].source, kFirst);
}

TEST_F(PortAddresses, QueriesAreAnsweredInTime) {
  settle();
  for (const auto& group : {Ipv6Address{}, solicited_node(kFirst)}) {
    query(group, 1000);
    query(group, 1000);
    pass(1s);
    const auto all = reports();
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_THAT(records(all[0]), ElementsAre(std::pair(2, solicited_node(kFirst))));
    EXPECT_EQ(all[0].source, kFirst);
  }
  query(Ipv6Address::parse("ff02::1:ff00:102").value());
  query({}, 1000, false, 255);
  pass(10s);
  EXPECT_THAT(reports(), IsEmpty());
  EXPECT_EQ(drops("group-query"), 1u);
}

TEST_F(PortAddresses, WhoeverAsksByVersion1IsAnsweredByIt) {
  settle();
  query({}, 1000, true);
  pass(1s);
  const auto all = reports();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].icmpv6.at(0), 131);
  EXPECT_EQ(all[0].destination, solicited_node(kFirst));
  EXPECT_EQ(wire::ipv6_checksum(all[0].source, all[0].destination, 58, all[0].icmpv6), 0);
}

TEST_F(PortAddresses, QueriesAreAnsweredNoFasterThanQuestions) {
  settle();
  for (int i = 0; i < 1000; ++i) query({}, 0);
  EXPECT_THAT(reports(), SizeIs(testing::AllOf(testing::Ge(1U), testing::Le(51U))));
}

TEST_F(PortAddresses, FollowTheirLinkLayerAddress) {
  const auto mac = MacAddress::parse("02:00:00:00:08:08").value();
  settle();
  static_cast<void>(probes());
  auto config = ports_asking_routers();
  config.members[0].mac = mac;
  ASSERT_TRUE(lif_.reconfigure(now_, config, 0s));
  EXPECT_EQ(probed(), link_local_of(mac));
  pass(1s);
  question(link_local_of(mac));
  EXPECT_THAT(asked<AnswerNeighbor>(), SizeIs(1));
}

}  // namespace
}  // namespace flowmob::core
