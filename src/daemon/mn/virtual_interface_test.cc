// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/virtual_interface.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "daemon/mn/former_states.h"
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
    return {netlink, {"vif0", MacAddress::parse("02:00:00:00:00:01").value(), backend, folder / "device"}};
  }
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

}  // namespace
}  // namespace flowmob::daemon
