// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/load_fixture_for_test.h"

namespace flowmob::daemon::config::testing {
namespace {

using ::testing::ElementsAre;

struct Case {
  std::string_view file, old, replacement, error;
};
void PrintTo(const Case& wrong, std::ostream* stream) { *stream << wrong.error; }
class OneMistake : public ::testing::TestWithParam<Case> {};

TEST_P(OneMistake, IsSaidOnceWithItsPlace) {
  const auto [file, old, replacement, error] = GetParam();
  EXPECT_THAT(errors_of(parse_any(with(file, old, replacement), "f")), ElementsAre(std::string(error)));
}

INSTANTIATE_TEST_SUITE_P(
    Lma, OneMistake,
    ::testing::Values(
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
    ::testing::Values(
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
    ::testing::Values(
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
        Case{kMn, "\"lma\"", "\"me\"",
             "f:4:11: the string 'me' is not allowed here; expected \"lma\" or \"mn\""},
        Case{kMn, "interface = \"if2\"\n",
             "interface = \"if2\"\n[[rule]]\nname = \"a\"\nmatch = {spi = 46}\nprefer = [\"if1\"]\n",
             "f:15:10: 'prefer' where the anchor decides which link a flow takes; expected `decider = "
             "\"mn\"` in "
             "[mn], or no 'prefer'"},
        Case{kMn, "interface = \"if2\"\n",
             "interface = \"if2\"\n[[rule]]\nname = \"a\"\nmatch = {spi = 46}\n",
             "f:12:1: the rule says neither 'prefer' nor 'redundant'; expected one of the two"},
        Case{kMn, "[[member]]", "[[membre]]",
             "f:6:3: unknown key 'membre' in the file; expected 'member' (did you mean that?)"},
        Case{kMn, "interface = \"if2\"\n",
             "interface = \"if2\"\n[[rule]]\nname = \"a\"\nmatch = {}\nredundant = true\n",
             "f:14:9: the match has no condition; expected protocol, source, a port or another"},
        Case{kMn, "interface = \"if2\"\n",
             "interface = \"if2\"\n[[rule]]\nname = \"a\"\nmatch = {spi = 46}\nredundant = false\n",
             "f:15:13: the boolean false is not allowed here; expected true"},
        Case{kMn, "interface = \"if2\"\n",
             "interface = \"if2\"\n[[rule]]\nname = \"a\"\nmatch = {service = \"x\"}\nredundant = true\n",
             "f:14:10: unknown key 'service' in [rule.match]; expected one of protocol, source, destination, "
             "source_port, "
             "destination_port, spi, dscp, user, cgroup"},
        Case{kMn, "interface = \"if2\"\n",
             "interface = \"if2\"\n[[rule]]\nname = \"a\"\nmatch = {spi = [1,2,3,4,5], source_port = "
             "[1,2,3,4]}\nredundant = true\n",
             "f:14:9: the rules come to 20 selectors; expected at most 16"},
        Case{kMn, "interface = \"if2\"\n",
             "interface = \"if2\"\n[[rule]]\nname = \"a\"\nmatch = {spi = 46}\nredundant = true\nsplit = "
             "[1]\n",
             "f:16:9: 'split' without 'prefer'; expected a list of members in 'prefer'"}));

TEST(Load, ANodeHasEightMembersAtMost) {
  std::string text = "[mn]\ninterface = \"vif0\"\n";
  for (int number = 1; number <= 8; ++number)
    text += "[[member]]\ninterface = \"if" + std::to_string(number) + "\"\n";
  EXPECT_TRUE(parse_mn(text, "f"));
  const auto errors = errors_of(parse_mn(text + "[[member]]\ninterface = \"if9\"\n", "f"));
  EXPECT_EQ(errors, std::vector<std::string>{"f:19:1: 9 members; expected at most 8 [[member]]"});
}

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

}  // namespace
}  // namespace flowmob::daemon::config::testing
