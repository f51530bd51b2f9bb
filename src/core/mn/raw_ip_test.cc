// SPDX-License-Identifier: Apache-2.0
// Members that are point-to-point links without link-layer addresses.
#include "core/mn/lif_fixture_for_test.h"

namespace flowmob::core {
namespace {

/// if1 is one of them, and preferred; if2 is Ethernet.
MnConfig with_raw_ip() {
  MnConfig config = configuration();
  config.members[0].raw_ip = true;
  config.router_probe_interval = 1s;
  return config;
}

class RawIp : public Lif {
 protected:
  RawIp() : Lif(with_raw_ip()) {}
  Json row(std::size_t place) { return links()["links"][place]; }
};

TEST_F(RawIp, ItsRouterHasAMadeUpAddressWhateverItSays) {
  link(kIf1, true);
  advertise(kIf1);
  const auto routers = asked<EnsureDefaultRouter>();
  ASSERT_EQ(routers.size(), 1u);
  EXPECT_EQ(routers[0].router, kFixedRouter);
  EXPECT_EQ(routers[0].mac, kMadeUpRouterMac) << "not that of the option, which is not for this link";
  const auto rows = asked<InstallMember>();
  ASSERT_FALSE(rows.empty());
  for (const auto& told : rows) {
    EXPECT_TRUE(told.raw_ip);
    EXPECT_EQ(told.router, kMadeUpRouterMac) << "also before the first advertisement";
  }
  EXPECT_EQ(row(0)["raw_ip"], true);
  EXPECT_TRUE(row(0)["router_mac"].is_null());
  EXPECT_EQ(row(1)["raw_ip"], false);
}

TEST_F(RawIp, AnotherAddressInTheOptionIsNoOtherRouter) {
  link(kIf1, true);
  advertise(kIf1);
  forget();
  advertise(kIf1, {.mac = kMac2, .mtu = 1400});
  EXPECT_EQ(drops("not-our-router"), 0u);
  EXPECT_TRUE(asked<EnsureDefaultRouter>().empty());
  EXPECT_EQ(asked<SetInterfaceMtu>().at(0).mtu, 1400u);
}

TEST_F(RawIp, OneRouterHasOneAddressWhateverTheMembers) {
  link(kIf2, true);
  advertise(kIf2);
  EXPECT_EQ(asked<EnsureDefaultRouter>().at(0).mac, kFixedMac);
  link(kIf1, true);
  advertise(kIf1);
  EXPECT_EQ(row(0)["default"], true);
  EXPECT_TRUE(asked<EnsureDefaultRouter>().empty()) << "the default member is another now, the router is not";
  link(kIf2, false);
  EXPECT_EQ(asked<EnsureDefaultRouter>().at(0).mac, kMadeUpRouterMac) << "nobody has seen another";
  link(kIf2, true);
  advertise(kIf2);
  EXPECT_EQ(asked<EnsureDefaultRouter>().at(0).mac, kFixedMac);
}

TEST_F(RawIp, AnotherRouterOnEthernetDoesNotLendItsAddress) {
  link(kIf2, true);
  advertise(kIf2, {.router = Ipv6Address::parse("fe80::2").value()});
  link(kIf1, true);
  advertise(kIf1);
  const auto routers = asked<EnsureDefaultRouter>();
  EXPECT_EQ(routers.back().router, kFixedRouter);
  EXPECT_EQ(routers.back().mac, kMadeUpRouterMac);
}

TEST_F(RawIp, ItsRouterIsAskedWithoutAddresses) {
  both_attached();
  pass(1500ms);
  const auto questions = asked<AskRouter>();
  ASSERT_EQ(questions.size(), 2u);
  for (const auto& question : questions) EXPECT_EQ(question.raw_ip, question.interface == kIf1);
}

TEST_F(RawIp, DiscoverySaysThatThereIsNoAddress) {
  link(kIf1, true);
  advertise(kIf1);
  std::vector<Json> discovered;
  for (const auto& told : asked<Notify>())
    if (told.event == "router-discovered") discovered.push_back(told.fields);
  ASSERT_EQ(discovered.size(), 1u);
  EXPECT_TRUE(discovered[0].at("router_mac").is_null());
}

}  // namespace
}  // namespace flowmob::core
