// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace flowmob::daemon::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

Ipv6Address address(std::string_view text) { return Ipv6Address::parse(text).value(); }
Ipv6Prefix prefix(std::string_view text) { return Ipv6Prefix::parse(text).value(); }
MacAddress mac(std::string_view text) { return MacAddress::parse(text).value(); }

template <class T>
std::vector<std::string> errors_of(const Loaded<T>& loaded) {
  std::vector<std::string> lines;
  if (!loaded)
    for (const Diagnostic& diagnostic : loaded.error()) lines.push_back(diagnostic.to_string());
  return lines;
}

constexpr std::string_view kLma = R"([lma]
name = "lma"
address = "2001:db8:f::1"
core_interfaces = ["core0"]
access_interfaces = ["acc1", "acc2"]
pools = ["2001:db8:100::/48"]
tunnel_mtu = 1460
control = "/run/x/lma.sock"
state = "/run/x/lma.db"
bpf = "/sys/fs/bpf/x/lma"

[[mag]]
name = "mag1"
address = "2001:db8:a::1"
security = "none"

[[service]]
identifier = "video"
name = "video"

[[service.flow]]
name = "video"
priority = 10
protocol = "udp"
source = "2001:db8:c::/64"
source_port = "5004-5005"

[[service]]
identifier = "internet"
default = true

[[mobile_node]]
id = "mn1@example.net"
link_layer = ["02:00:00:00:01:01", "02:00:00:00:01:02"]
services = ["video", "internet"]
mags = ["mag1"]
prefixes = ["2001:db8:100:7::/64"]
)";

TEST(LoadLma, AWholeFile) {
  const auto loaded = parse_lma(kLma, "lma.toml");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_EQ(loaded->core.address, address("2001:db8:f::1"));
  EXPECT_THAT(loaded->core_interfaces, ElementsAre("core0"));
  EXPECT_THAT(loaded->access_interfaces, ElementsAre("acc1", "acc2"));
  EXPECT_THAT(loaded->core.pools, ElementsAre(prefix("2001:db8:100::/48")));
  EXPECT_EQ(loaded->paths, (DaemonPaths{"/run/x/lma.sock", "/run/x/lma.db", "/sys/fs/bpf/x/lma"}));
  EXPECT_THAT(loaded->core.mags, ElementsAre(core::MagPeer{"mag1", address("2001:db8:a::1")}));
  ASSERT_EQ(loaded->core.services.size(), 2u);
  const auto& flow = *loaded->core.services[0].flows.at(0);
  EXPECT_EQ(flow.priority, 10);
  EXPECT_EQ(flow.selector.next_header, (wire::Range<std::uint8_t>{17, 17}));
  EXPECT_EQ(flow.selector.source_port, (wire::Range<std::uint16_t>{5004, 5005}));
  EXPECT_EQ(flow.selector.source->last, address("2001:db8:c:0:ffff:ffff:ffff:ffff"));
  EXPECT_FALSE(flow.selector.destination.has_value());
  EXPECT_EQ(loaded->core.services[1].name, "internet");
  EXPECT_TRUE(loaded->core.services[1].is_default);
  const core::PolicyProfile node{"mn1@example.net",
                                 true,
                                 {prefix("2001:db8:100:7::/64")},
                                 {mac("02:00:00:00:01:01"), mac("02:00:00:00:01:02")},
                                 {"video", "internet"},
                                 {"mag1"}};
  EXPECT_THAT(loaded->core.mobile_nodes, ElementsAre(node));
}

/// RFC 5213 sections 9.1 and 9.3, with their defaults.
TEST(LoadLma, TheVariablesOfTheProtocol) {
  const auto defaults = parse_lma(kLma, "lma.toml").value().core;
  EXPECT_EQ(defaults.min_delay_before_bce_delete, 10s);
  EXPECT_EQ(defaults.max_delay_before_new_bce_assign, 1500ms);
  EXPECT_EQ(defaults.timestamp_validity_window, 300ms);
  EXPECT_FALSE(defaults.mobile_node_generated_timestamp);
  std::string text(kLma);
  text.insert(text.find("tunnel_mtu"),
              "min_delay_before_bce_delete = \"3s\"\n"
              "max_delay_before_new_bce_assign = \"400ms\"\n"
              "timestamp_validity_window = \"2s\"\n"
              "mobile_node_generated_timestamp = true\n");
  const auto set = parse_lma(text, "lma.toml").value().core;
  EXPECT_EQ(set.min_delay_before_bce_delete, 3s);
  EXPECT_EQ(set.max_delay_before_new_bce_assign, 400ms);
  EXPECT_EQ(set.timestamp_validity_window, 2s);
  EXPECT_TRUE(set.mobile_node_generated_timestamp);
}

std::string with(std::string_view file, const std::string& line) {
  std::string text(file);
  return text.insert(text.find('\n') + 1, line + "\n");
}

TEST(Load, HeartbeatIntervalsAreThoseOfTheRfc) {
  for (const auto* good : {"0s", "30s", "5min", "1h"})
    EXPECT_TRUE(parse_lma(with(kLma, std::string("heartbeat_interval = \"") + good + "\""), "f")) << good;
  for (const auto* bad : {"1s", "29s", "3601s"})
    EXPECT_FALSE(parse_lma(with(kLma, std::string("heartbeat_interval = \"") + bad + "\""), "f")) << bad;
  const auto lma =
      parse_lma(with(kLma, "heartbeat_interval = \"2min\"\nmissing_heartbeats_allowed = 5"), "f").value();
  EXPECT_EQ(lma.core.heartbeat, (core::HeartbeatConfig{2min, 5}));
  EXPECT_EQ(parse_lma(kLma, "f").value().core.heartbeat, (core::HeartbeatConfig{60s, 3}));
}

TEST(Load, RevocationHasItsVariables) {
  const auto text = with(kLma,
                         "revocation = false\nrevocation_retries = 3\nrevocation_delay = \"500ms\"\n"
                         "max_revocation_delay = \"4s\"");
  EXPECT_EQ(parse_lma(text, "f").value().core.revocation, (core::RevocationConfig{false, 3, 500ms, 4s}));
  EXPECT_FALSE(parse_lma(with(kLma, "revocation_delay = \"400ms\""), "f"));
  EXPECT_EQ(parse_lma(kLma, "f").value().core.revocation, (core::RevocationConfig{true, 1, 1s, 2s}));
}

TEST(LoadLma, APeerSaysHowItIsProtected) {
  EXPECT_TRUE(parse_lma(kLma, "lma.toml").value().protected_peers.empty());
  std::string text(kLma);
  text.replace(text.find("\"none\""), 6, "\"ipsec\"");
  const auto peers = parse_lma(text, "lma.toml").value().protected_peers;
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers[0].name, "mag1");
  EXPECT_EQ(peers[0].address, address("2001:db8:a::1"));
}

constexpr std::string_view kMag = R"([mag]
name = "mag2"
address = "2001:db8:b::1"
transport_interfaces = ["net0"]

[lma]
address = "2001:db8:f::1"
security = "none"

[[access]]
name = "wlan"
interface = "acc0"
technology = "802.11"
services = ["internet"]
handoff_indicator = "sharing"
attach_on = ["router-solicitation", "carrier"]

[[mobile_node]]
id = "mn1@example.net"
link_layer = ["02:00:00:00:01:01"]
)";

TEST(LoadMag, AWholeFile) {
  const auto loaded = parse_mag(kMag, "mag.toml");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_EQ(loaded->core.address, address("2001:db8:b::1"));
  EXPECT_EQ(loaded->core.lma, address("2001:db8:f::1"));
  EXPECT_EQ(loaded->core.router_lifetime, 1800);
  EXPECT_THAT(loaded->transport_interfaces, ElementsAre("net0"));
  EXPECT_EQ(loaded->paths,
            (DaemonPaths{"/run/flowmob/mag2.sock", "/var/lib/flowmob/mag2.db", "/sys/fs/bpf/flowmob/mag2"}));
  ASSERT_EQ(loaded->core.accesses.size(), 1u);
  const auto& access = loaded->core.accesses[0];
  EXPECT_EQ(access.technology, wire::AccessTechnology::Wlan);
  EXPECT_EQ(access.handoff_indicator, wire::HandoffIndicator::NewInterfaceSharingPrefixes);
  EXPECT_TRUE(access.attach_on_router_solicitation);
  EXPECT_TRUE(access.attach_on_carrier);
  EXPECT_FALSE(loaded->core.mobile_nodes.at(0).services.has_value());
}

TEST(LoadMag, TheAnchorSaysHowItIsProtected) {
  EXPECT_TRUE(parse_mag(kMag, "mag.toml").value().protected_peers.empty());
  std::string text(kMag);
  text.replace(text.find("\"none\""), 6, "\"ipsec\"");
  const auto peers = parse_mag(text, "mag.toml").value().protected_peers;
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers[0].address, address("2001:db8:f::1"));
}

/// RFC 5213 sections 9.2 and 9.3, as RFC 6543 changes them.
TEST(LoadMag, ConfigurationVariablesHaveTheirDefaults) {
  const auto loaded = parse_mag(kMag, "mag.toml");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_FALSE(loaded->core.local_routing);
  EXPECT_TRUE(loaded->core.timestamps);
  EXPECT_FALSE(loaded->core.mobile_node_timestamps);
  EXPECT_EQ(loaded->core.router_link_local, address("fe80::200:5eff:fe00:5213"));
  EXPECT_EQ(loaded->core.router_link_layer, MacAddress::parse("00:00:5e:00:52:13").value());
  EXPECT_FALSE(loaded->core.accesses.at(0).visited_prefix);
}

TEST(LoadMag, ConfigurationVariablesCanBeSet) {
  std::string text(kMag);
  const std::string_view name = "name = \"mag2\"";
  text.replace(
      text.find(name), name.size(),
      "local_routing = true\nmobile_node_generated_timestamp = true\nrouter_link_local = \"fe80::9\"\n"
      "router_link_layer = \"00:00:00:00:00:00\"\nneighbor_probe_interval = \"0s\"");
  const std::string_view attach = "attach_on =";
  text.replace(text.find(attach), attach.size(), "visited_prefix = \"2001:db8:9::/64\"\nattach_on =");
  const auto loaded = parse_mag(text, "mag.toml");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_TRUE(loaded->core.local_routing);
  EXPECT_TRUE(loaded->core.mobile_node_timestamps);
  EXPECT_EQ(loaded->core.router_link_local, address("fe80::9"));
  EXPECT_TRUE(loaded->core.router_link_layer.is_zero());
  EXPECT_EQ(loaded->core.neighbor_probe_interval, Duration::zero());
  EXPECT_EQ(loaded->core.accesses.at(0).visited_prefix, Ipv6Prefix::parse("2001:db8:9::/64").value());
}

TEST(LoadMag, SequenceNumbersInsteadOfTimestamps) {
  std::string text(kMag);
  const std::string_view name = "name = \"mag2\"";
  text.replace(text.find(name), name.size(), "timestamps = false");
  const auto loaded = parse_mag(text, "mag.toml");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_FALSE(loaded->core.timestamps);
}

TEST(LoadMag, AProfilesOwnServicesReplaceTheAccesss) {
  const auto with = [](std::string_view line) {
    return parse_mag(std::string(kMag) + std::string(line), "f").value().core.mobile_nodes.at(0).services;
  };
  EXPECT_EQ(with("services = []\n"), std::vector<std::string>{});
  EXPECT_EQ(with("services = ['video']\n"), std::vector<std::string>{"video"});
}

constexpr std::string_view kMn = R"([mn]
interface = "vif0"
mac = "member"
decider = "lma"

[[member]]
interface = "if1"
technology = "802.16e"

[[member]]
interface = "if2"
)";

TEST(LoadMn, AWholeFile) {
  const auto loaded = parse_mn(kMn, "mn.toml");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_EQ(loaded->core.interface, "vif0");
  EXPECT_TRUE(loaded->core.mac.is_zero());
  EXPECT_EQ(loaded->paths, (DaemonPaths{"/run/flowmob/mn.sock", "", "/sys/fs/bpf/flowmob/mn"}));
  ASSERT_EQ(loaded->core.members.size(), 2u);
  EXPECT_EQ(loaded->core.members[0].technology, wire::AccessTechnology::Wimax);
  EXPECT_EQ(loaded->core.members[1].technology, wire::AccessTechnology::Ethernet);
}

/// The file with one text in the place of another.
std::string with(std::string_view text, std::string_view old, std::string_view replacement) {
  std::string changed(text);
  const auto at = changed.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return changed.replace(at, old.size(), replacement);
}

struct Case {
  std::string_view file, old, replacement, error;
};
void PrintTo(const Case& wrong, std::ostream* stream) { *stream << wrong.error; }
class OneMistake : public testing::TestWithParam<Case> {};

TEST_P(OneMistake, IsSaidOnceWithItsPlace) {
  const auto [file, old, replacement, error] = GetParam();
  EXPECT_THAT(errors_of(parse_any(with(file, old, replacement), "f")), ElementsAre(std::string(error)));
}

INSTANTIATE_TEST_SUITE_P(
    Lma, OneMistake,
    testing::Values(
        Case{kLma, "security = \"none\"\n", "",
             "f:12:1: 'security' is missing in [[mag]]; expected how its messages are protected: by the "
             "kernel's "
             "IPsec, whose policies have to be there, or not at all: whoever can send from this address can "
             "register nodes then"},
        Case{kLma, "[[mag]]", "[mag]", "f:12:1: a table is not allowed here; expected tables headed [[mag]]"},
        Case{kLma, "address = \"2001:db8:f::1\"", "address = \"192.0.2.1\"",
             "f:3:11: the string '192.0.2.1' is not allowed here; expected an IPv6 address such as "
             "\"2001:db8::1\""},
        Case{kLma, "address = \"2001:db8:f::1\"", "address = \"fe80::1\"",
             "f:3:11: the string 'fe80::1' is not allowed here; expected a unicast address that is not "
             "link-local"},
        Case{kLma, "address = \"2001:db8:f::1\"", "address = \"2001:db8:100::1\"",
             "f:3:11: the LMA's address 2001:db8:100::1 lies in 2001:db8:100::/48 (line 6), which is for "
             "mobile nodes; expected an address outside of all pools and home network prefixes"},
        Case{kLma, "2001:db8:a::1", "2001:db8:f::1",
             "f:14:11: address '2001:db8:f::1' is already used at line 3; expected each address once"},
        Case{kLma, "[\"core0\"]", "[]",
             "f:4:19: 'core_interfaces' is empty; expected at least one interface"},
        Case{kLma, "[\"core0\"]", "[\"acc1\"]",
             "f:5:22: interface 'acc1' is already used at line 4; expected each interface once"},
        Case{kLma, "/48\"]", "/48\", \"2001:db8:100:8000::/49\"]",
             "f:6:31: pool 2001:db8:100:8000::/49 overlaps 2001:db8:100::/48 at line 6; expected each pool "
             "apart from the others"},
        Case{kLma, "::/48\"", "::/96\"",
             "f:6:10: the string '2001:db8:100::/96' is not allowed here; expected a unicast prefix of 8 to "
             "64 "
             "bits: home network prefixes are /64"},
        Case{kLma, "7::/64\"]", "7::/64\", \"2001:db8:100:7::/64\"]",
             "f:37:36: prefix 2001:db8:100:7::/64 overlaps 2001:db8:100:7::/64 at line 37; expected each "
             "prefix apart from the others"},
        Case{kLma, "tunnel_mtu = 1460", "tunnel_mtu = \"1460\"",
             "f:7:14: the string '1460' is not allowed here; expected an integer from 0 to 65535"},
        Case{kLma, "tunnel_mtu = 1460", "tunnel_mtu = 1279",
             "f:7:14: the integer 1279 is not allowed here; expected 1280 to 65495"},
        Case{kLma, "tunnel_mtu = 1460", "max_lifetime = \"3s\"",
             "f:7:16: the string '3s' is not allowed here; expected \"4s\" to \"4369min\""},
        Case{kLma, "tunnel_mtu", "tunel_mtu",
             "f:7:1: unknown key 'tunel_mtu' in [lma]; expected 'tunnel_mtu' (did you mean that?)"},
        Case{kLma, "[\"mag1\"]", "[\"mga1\"]",
             "f:36:9: unknown MAG 'mga1'; expected 'mag1' (did you mean that?)"},
        Case{kLma, "[\"video\", \"internet\"]", "[\"vidoe\", \"internet\"]",
             "f:35:13: unknown service 'vidoe'; expected 'video' (did you mean that?)"},
        Case{kLma, "[\"video\", \"internet\"]", "[\"x\"]",
             "f:35:13: unknown service 'x'; expected one of video, internet"},
        Case{kLma, "priority = 10", "priority = 0",
             "f:23:12: the integer 0 is not allowed here; expected 1 to 65535"},
        Case{kLma, "protocol = \"udp\"", "protocol = \"icmpv6\"",
             "f:24:12: ICMPv6 has no ports; expected a protocol with ports, or no ports"},
        Case{kLma, "protocol = \"udp\"\nsource = \"2001:db8:c::/64\"\nsource_port = \"5004-5005\"\n", "",
             "f:21:1: the flow has no condition: it would match everything; expected protocol, source, "
             "source_port or another; or `default = true` in the service"},
        Case{kLma, "default = true",
             "default = true\n[[service.flow]]\nname = \"web\"\npriority = 10\nprotocol = 6",
             "f:33:12: flows 'video' and 'web' have the same priority, and 'mn1@example.net' may use both; "
             "expected each priority once among a node's flows"},
        Case{kLma, "name = \"video\"\n\n", "default = true\n\n",
             "f:30:11: 'mn1@example.net' may use two default services, the other is at line 19; expected one "
             "default service a node"},
        Case{kLma, "\"02:00:00:00:01:02\"", "\"02:00:00:00:01:01\"",
             "f:34:36: link-layer address '02:00:00:00:01:01' is already used at line 34; expected each "
             "link-layer address once"},
        Case{kLma, "\"02:00:00:00:01:02\"", "\"03:00:00:00:01:01\"",
             "f:34:36: the string '03:00:00:00:01:01' is not allowed here; expected the MAC address of one "
             "station"},
        Case{kLma, "/run/x/lma.sock", "lma.sock",
             "f:8:11: the string 'lma.sock' is not allowed here; expected an absolute path"}));

INSTANTIATE_TEST_SUITE_P(
    Mag, OneMistake,
    testing::Values(
        Case{kMag, "security = \"none\"\n", "security = \"psk\"\n",
             "f:8:12: the string 'psk' is not allowed here; expected \"ipsec\" or \"none\""},
        Case{kMag, "name = \"mag2\"", "lifetime = \"3999ms\"",
             "f:2:12: the string '3999ms' is not allowed here; expected \"4s\" to \"4369min\""},
        Case{kMag, "name = \"mag2\"", "initial_bindack_timeout = \"33s\"",
             "f:2:27: 'initial_bindack_timeout' is longer than 'max_bindack_timeout'; expected at most 32s"},
        Case{kMag, "name = \"mag2\"", "router_lifetime = \"59s\"",
             "f:2:19: 'router_lifetime' ends before the next Router Advertisement comes; expected \"0s\" or "
             "at "
             "least 1min"},
        Case{kMag, "name = \"mag2\"", "router_lifetime = \"1800500ms\"",
             "f:2:19: the string '1800500ms' is not allowed here; expected \"0s\" to \"150min\", whole "
             "seconds"},
        Case{kMag, "name = \"mag2\"", "timestamps = false\nmobile_node_generated_timestamp = true",
             "f:3:35: 'mobile_node_generated_timestamp' without 'timestamps'; expected one of both, or "
             "neither"},
        Case{kMag, "name = \"mag2\"", "router_link_layer = \"01:00:5e:00:52:13\"",
             "f:2:21: the string '01:00:5e:00:52:13' is not allowed here; expected a MAC address that is no "
             "group's"},
        Case{kMag, "name = \"mag2\"", "name = \"../mag2\"",
             "f:2:8: the string '../mag2' is not allowed here; expected 1 to 32 letters, digits, '.', '_' or "
             "'-'"},
        Case{kMag, "name = \"mag2\"", "router_link_local = \"2001:db8::1\"",
             "f:2:21: the string '2001:db8::1' is not allowed here; expected a link-local address "
             "(fe80::/10)"},
        Case{kMag, "2001:db8:f::1", "2001:db8:b::1",
             "f:7:11: the LMA has the MAG's address; expected the address of another node"},
        Case{kMag, "\"acc0\"", "\"net0\"",
             "f:12:13: interface 'net0' is already used at line 4; expected each interface once"},
        Case{
            kMag, "\"802.11\"", "\"802.11ax\"",
            "f:13:14: the string '802.11ax' is not allowed here; expected \"virtual\", \"ppp\", \"802.3\", "
            "\"802.11\", \"802.16e\", \"geran\", \"utran\", \"lte\", \"ehrpd\", \"hrpd\", \"1xrtt\", \"umb\" "
            "or \"nb-iot\""},
        Case{kMag, "\"carrier\"", "\"beacon\"",
             "f:16:37: the string 'beacon' is not allowed here; expected \"router-solicitation\" or "
             "\"carrier\""},
        Case{kMag, "[[mobile_node]]", "[[mobile_node]]\nid = \"mn2\"\n[[mobile_node]]",
             "f:16:13: the carrier of 'wlan' attaches one node, but none of 2 name it; expected `access = "
             "\"wlan\"` in exactly one [[mobile_node]], or no \"carrier\" here"},
        Case{kMag, "id = \"mn1@example.net\"",
             "id = \"mn1@example.net\"\naccess = \"wlna\"\n[[mobile_node]]\nid = \"mn2\"\naccess = \"wlan\"",
             "f:20:10: unknown access 'wlna'; expected 'wlan' (did you mean that?)"},
        Case{kMag, "[[mobile_node]]",
             "[[mobile_node]]\nid = \"mn2\"\nlink_layer = [\"02:00:00:00:01:01\"]\naccess = "
             "\"wlan\"\n[[mobile_node]]",
             "f:24:15: link-layer address '02:00:00:00:01:01' is already used at line 20; expected each "
             "link-layer address once"}));

INSTANTIATE_TEST_SUITE_P(
    Mn, OneMistake,
    testing::Values(
        Case{kMn, "\"if2\"", "\"if1\"",
             "f:11:13: interface 'if1' is already used at line 7; expected each interface once"},
        Case{kMn, "\"if2\"", "\"vif0\"",
             "f:11:13: 'vif0' is the virtual interface itself; expected a physical interface"},
        Case{kMn, "\"if2\"", "\"an-interface-too-long\"",
             "f:11:13: the string 'an-interface-too-long' is not allowed here; expected an interface name of "
             "at most 15 characters"},
        Case{
            kMn, "\"member\"", "\"00:00:00:00:00:00\"",
            "f:3:7: the string '00:00:00:00:00:00' is not allowed here; expected \"member\" or a MAC address "
            "such as \"02:00:00:00:01:01\""},
        Case{kMn, "\"lma\"", "\"mn\"", "f:4:11: the string 'mn' is not allowed here; expected \"lma\""},
        Case{kMn, "[[member]]", "[[membre]]",
             "f:6:3: unknown key 'membre' in the file; expected 'member' (did you mean that?)"}));

TEST(Load, EveryMistakeIsSaidInTheOrderOfTheFile) {
  const auto errors = errors_of(parse_lma(R"([lma]
name = 5
core_interfaces = "core0"
access_interfaces = ["a"]
pools = ["2001:db8::/32", "2001:db8:1::/48"]
[[mag]]
name = "m"
address = "2001:db8:a::1"
[[mag]]
name = "m"
address = "::1"
security = "none"
[[mobile_node]]
id = "n"
mags = ["n"]
[[mobile_node]]
id = "n"
)",
                                          "lma.toml"));
  std::vector<std::string> places;
  for (const auto& error : errors) places.push_back(error.substr(0, error.find(": ")));
  EXPECT_THAT(places, ElementsAre("lma.toml:1:1", "lma.toml:2:8", "lma.toml:3:19", "lma.toml:5:27",
                                  "lma.toml:6:1", "lma.toml:8:11", "lma.toml:10:8", "lma.toml:11:11",
                                  "lma.toml:15:9", "lma.toml:17:6"));
}

TEST(Load, InterfacesAreLookedForOnlyWhenAsked) {
  const LoadOptions options{[](std::string_view name) { return name != "if2"; }};
  EXPECT_THAT(errors_of(parse_mn(kMn, "f", options)),
              ElementsAre("f:11:13: there is no interface 'if2' here; expected one that `ip link` shows"));
  EXPECT_TRUE(parse_mn(kMn, "f"));
}

TEST(Load, WhatIsExpectedIsToldOnce) {
  const std::string text =
      with(kLma, "[[service]]\nidentifier = \"video\"",
           "[[mag]]\nname = \"mag1\"\naddress = \"2001:db8:a::2\"\nsecurity = \"none\"\n\n"
           "[[service]]\nidentifier = \"video\"");
  EXPECT_THAT(errors_of(parse_lma(with(text, "[\"mag1\"]", "[\"zz\"]"), "f")),
              testing::Contains(testing::EndsWith("unknown MAG 'zz'; expected one of mag1")));
}

TEST(Load, TheVirtualInterfaceNeedNotExist) {
  const LoadOptions options{[](std::string_view name) { return name != "vif0"; }};
  EXPECT_TRUE(parse_mn(kMn, "f", options));
}

TEST(Load, EachKindIsRecognised) {
  EXPECT_TRUE(std::holds_alternative<LmaSettings>(parse_any(kLma, "f").value()));
  EXPECT_TRUE(std::holds_alternative<MagSettings>(parse_any(kMag, "f").value()));
  EXPECT_TRUE(std::holds_alternative<MnSettings>(parse_any(kMn, "f").value()));
}

TEST(Load, AnothersFileIsRefused) {
  EXPECT_THAT(errors_of(parse_mag(kLma, "f")),
              ElementsAre("f:1:1: this is the file of an LMA; expected the file of a MAG, with [mag]"));
  EXPECT_THAT(
      errors_of(parse_lma(kMn, "f")),
      ElementsAre("f:1:1: this is the file of a mobile node; expected the file of an LMA, with [lma]"));
}

TEST(Load, NobodysFile) {
  for (const char* text : {"", "\n# nothing\n", "[other]\n", "[[mag]]\n", "lam = 5\n"})
    EXPECT_THAT(
        errors_of(parse_any(text, "f")),
        ElementsAre("f:1:1: neither an LMA's, nor a MAG's, nor a mobile node's file; expected a table "
                    "[lma], [mag] or [mn]"))
        << text;
}

TEST(Load, AKindThatIsNoTable) {
  EXPECT_THAT(errors_of(parse_any("lma = 5\n", "f")),
              ElementsAre("f:1:7: the integer 5 is not allowed here; expected the table [lma]"));
}

class LoadFile : public testing::Test {
 protected:
  LoadFile() { std::filesystem::create_directories(folder_); }
  ~LoadFile() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path write(std::string_view content) {
    std::ofstream(folder_ / "f.toml", std::ios::binary) << content;
    return folder_ / "f.toml";
  }
  std::string error_of(const std::filesystem::path& path) {
    const auto errors = errors_of(load_any(path));
    EXPECT_EQ(errors.size(), 1u);
    return errors.empty() ? "" : errors[0];
  }
  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("load-" + std::to_string(::getpid()));
};

TEST_F(LoadFile, OfEachKind) {
  EXPECT_TRUE(load_lma(write(kLma)));
  EXPECT_TRUE(load_mag(write(kMag)));
  EXPECT_TRUE(load_mn(write(kMn)));
  EXPECT_TRUE(load_any(write(kMn)));
}

TEST_F(LoadFile, ThatCannotBeRead) {
  EXPECT_THAT(error_of(folder_ / "none.toml"),
              HasSubstr("none.toml:1:1: the file cannot be read: No such file or directory"));
  EXPECT_THAT(error_of(folder_), HasSubstr(":1:1: the file is no regular file"));
  EXPECT_THAT(error_of("/dev/zero"), HasSubstr("/dev/zero:1:1: the file is no regular file"));
}

TEST_F(LoadFile, ThatIsTooLarge) {
  const auto path = write(kMn);
  std::filesystem::resize_file(path, (32u << 20u) + 1);  // sparse
  EXPECT_THAT(error_of(path), HasSubstr("the file is larger than 32 MiB"));
}

TEST_F(LoadFile, OfBinaryRubbish) {
  using namespace std::string_view_literals;
  for (const std::string_view content : {"\0\0\0\0"sv,
                                         "\x7f"
                                         "ELF\x02\x01\x01\0"sv,
                                         "[lma]\nname = \"\xff\xfe\"\n"sv, "[lma\n"sv, "[lma]\n[lma]\n"sv})
    EXPECT_THAT(error_of(write(content)), HasSubstr("not valid TOML"));
}

TEST(LoadLma, ANodeNeedsAPrefixFromSomewhere) {
  const std::string without = with(kLma, "pools = [\"2001:db8:100::/48\"]\n", "");
  EXPECT_TRUE(parse_lma(without, "f"));
  EXPECT_THAT(
      errors_of(parse_lma(with(without, "prefixes =", "prefixes = []\n#"), "f")),
      ElementsAre("f:31:1: 'mn1@example.net' has no prefix of its own, and there is no pool; expected "
                  "'prefixes' here or 'pools' in [lma]"));
}

TEST_F(LoadFile, WithDotsInStringsAndComments) {
  const std::string dots(100, '.');
  const auto text = with(kMn, "mac", "# " + dots + "\nmac") + "technology = \"" + dots + "\"\n";
  EXPECT_THAT(error_of(write(text)), HasSubstr("f.toml:13:14: the string '....."));
}

TEST_F(LoadFile, ThatNestsWithoutEnd) {
  EXPECT_THAT(error_of(write("lma = " + std::string(1'000'000, '['))), HasSubstr("not valid TOML"));
  const auto chain = [](std::string_view link) {
    std::string key;
    for (int i = 0; i < 1'000'000; ++i) key += link;
    return key + "a";
  };
  constexpr std::string_view kSaid = "f.toml:4:1: not valid here: keys within keys without end";
  for (const std::string& text : {chain("a."), chain("\"a\\\"\"."), "[" + chain("'a' . ") + "]",
                                  "z = { y = \"\"\"\"\"\"\"" + std::string(", ") + chain("a.")})
    EXPECT_THAT(error_of(write("# a.b\n\nx = 'a.a.a'\n" + text + " = 1\n")), HasSubstr(kSaid));
}

}  // namespace
}  // namespace flowmob::daemon::config
