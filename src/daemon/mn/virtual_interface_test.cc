// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/virtual_interface.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "daemon/mn/former_states.h"
#include "platform/dataplane/attachment.h"
#include "platform/private_namespace_for_test.h"

namespace flowmob::daemon {
namespace {

using platform::Ipv6Setting;
using platform::Link;
using platform::Netlink;
using platform::testing::in_private_namespace;
using platform::testing::VethForTest;

/// A bridge as the virtual interface, and what may be its port.
struct BridgeAndPort {
  BridgeAndPort() : netlink(Netlink::open().value()), veth(netlink, "if1", "far1") {
    std::string name = "/tmp/flowmob-vif-XXXXXX";
    folder = ::mkdtemp(name.data());
  }
  ~BridgeAndPort() { std::filesystem::remove_all(folder); }
  BridgeAndPort(const BridgeAndPort&) = delete;
  BridgeAndPort& operator=(const BridgeAndPort&) = delete;

  VirtualInterface interface(VifBackend backend = VifBackend::Bridge) {
    return {netlink, {"vif0", MacAddress::parse("02:00:00:00:00:01").value(), backend, record()}};
  }
  VirtualInterface taken_bridge() {
    make_bridge("vif0", "");
    EXPECT_TRUE(platform::set_ipv6("default", Ipv6Setting::AcceptRa, 2));
    EXPECT_TRUE(platform::set_ipv6("vif0", Ipv6Setting::AcceptDad, 2));
    VirtualInterface taken = interface();
    EXPECT_TRUE(taken.ensure({"if1"}, {}, false));
    EXPECT_EQ(vif_setting(Ipv6Setting::AcceptDad), 0);
    return taken;
  }
  static int vif_setting(Ipv6Setting setting) { return platform::get_ipv6("vif0", setting).value(); }
  /// Nobody believes it.
  void break_record() { std::filesystem::permissions(record(), std::filesystem::perms::all); }
  std::filesystem::path record() const { return folder / "device"; }
  FormerStates states() { return {netlink, folder / "record"}; }
  Link link(const char* name = "if1") { return netlink.link(name).value(); }
  bool is_there(const char* name) { return netlink.link(name).has_value(); }
  Link make_bridge(const char* name, const char* alias) {
    EXPECT_TRUE(
        netlink.create_master({name, "bridge", MacAddress::parse("02:00:00:00:00:02").value(), alias}));
    EXPECT_TRUE(netlink.set_up(link(name).index, true));
    return link(name);
  }

  Netlink netlink;
  VethForTest veth;
  std::filesystem::path folder;
};

TEST(VirtualInterface, AnAnnouncementFromBeforeAnotherTookTheLinkIsNotBelieved) {
  in_private_namespace([] {
    BridgeAndPort world;
    VirtualInterface interface = world.interface();
    ASSERT_TRUE(interface.ensure({"if1"}, {}, false));
    const Link stale = world.link();
    const Link other = world.make_bridge("br9", "");
    ASSERT_TRUE(world.netlink.set_master(stale.index, other.index));
    EXPECT_EQ(interface.take_port(stale).error().code, "has-master");
    EXPECT_EQ(world.link().master, other.index) << "it is the other's still";
  });
}

TEST(VirtualInterface, ADeviceWithoutItsMarkIsNotDeleted) {
  in_private_namespace([] {
    BridgeAndPort world;
    const Link bridge = world.make_bridge("vif0", "");
    ASSERT_TRUE(world.netlink.set_master(world.link().index, bridge.index));
    VirtualInterface interface = world.interface();
    ASSERT_TRUE(interface.ensure({"if1"}, {}, false));
    for (const bool is_ours : {false, true}) {
      EXPECT_TRUE(interface.remove(is_ours));
      ASSERT_TRUE(world.is_there("vif0")) << is_ours;
      EXPECT_EQ(world.link().master, bridge.index) << "with its ports";
    }
  });
}

TEST(VirtualInterface, OneThatWasMadeIsDeletedWhoeverAsks) {
  in_private_namespace([] {
    BridgeAndPort world;
    ASSERT_TRUE(world.interface().ensure({"if1"}, {}, false));
    ASSERT_TRUE(world.interface().take_port(world.link()));
    EXPECT_TRUE(world.interface().remove(false));
    EXPECT_FALSE(world.is_there("vif0"));
    EXPECT_FALSE(world.link().master);
    EXPECT_EQ(platform::get_ipv6("if1", Ipv6Setting::DisableIpv6).value(), 0);
  });
}

TEST(VirtualInterface, OneThatIsNoPortIsNotGivenBack) {
  in_private_namespace([] {
    BridgeAndPort world;
    VirtualInterface interface = world.interface();
    ASSERT_TRUE(interface.ensure({"if1"}, {}, false));
    ASSERT_TRUE(platform::set_ipv6("if1", Ipv6Setting::DisableIpv6, 1));
    ASSERT_TRUE(interface.release_port(world.link().index));
    EXPECT_EQ(platform::get_ipv6("if1", Ipv6Setting::DisableIpv6).value(), 1) << "it was never taken";
  });
}

TEST(FormerDevice, IsAsItWas) {
  in_private_namespace([] {
    BridgeAndPort world;
    VirtualInterface interface = world.taken_bridge();
    ASSERT_TRUE(interface.ensure({"if1"}, {}, true)) << "a successor";
    ASSERT_TRUE(interface.put_back_settings(true));
    EXPECT_EQ(world.vif_setting(Ipv6Setting::AcceptDad), 2);
    EXPECT_EQ(world.vif_setting(Ipv6Setting::AcceptRa), 1);
    EXPECT_FALSE(std::filesystem::exists(world.record()));
  });
}

TEST(FormerDevice, OurOwnSettingsAreNotThoseFromBefore) {
  in_private_namespace([] {
    BridgeAndPort world;
    VirtualInterface interface = world.taken_bridge();
    std::filesystem::remove(world.record());
    ASSERT_TRUE(interface.ensure({"if1"}, {}, true));
    EXPECT_FALSE(std::filesystem::exists(world.record()));
    EXPECT_EQ(interface.put_back_settings(true).error().code, "bad-record") << "it was lost";
    EXPECT_EQ(world.vif_setting(Ipv6Setting::AcceptRa), 2) << "that of `default`";
  });
}

TEST(FormerDevice, OurOwnSettingsAreNotThoseFromBeforeWhereTheRecordIsBroken) {
  in_private_namespace([] {
    BridgeAndPort world;
    VirtualInterface interface = world.taken_bridge();
    world.break_record();
    ASSERT_TRUE(interface.ensure({"if1"}, {}, true));
    EXPECT_EQ(interface.put_back_settings(true).error().code, "bad-record");
    EXPECT_EQ(world.vif_setting(Ipv6Setting::AcceptRa), 2) << "that of `default`";
    EXPECT_FALSE(std::filesystem::exists(world.record()));
  });
}

TEST(FormerDevice, HasTheQdiscsAndPortsThatItHad) {
  in_private_namespace([] {
    BridgeAndPort world;
    const Link bridge = world.make_bridge("vif0", "");
    const VethForTest other(world.netlink, "if2", "far2");
    for (const char* name : {"if1", "if2"})
      ASSERT_TRUE(world.netlink.set_master(world.link(name).index, bridge.index));
    VirtualInterface interface = world.interface();
    ASSERT_TRUE(interface.ensure({"if1", "if2"}, {}, false));
    EXPECT_FALSE(dataplane::attach({"vif0", dataplane::Hook::Ingress, "none", 0}, -1))
        << "which leaves a clsact";
    ASSERT_TRUE(world.netlink.has_ingress_qdisc(bridge.index).value());
    for (const char* name : {"if1", "if2"}) ASSERT_TRUE(interface.release_port(world.link(name).index));
    const Link somebodys = world.make_bridge("br9", "");
    ASSERT_TRUE(world.netlink.set_master(other.here.index, somebodys.index));
    ASSERT_TRUE(interface.put_back_settings(true));
    EXPECT_EQ(world.link("if1").master, bridge.index);
    EXPECT_EQ(world.link("if2").master, somebodys.index) << "it was taken since";
    EXPECT_FALSE(world.netlink.has_ingress_qdisc(bridge.index).value());
  });
}

TEST(FormerDevice, OneThatWasMadeIsOnRecordUntilItIsGone) {
  in_private_namespace([] {
    BridgeAndPort world;
    VirtualInterface interface = world.interface();
    ASSERT_TRUE(interface.ensure({"if1"}, {}, false));
    const auto as_a_bond = world.interface(VifBackend::Bond);
    EXPECT_TRUE(world.interface().check_record());
    EXPECT_EQ(as_a_bond.check_record().error().code, "interface-changed");
    EXPECT_EQ(as_a_bond.on_record()->backend, VifBackend::Bridge);
    EXPECT_EQ(as_a_bond.on_record()->name, "vif0");
    ASSERT_TRUE(world.netlink.delete_link(world.link("vif0").index));
    EXPECT_TRUE(world.interface(VifBackend::Bond).check_record()) << "nothing is there";
    ASSERT_TRUE(interface.ensure({"if1"}, {}, true));
    ASSERT_TRUE(interface.put_back_settings(true));
    EXPECT_TRUE(std::filesystem::exists(world.record())) << "the device is there still";
    ASSERT_TRUE(interface.remove(true));
    ASSERT_TRUE(interface.put_back_settings(true));
    EXPECT_FALSE(std::filesystem::exists(world.record()));
    EXPECT_TRUE(as_a_bond.check_record());
  });
}

TEST(FormerDevice, AnotherOneWithItsNameIsNotedAnew) {
  in_private_namespace([] {
    BridgeAndPort world;
    VirtualInterface interface = world.taken_bridge();
    ASSERT_TRUE(world.netlink.delete_link(world.link("vif0").index));
    world.make_bridge("vif0", "");
    ASSERT_TRUE(platform::set_ipv6("vif0", Ipv6Setting::AcceptDad, -1));
    ASSERT_TRUE(interface.ensure({"if1"}, {}, true));
    ASSERT_TRUE(interface.put_back_settings(true));
    EXPECT_EQ(world.vif_setting(Ipv6Setting::AcceptDad), -1);
  });
}

/// A record of another boot may be beside a control socket that is not in /run.
TEST(FormerDevice, ABadRecordChangesNothingOfWhatWasNotTaken) {
  in_private_namespace([] {
    BridgeAndPort world;
    VirtualInterface interface = world.taken_bridge();
    for (const auto setting : {Ipv6Setting::AcceptRa, Ipv6Setting::AcceptDad})
      ASSERT_TRUE(platform::set_ipv6("vif0", setting, 1));
    world.break_record();
    EXPECT_EQ(interface.put_back_settings(false).error().code, "bad-record");
    EXPECT_EQ(world.vif_setting(Ipv6Setting::AcceptRa), 1);
    EXPECT_FALSE(std::filesystem::exists(world.record())) << "it makes way";
  });
}

TEST(FormerDevice, ABadRecordChangesNothingOfADeviceOfAnotherKind) {
  in_private_namespace([] {
    BridgeAndPort world;
    world.taken_bridge();
    world.break_record();
    EXPECT_EQ(world.interface(VifBackend::Bond).put_back_settings(true).error().code, "bad-record");
    EXPECT_EQ(world.vif_setting(Ipv6Setting::AcceptRa), 0);
  });
}

/// Of the calling thread, for good: settings of /proc/sys are root's all the same, netlink's are not.
void drop_network_administration() {
  ::__user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  ::__user_cap_data_struct data[2] = {};
  ASSERT_EQ(::syscall(SYS_capget, &header, data), 0);
  data[0].effective &= ~(1U << CAP_NET_ADMIN);
  ASSERT_EQ(::syscall(SYS_capset, &header, data), 0);
}

TEST(FormerDevice, IsAsItWasWhereItCannotBeTaken) {
  in_private_namespace([] {
    BridgeAndPort world;
    world.make_bridge("vif0", "");
    ASSERT_TRUE(platform::set_ipv6("vif0", Ipv6Setting::AcceptDad, 2));
    VirtualInterface interface = world.interface();
    drop_network_administration();
    const auto taken = interface.ensure({"if1"}, {}, false);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, "not-permitted") << taken.error().message;
    EXPECT_EQ(world.vif_setting(Ipv6Setting::AcceptDad), 2);
    EXPECT_EQ(world.vif_setting(Ipv6Setting::AcceptRa), 1);
    EXPECT_FALSE(std::filesystem::exists(world.record()));
  });
}

/// A bond leaves it down when it leaves.
TEST(FormerPorts, AMemberThatWasUpIsUpAgainWhoeverTookItOut) {
  in_private_namespace([] {
    BridgeAndPort world;
    FormerStates states = world.states();
    ASSERT_TRUE(states.note(world.link()));
    ASSERT_TRUE(world.netlink.set_up(world.link().index, false));
    ASSERT_TRUE(states.restore(world.link().index));
    EXPECT_TRUE(world.link().up);
  });
}

TEST(FormerPorts, AMemberThatWasDownIsLeftDown) {
  in_private_namespace([] {
    BridgeAndPort world;
    ASSERT_TRUE(world.netlink.set_up(world.link().index, false));
    FormerStates states = world.states();
    ASSERT_TRUE(states.note(world.link()));
    VirtualInterface interface = world.interface();
    ASSERT_TRUE(interface.ensure({"if1"}, {}, false));
    ASSERT_TRUE(interface.take_port(world.link()));
    ASSERT_TRUE(interface.release_port(world.link().index));
    ASSERT_TRUE(states.restore(world.link().index));
    EXPECT_FALSE(world.link().up);
    EXPECT_FALSE(world.link().master);
  });
}

std::vector<Ipv6Address> addresses_of(BridgeAndPort& world) {
  std::vector<Ipv6Address> all;
  const auto there = world.netlink.addresses(world.link("vif0").index).value();
  for (const auto& found : there) {
    EXPECT_FALSE(found.tentative);
    all.push_back(found.address);
  }
  return all;
}

TEST(VirtualInterface, ItsLinkLocalAddressIsItsOwnAndTheOnlyOne) {
  for (const auto backend : {VifBackend::Veth, VifBackend::Bridge})
    in_private_namespace([backend] {
      BridgeAndPort world;
      VirtualInterface interface = world.interface(backend);
      ASSERT_TRUE(interface.ensure({"if1"}, {}, false));
      EXPECT_EQ(addresses_of(world), std::vector{interface.link_local()});
      ASSERT_TRUE(world.netlink.set_up(world.link("vif0").index, false));
      ASSERT_TRUE(world.netlink.set_up(world.link("vif0").index, true));
      ASSERT_TRUE(interface.ensure_link_local(world.link("vif0").index));
      EXPECT_EQ(addresses_of(world), std::vector{interface.link_local()});
    });
}

TEST(VirtualInterface, ASuccessorKeepsAllLinkLocalAddresses) {
  in_private_namespace([] {
    BridgeAndPort world;
    ASSERT_TRUE(world.interface().ensure({"if1"}, {}, false));
    const auto somebodys = Ipv6Address::parse("fe80::f10b").value();
    ASSERT_TRUE(world.netlink.ensure_address(
        {.interface = world.link("vif0").index, .address = somebodys, .prefix_length = 64}));
    VirtualInterface successor = world.interface();
    ASSERT_TRUE(successor.ensure({"if1"}, {}, true));
    auto there = addresses_of(world);
    std::ranges::sort(there);
    std::vector expected{somebodys, successor.link_local()};
    std::ranges::sort(expected);
    EXPECT_EQ(there, expected);
  });
}

TEST(VirtualInterface, ASuccessorWithAnotherLinkLayerAddressHasOneOfThem) {
  for (const auto backend : {VifBackend::Veth, VifBackend::Bridge})
    in_private_namespace([backend] {
      BridgeAndPort world;
      ASSERT_TRUE(world.interface(backend).ensure({"if1"}, {}, false));
      const auto former = addresses_of(world);
      const auto other = MacAddress::parse("02:00:00:00:00:07").value();
      VirtualInterface successor(world.netlink, {"vif0", other, backend, world.record()});
      ASSERT_TRUE(successor.ensure({"if1"}, {}, true));
      EXPECT_EQ(world.link("vif0").mac, other);
      EXPECT_NE(former, std::vector{successor.link_local()});
      EXPECT_EQ(addresses_of(world), std::vector{successor.link_local()});
    });
}

TEST(VirtualInterface, OneThatWasThereBeforeLosesOurs) {
  in_private_namespace([] {
    BridgeAndPort world;
    VirtualInterface taken = world.taken_bridge();
    ASSERT_EQ(addresses_of(world), std::vector{taken.link_local()});
    ASSERT_TRUE(taken.remove(true));
    EXPECT_TRUE(addresses_of(world).empty());
  });
}

}  // namespace
}  // namespace flowmob::daemon
