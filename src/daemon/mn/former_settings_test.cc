// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/former_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "daemon/mn/former_states.h"
#include "platform/dataplane/attachment.h"
#include "platform/private_namespace_for_test.h"

namespace flowmob::daemon {
namespace {

using platform::Ipv6Setting;
using platform::Netlink;
using platform::testing::in_private_namespace;
using platform::testing::VethForTest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const FormerWorld kHere{"1b4e28ba", 4026531840};

FormerSettings wlan() {
  FormerSettings former{
      InterfaceIndex{3}, MacAddress::parse("02:00:00:00:01:01").value(), "wlan0", 1, 0, true, {}, false, {}};
  former.addresses.push_back({.interface = InterfaceIndex{3},
                              .address = Ipv6Address::parse("2001:db8:bad::1").value(),
                              .prefix_length = 48,
                              .preferred_lifetime = 0,
                              .no_dad = false,
                              .no_prefix_route = true});
  return former;
}

FormerSettings lte() {
  return {
      InterfaceIndex{4}, MacAddress::parse("02:00:00:00:01:02").value(), "wwan0", 2, 0, true, {}, true, {}};
}

std::string replaced(std::string text, const std::string& old, const std::string& fresh) {
  const auto at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), fresh);
}

TEST(FormerSettings, WhatIsWrittenIsRead) {
  const std::vector<FormerSettings> all{wlan(), lte()};
  EXPECT_EQ(read_former_settings(write_former_settings(kHere, all), kHere).value(), all);
  EXPECT_THAT(read_former_settings(write_former_settings(kHere, {}), kHere).value(), IsEmpty());
}

/// The kernel takes any octets as a name.
TEST(FormerSettings, ANameThatIsNoUtf8IsWrittenAllTheSame) {
  FormerSettings odd = wlan();
  odd.name = "if\xff\xc3";
  const auto read = read_former_settings(write_former_settings(kHere, {odd, lte()}), kHere).value();
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].index, odd.index);
  EXPECT_EQ(read[0].accept_ra, odd.accept_ra);
  EXPECT_EQ(read[1], lte());
}

TEST(FormerSettings, OfADeviceMore) {
  FormerSettings device = lte();
  device.device = FormerDeviceSettings{9000, 1450, -1, 2, 3, 1, {{InterfaceIndex{8}, lte().mac}}};
  device.kind = "bridge";
  device.is_assumed = true;
  const auto text = write_former_settings(kHere, {device});
  EXPECT_EQ(read_former_settings(text, kHere).value().front(), device);
  EXPECT_EQ(read_former_settings(replaced(text, "\"addr_gen_mode\": 1", "\"addr_gen_mode\": 4"), kHere)
                .error()
                .code,
            "bad-record");
}

/// An earlier version wrote none of these.
TEST(FormerSettings, RoutesAndPortsMayBeMissingAndMayNotBeNonsense) {
  FormerSettings device = lte();
  device.device.emplace();
  const auto text = write_former_settings(kHere, {device});
  auto old = text;
  for (const char* line : {"   \"is_assumed\": false,\n", "   \"routes\": [],\n", "    \"ports\": [],\n"})
    old = replaced(old, line, "");
  EXPECT_EQ(read_former_settings(old, kHere).value().front(), device);
  for (const char* routes : {"[\"zz\"]", "[\"0a\"]", "[7]", "7"})
    EXPECT_FALSE(
        read_former_settings(replaced(text, "\"routes\": []", std::string("\"routes\": ") + routes), kHere))
        << routes;
  EXPECT_FALSE(read_former_settings(replaced(text, "\"ports\": []", "\"ports\": [{\"index\": 0}]"), kHere));
}

TEST(FormerSettings, KeysOfAnotherVersionAreSkipped) {
  const auto text =
      replaced(write_former_settings(kHere, {lte()}), "\"accept_ra\"", "\"colour\": 7, \"accept_ra\"");
  EXPECT_EQ(read_former_settings(text, kHere).value().front(), lte());
}

TEST(FormerSettings, AnotherWorldsAreNotBelieved) {
  const auto text = write_former_settings(kHere, {lte()});
  EXPECT_EQ(read_former_settings(text, {"another", kHere.network_namespace}).error().code, "bad-record");
  EXPECT_EQ(read_former_settings(text, {kHere.boot, 1}).error().code, "bad-record");
}

TEST(FormerSettings, NonsenseIsNotBelieved) {
  const auto whole = write_former_settings(kHere, {wlan(), lte()});
  const std::pair<const char*, const char*> damages[] = {{"\"version\": 1", "\"version\": 2"},
                                                         {"\"accept_ra\": 1", "\"accept_ra\": 3"},
                                                         {"\"accept_ra\": 1", "\"accept_ra\": -1"},
                                                         {"\"accept_ra\": 1", "\"accept_ra\": 1.5"},
                                                         {"\"accept_ra\": 1", "\"accept_ra\": \"1\""},
                                                         {"\"index\": 3", "\"index\": 0"},
                                                         {"\"index\": 3", "\"index\": 4"},
                                                         {"\"index\": 3", "\"index\": 18446744073709551615"},
                                                         {"\"has_clsact\": false", "\"has_clsact\": 0"},
                                                         {"\"up\": true", "\"up\": 1"},
                                                         {"\"disable_ipv6\": 0", "\"disable_ipv6\": 2"},
                                                         {"\"master\": 0", "\"master\": -1"},
                                                         {"2001:db8:bad::1", "fe80::1"},
                                                         {"2001:db8:bad::1", "2001:db8:bad:"},
                                                         {"\"prefix_length\": 48", "\"prefix_length\": 129"},
                                                         {"\"mac\": \"02", "\"mac\": \"2"},
                                                         {"\"interfaces\"", "\"interface\""}};
  for (const auto& [old, fresh] : damages)
    EXPECT_EQ(read_former_settings(replaced(whole, old, fresh), kHere).error().code, "bad-record") << fresh;
  for (std::size_t length = 0; length + 2 < whole.size(); ++length)
    EXPECT_FALSE(read_former_settings(whole.substr(0, length), kHere)) << length;
  for (const char* text : {"", "[]", "null", "7", "{\"version\": 1}"})
    EXPECT_EQ(read_former_settings(text, kHere).error().code, "bad-record") << text;
  EXPECT_FALSE(read_former_settings(std::string(100'000, '['), kHere));
}

struct Folder {
  Folder() { path = ::mkdtemp(std::string("/tmp/former-XXXXXX").data()); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

TEST(FormerFile, IsThereForSomethingOnly) {
  const Folder folder;
  const FormerFile file(folder.path / "mn.sock.before");
  EXPECT_THAT(file.load().value(), IsEmpty());
  ASSERT_TRUE(file.save({wlan()}));
  ASSERT_TRUE(file.save({wlan(), lte()}));
  EXPECT_EQ(FormerFile(file.path()).load().value().size(), 2u);
  struct ::stat status {};
  ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_TRUE(file.save({}));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path));
}

TEST(FormerFile, OneThatOthersMayWriteIsNotBelieved) {
  const Folder folder;
  const FormerFile file(folder.path / "mn.sock.before");
  ASSERT_TRUE(file.save({wlan()}));
  ASSERT_EQ(::chmod(file.path().c_str(), 0622), 0);
  EXPECT_THAT(file.load().error().message, HasSubstr("somebody else"));
  ASSERT_EQ(::chmod(file.path().c_str(), 0600), 0);
  ASSERT_TRUE(file.load());
  ASSERT_EQ(::chown(file.path().c_str(), 65534, 65534), 0);
  EXPECT_EQ(file.load().error().code, "bad-record");
  std::filesystem::rename(file.path(), folder.path / "elsewhere");
  std::filesystem::create_symlink(folder.path / "elsewhere", file.path());
  EXPECT_EQ(file.load().error().code, "bad-record");
  std::filesystem::remove(file.path());
  std::filesystem::create_directory(file.path());
  EXPECT_EQ(file.load().error().code, "bad-record");
}

TEST(FormerFile, WhatCannotBeWrittenLeavesTheOldOne) {
  const Folder folder;
  const FormerFile file(folder.path / "mn.sock.before");
  ASSERT_TRUE(file.save({wlan()}));
  std::filesystem::create_directory(folder.path / "mn.sock.before.new");
  EXPECT_EQ(file.save({wlan(), lte()}).error().code, "record-failed");
  EXPECT_EQ(file.load().value().size(), 1u);
}

/// An interface in a namespace of its own, and a record.
struct OneInterface {
  OneInterface() : netlink(Netlink::open().value()), veth(netlink, "if1", "far1"), index(veth.here.index) {
    EXPECT_TRUE(platform::set_ipv6("if1", Ipv6Setting::AcceptRa, 2));
  }
  FormerStates states() { return {netlink, folder.path / "record"}; }
  platform::Link link() { return netlink.link(index).value(); }
  int accept_ra() { return platform::get_ipv6(link().name, Ipv6Setting::AcceptRa).value(); }
  void change() {
    EXPECT_TRUE(platform::set_ipv6("if1", Ipv6Setting::AcceptRa, 0));
    EXPECT_EQ(dataplane::attach({"if1", dataplane::Hook::Ingress, "none", 0}, -1).error().code, "tc-attach");
    EXPECT_TRUE(netlink.has_ingress_qdisc(index).value()) << "a failed attachment leaves its clsact";
  }

  void edit_record(const std::string& old, const std::string& fresh) {
    const auto path = folder.path / "record";
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    std::ofstream(path) << replaced(text.str(), old, fresh);
  }

  Folder folder;
  Netlink netlink;
  VethForTest veth;
  InterfaceIndex index;
};

TEST(FormerStates, ASuccessorRestoresWhatItsPredecessorNoted) {
  in_private_namespace([] {
    OneInterface one;
    const platform::InterfaceAddress address{
        .interface = one.index, .address = Ipv6Address::parse("2001:db8::1").value(), .no_dad = false};
    ASSERT_TRUE(one.netlink.ensure_address(address));
    ASSERT_TRUE(one.states().note(one.link()));
    one.change();
    ASSERT_TRUE(one.netlink.remove_address(one.index, address.address, 64));
    FormerStates successor = one.states();
    ASSERT_TRUE(successor.load());
    ASSERT_TRUE(successor.note(one.link()));
    EXPECT_THAT(successor.fresh(), IsEmpty()) << "how it was is known";
    ASSERT_TRUE(successor.restore(one.index));
    EXPECT_EQ(one.accept_ra(), 2);
    EXPECT_FALSE(one.netlink.has_ingress_qdisc(one.index).value());
    const auto standing = one.netlink.addresses(one.index).value();
    EXPECT_EQ(std::ranges::count(standing, address.address, &platform::InterfaceAddress::address), 1);
    EXPECT_FALSE(std::filesystem::exists(one.folder.path / "record"));
  });
}

TEST(FormerStates, RoutesComeBackWithAnotherThatLeadsToTheirGateway) {
  in_private_namespace([] {
    OneInterface one;
    ASSERT_EQ(std::system("ip -6 route add 2001:db8:5::/64 dev if1 && "
                          "ip -6 route add 2001:db8:6::/64 via 2001:db8:5::9 dev if1"),
              0);
    const auto before = one.netlink.foreign_routes(one.index).value();
    ASSERT_EQ(before.size(), 2u);
    ASSERT_TRUE(one.states().note(one.link()));
    ASSERT_TRUE(platform::set_ipv6("if1", Ipv6Setting::DisableIpv6, 1));
    EXPECT_THAT(one.netlink.foreign_routes(one.index).value(), IsEmpty());
    FormerStates successor = one.states();
    ASSERT_TRUE(successor.load());
    ASSERT_TRUE(successor.restore(one.index));
    EXPECT_EQ(one.netlink.foreign_routes(one.index).value(), before);
  });
}

TEST(FormerStates, OneThatWasOursAlreadyHasTheKernelsDefaults) {
  in_private_namespace([] {
    OneInterface one;
    ASSERT_TRUE(platform::set_ipv6("default", Ipv6Setting::AcceptRa, 2));
    one.change();
    FormerStates states = one.states();
    ASSERT_TRUE(states.assume(one.link()));
    EXPECT_THAT(states.fresh(), IsEmpty());
    EXPECT_EQ(states.assumed(), std::vector<std::string>{"if1"});
    FormerStates successor = one.states();
    ASSERT_TRUE(successor.load());
    ASSERT_TRUE(successor.note(one.link()));
    EXPECT_EQ(successor.assumed(), std::vector<std::string>{"if1"}) << "that is not forgotten";
    ASSERT_TRUE(successor.restore(one.index));
    EXPECT_EQ(one.accept_ra(), 2);
    EXPECT_FALSE(one.netlink.has_ingress_qdisc(one.index).value());
  });
}

TEST(FormerStates, WhatIsKnownIsNotAssumed) {
  in_private_namespace([] {
    OneInterface one;
    FormerStates states = one.states();
    ASSERT_TRUE(states.note(one.link()));
    one.change();
    ASSERT_TRUE(states.assume(one.link()));
    EXPECT_THAT(states.assumed(), IsEmpty());
    ASSERT_TRUE(states.restore(one.index));
    EXPECT_EQ(one.accept_ra(), 2);
  });
}

TEST(FormerStates, AnotherInterfaceWithItsIndexIsLeftAlone) {
  in_private_namespace([] {
    OneInterface one;
    ASSERT_TRUE(one.states().note(one.link()));
    one.change();
    ASSERT_TRUE(one.netlink.set_mac(one.index, MacAddress::parse("02:00:00:00:00:77").value()));
    FormerStates successor = one.states();
    ASSERT_TRUE(successor.load());
    EXPECT_EQ(successor.statistics(), (platform::Json{{"known", 0}, {"refused", 1}}));
    ASSERT_TRUE(successor.restore(one.index));
    EXPECT_EQ(one.accept_ra(), 0);
  });
}

TEST(FormerStates, OneThatChangesItsAddressInOurTimeIsTheSame) {
  in_private_namespace([] {
    OneInterface one;
    FormerStates states = one.states();
    ASSERT_TRUE(states.note(one.link()));
    one.change();
    ASSERT_TRUE(one.netlink.set_mac(one.index, MacAddress::parse("02:00:00:00:00:77").value()));
    ASSERT_TRUE(states.note(one.link()));
    FormerStates successor = one.states();
    ASSERT_TRUE(successor.load());
    ASSERT_TRUE(successor.restore(one.index));
    EXPECT_EQ(one.accept_ra(), 2);
  });
}

TEST(FormerStates, ABrokenFileCountsAndMakesWay) {
  in_private_namespace([] {
    OneInterface one;
    std::ofstream(one.folder.path / "record") << "{";
    ::chmod((one.folder.path / "record").c_str(), 0600);
    FormerStates states = one.states();
    EXPECT_EQ(states.load().error().code, "bad-record");
    EXPECT_EQ(states.statistics(), (platform::Json{{"known", 0}, {"refused", 1}}));
    EXPECT_FALSE(std::filesystem::exists(one.folder.path / "record"));
    ASSERT_TRUE(states.note(one.link()));
    EXPECT_TRUE(one.states().load());
  });
}

TEST(FormerStates, NothingIsNotedThatCannotBeKept) {
  in_private_namespace([] {
    OneInterface one;
    FormerStates states(one.netlink, one.folder.path / "nowhere" / "record");
    EXPECT_EQ(states.note(one.link()).error().code, "record-failed");
    EXPECT_THAT(states.known(), IsEmpty());
  });
}

TEST(FormerStates, WithoutIpv6ThereIsNothingToRestore) {
  in_private_namespace([] {
    OneInterface one;
    FormerStates states = one.states();
    ASSERT_TRUE(states.note(one.link()));
    one.change();
    ASSERT_TRUE(one.netlink.set_mtu(one.index, 1200));
    EXPECT_TRUE(states.restore(one.index));
    EXPECT_FALSE(one.netlink.has_ingress_qdisc(one.index).value());
    EXPECT_THAT(states.known(), IsEmpty());
  });
}

TEST(FormerStates, AnAddressThatIsRefusedIsSaidAndTheRestIsDone) {
  in_private_namespace([] {
    OneInterface one;
    const platform::InterfaceAddress address{.interface = one.index,
                                             .address = Ipv6Address::parse("2001:db8::1").value()};
    ASSERT_TRUE(one.netlink.ensure_address(address));
    ASSERT_TRUE(one.states().note(one.link()));
    one.change();
    one.edit_record("\"disable_ipv6\": 0", "\"disable_ipv6\": 1");
    FormerStates states = one.states();
    ASSERT_TRUE(states.load());
    EXPECT_FALSE(states.restore(one.index)) << "there is no IPv6 for an address";
    EXPECT_EQ(one.accept_ra(), 2);
    EXPECT_EQ(states.known().size(), 1u) << "it may be tried again";
  });
}

TEST(FormerStates, SomebodyElsesClsactStays) {
  in_private_namespace([] {
    OneInterface one;
    one.change();
    FormerStates states = one.states();
    ASSERT_TRUE(states.note(one.link()));
    ASSERT_TRUE(states.restore(one.index));
    EXPECT_TRUE(one.netlink.has_ingress_qdisc(one.index).value()) << "it was there before";
  });
}

}  // namespace
}  // namespace flowmob::daemon
