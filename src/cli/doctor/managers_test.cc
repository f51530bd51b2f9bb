// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor/managers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace flowmob::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A made-up machine: wlan0 (3) is wireless, wwan0 (4) is not; vif0 (9) is there.
class Managers : public ::testing::Test {
 protected:
  Managers() : root_(::mkdtemp(std::string("/tmp/managers-XXXXXX").data())) {
    write("sys/class/net/wlan0/ifindex", "3\n");
    write("sys/class/net/wlan0/wireless/beacon", "0\n");
    write("sys/class/net/wwan0/ifindex", "4\n");
    write("sys/class/net/vif0/ifindex", "9\n");
    write("sys/class/net/eth0/ifindex", "2\n");
  }
  ~Managers() override { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  void run(const std::string& pid, const std::string& name, const std::string& line,
           const std::string& ns = "net:[1]") {
    write("proc/" + pid + "/comm", name + "\n");
    write("proc/" + pid + "/cmdline", line);
    fs::create_directories(root_ / "proc" / pid / "ns");
    fs::create_symlink(ns, root_ / "proc" / pid / "ns/net");
  }
  std::vector<std::string> claims() const {
    std::vector<std::string> found;
    for (const auto& claim : all()) found.push_back(claim.manager + " " + claim.interface);
    return found;
  }
  std::vector<Claim> all() const { return find_claims(root_, {"wlan0", "wwan0"}, "vif0"); }

  fs::path root_;
};

std::string arguments(std::initializer_list<const char*> words) {
  std::string line;
  for (const char* word : words) line += std::string(word) + '\0';
  return line;
}

TEST_F(Managers, WhereNobodyIsNobodyIsFound) {
  EXPECT_THAT(claims(), IsEmpty());
  EXPECT_THAT(find_claims(root_ / "nowhere", {"wlan0"}, "vif0"), IsEmpty());
}

TEST_F(Managers, NetworkdSaysWhatItManages) {
  write("run/systemd/netif/links/3",
        "# private\nADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/a.network\n");
  write("run/systemd/netif/links/4", "ADMIN_STATE=unmanaged\n");
  write("run/systemd/netif/links/9", "ADMIN_STATE=configuring\n");
  EXPECT_THAT(claims(), IsEmpty()) << "it left that when it ended";
  run("77", "systemd-network", arguments({"/lib/systemd/systemd-networkd"}));
  EXPECT_THAT(claims(), ElementsAre("networkd wlan0", "networkd vif0"));
  EXPECT_EQ(all()[0].evidence, "/run/systemd/netif/links/3: ADMIN_STATE=configured");
  EXPECT_THAT(all()[0].remedy, HasSubstr("/etc/systemd/network/05-flowmob.network with [Match] Name=wlan0"));
}

TEST_F(Managers, NetworkManagerSaysWhatItManages) {
  write("run/NetworkManager/devices/3", "[device]\nmanaged=true\nconnection-uuid=5\n");
  write("run/NetworkManager/devices/4", "[device]\nmanaged=false\n");
  write("run/NetworkManager/devices/9", "[device]\nmanaged=unknown\n");
  EXPECT_THAT(claims(), IsEmpty());
  run("78", "NetworkManager", arguments({"/usr/sbin/NetworkManager", "--no-daemon"}));
  EXPECT_THAT(claims(), ElementsAre("NetworkManager wlan0"));
  EXPECT_THAT(all()[0].remedy, HasSubstr("unmanaged-devices=interface-name:wlan0"));
}

TEST_F(Managers, ADhcpcdTakesAllThatItIsNotDenied) {
  run("79", "dhcpcd", std::string("dhcpcd: [manager] [ip4] [ip6]") + '\0');
  EXPECT_THAT(claims(), ElementsAre("dhcpcd wlan0", "dhcpcd wwan0", "dhcpcd vif0"));
  write("etc/dhcpcd.conf",
        "# denyinterfaces wlan0\n  denyinterfaces wl*, vif0\ninterface eth0\ndenyinterfaces wwan0\n");
  EXPECT_THAT(claims(), ElementsAre("dhcpcd wwan0"));
  write("etc/dhcpcd.conf", "allowinterfaces eth*\n");
  EXPECT_THAT(claims(), IsEmpty());
}

TEST_F(Managers, ADhcpClientThatNamesInterfacesHasThose) {
  run("80", "dhclient", arguments({"/sbin/dhclient", "-4", "-pf", "/run/dhclient.wlan0.pid", "wlan0"}));
  run("81", "dhcpcd", arguments({"dhcpcd", "-q", "eth0"}));
  EXPECT_THAT(claims(), ElementsAre("dhclient wlan0"));
  EXPECT_EQ(all()[0].evidence, "process: dhclient wlan0");
}

TEST_F(Managers, ADhcpClientOfTheVirtualInterfaceIsWelcome) {
  run("80", "dhclient", arguments({"/sbin/dhclient", "-4", "vif0"}));
  run("81", "dhcpcd", arguments({"dhcpcd", "-4", "vif0"}));
  EXPECT_THAT(claims(), IsEmpty());
  run("82", "dhcpcd", arguments({"dhcpcd", "vif0"}));
  EXPECT_THAT(claims(), ElementsAre("dhcpcd vif0")) << "it asks for routers as well";
}

TEST_F(Managers, APortOfSomebodyElsesIsHis) {
  write("sys/class/net/br0/bridge/x", "");
  fs::create_symlink("../br0", root_ / "sys/class/net/wlan0/master");
  fs::create_symlink("../vif0", root_ / "sys/class/net/wwan0/master");
  EXPECT_THAT(claims(), ElementsAre("bridge br0 wlan0"));
  EXPECT_EQ(all()[0].remedy, "ip link set wlan0 nomaster");
}

TEST_F(Managers, AProcessOfAnotherNamespaceIsNot) {
  fs::create_directories(root_ / "proc/self/ns");
  fs::create_symlink("net:[1]", root_ / "proc/self/ns/net");
  run("80", "dhclient", arguments({"dhclient", "wlan0"}), "net:[2]");
  EXPECT_THAT(claims(), IsEmpty());
  run("81", "dhclient", arguments({"dhclient", "wlan0"}));
  EXPECT_THAT(claims(), ElementsAre("dhclient wlan0"));
}

TEST_F(Managers, IfupdownConfiguresWhatItsFilesSay) {
  write("etc/network/interfaces",
        "auto lo wlan0\niface lo inet loopback\n#iface vif0 inet dhcp\nsource interfaces.d/*\nsource "
        "/etc/network/interfaces\n");
  write("etc/network/interfaces.d/lte", "allow-hotplug wwan0\niface wwan0 inet6 auto\n");
  write("etc/network/interfaces.d/wlan", "iface wlan0 inet manual\n");
  EXPECT_THAT(claims(), ElementsAre("ifupdown wwan0"));
  write("etc/network/interfaces", "source-directory /etc/network/interfaces.d\niface wlan0 inet dhcp\n");
  EXPECT_THAT(claims(), ElementsAre("ifupdown wlan0", "ifupdown wwan0"));
}

TEST_F(Managers, IwdCountsWhereItGivesAddresses) {
  run("82", "iwd", arguments({"/usr/libexec/iwd"}));
  EXPECT_THAT(claims(), IsEmpty()) << "associations are its own";
  write("etc/iwd/main.conf", "[General]\nEnableNetworkConfiguration = true\n");
  EXPECT_THAT(claims(), ElementsAre("iwd wlan0"));
}

}  // namespace
}  // namespace flowmob::cli
