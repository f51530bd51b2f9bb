// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <fstream>

#include "daemon/config/load_fixture_for_test.h"

namespace flowmob::daemon::config::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Ipv6Address address(std::string_view text) { return Ipv6Address::parse(text).value(); }
Ipv6Prefix prefix(std::string_view text) { return Ipv6Prefix::parse(text).value(); }
MacAddress mac(std::string_view text) { return MacAddress::parse(text).value(); }

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

std::string and_line(std::string_view file, const std::string& line) {
  std::string text(file);
  return text.insert(text.find('\n') + 1, line + "\n");
}

TEST(Load, HeartbeatIntervalsAreThoseOfTheRfc) {
  for (const auto* good : {"0s", "30s", "5min", "1h"})
    EXPECT_TRUE(parse_lma(and_line(kLma, std::string("heartbeat_interval = \"") + good + "\""), "f")) << good;
  for (const auto* bad : {"1s", "29s", "3601s"})
    EXPECT_FALSE(parse_lma(and_line(kLma, std::string("heartbeat_interval = \"") + bad + "\""), "f")) << bad;
  const auto lma =
      parse_lma(and_line(kLma, "heartbeat_interval = \"2min\"\nmissing_heartbeats_allowed = 5"), "f").value();
  EXPECT_EQ(lma.core.heartbeat, (core::HeartbeatConfig{2min, 5}));
  EXPECT_EQ(parse_lma(kLma, "f").value().core.heartbeat, (core::HeartbeatConfig{60s, 3}));
}

TEST(Load, RevocationHasItsVariables) {
  const auto text = and_line(kLma,
                             "revocation = false\nrevocation_retries = 3\nrevocation_delay = \"500ms\"\n"
                             "max_revocation_delay = \"4s\"");
  EXPECT_EQ(parse_lma(text, "f").value().core.revocation, (core::RevocationConfig{false, 3, 500ms, 4s}));
  EXPECT_FALSE(parse_lma(and_line(kLma, "revocation_delay = \"400ms\""), "f"));
  EXPECT_EQ(parse_lma(kLma, "f").value().core.revocation, (core::RevocationConfig{true, 1, 1s, 2s}));
}

TEST(LoadLma, NotificationsHaveTheirVariablesWithTheirRanges) {  // RFC 7077 section 7
  EXPECT_EQ(parse_lma(kLma, "f").value().core.notification, (core::NotificationConfig{1, 1s}));
  const auto text = and_line(kLma, "notification_retries = 5\nnotification_delay = \"500ms\"");
  EXPECT_EQ(parse_lma(text, "f").value().core.notification, (core::NotificationConfig{5, 500ms}));
  for (const auto* bad :
       {"notification_retries = 6", "notification_delay = \"499ms\"", "notification_delay = \"5001ms\""})
    EXPECT_FALSE(parse_lma(and_line(kLma, bad), "f")) << bad;
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

TEST(Load, RulesOfAMobileNode) {
  const auto loaded = parse_mn(std::string(kMn) + R"(
[[rule]]
name = "control"
match = { protocol = "udp", source_port = [14550, "6000-6010"] }
redundant = true
)",
                               "mn.toml");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  ASSERT_EQ(loaded->flows.rules.size(), 1U);
  const auto& rule = loaded->flows.rules[0];
  EXPECT_TRUE(rule.is_redundant());
  ASSERT_EQ(rule.selectors.size(), 2U);
  EXPECT_EQ(rule.selectors[0].next_header, (wire::Range<std::uint8_t>{17, 17}));
  EXPECT_EQ(rule.selectors[1].source_port, (wire::Range<std::uint16_t>{6000, 6010}));
}

constexpr std::string_view kChoice = R"(
[[rule]]
name = "films"
match = { protocol = "tcp", source_port = 443 }
prefer = ["if2", "if1"]
)";

std::string deciding(std::string_view rules) {
  return with(kMn, "decider = \"lma\"", "decider = \"mn\"") + std::string(rules);
}

TEST(Load, AMobileNodeThatDecidesPrefersMembers) {
  const auto loaded = parse_mn(deciding(kChoice), "mn.toml");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_TRUE(loaded->flows.node_decides);
  EXPECT_EQ(loaded->flows.members, (std::vector<std::string>{"if1", "if2"}));
  ASSERT_EQ(loaded->flows.rules.size(), 1U);
  EXPECT_EQ(loaded->flows.rules[0].prefer, (std::vector<std::string>{"if2", "if1"}));
  EXPECT_FALSE(parse_mn(kMn, "mn.toml")->flows.node_decides);
}

TEST(Load, AMobileNodeThatDecidesMaySplit) {
  const auto split = [](const std::string& shares) {
    return parse_mn(deciding(kChoice) + "split = " + shares, "f");
  };
  ASSERT_TRUE(split("[3, 1]"));
  EXPECT_EQ(split("[3, 1]")->flows.rules[0].shares, (std::vector<std::uint16_t>{3, 1}));
  EXPECT_THAT(errors_of(split("[3]")),
              ElementsAre("f:17:9: 1 shares for 2 members; expected a share for each of 'prefer'"));
  EXPECT_THAT(errors_of(split("[0, 0]")),
              ElementsAre("f:17:9: no member has a share; expected a share that is not zero"));
  EXPECT_THAT(errors_of(split("[3, 1001]")),
              ElementsAre("f:17:13: the integer 1001 is not allowed here; expected 0 to 1000"));
}

TEST(Load, WhatAMobileNodePrefersHasToBeAMember) {
  const auto mistakes = [](std::string_view old, std::string_view replacement) {
    return errors_of(parse_mn(with(deciding(kChoice), old, replacement), "f"));
  };
  EXPECT_THAT(mistakes("\"if2\", \"if1\"]", "\"if3\"]"),
              ::testing::ElementsAre(::testing::HasSubstr("f:16:11: ")));
  EXPECT_THAT(mistakes("\"if2\", \"if1\"]", "]"),
              ::testing::ElementsAre("f:16:10: 'prefer' is empty; expected at least one member's interface"));
  EXPECT_THAT(mistakes("[\"if2\", \"if1\"]", "[\"if1\", \"if1\"]"),
              ::testing::ElementsAre(::testing::HasSubstr("'if1' is already used at line 16")));
  EXPECT_THAT(
      mistakes("prefer = ", "redundant = true\nprefer = "),
      ::testing::ElementsAre("f:16:13: 'redundant' and 'prefer' contradict each other; expected one of "
                             "the two"));
}

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
              ::testing::Contains(::testing::EndsWith("unknown MAG 'zz'; expected one of mag1")));
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

class LoadFile : public ::testing::Test {
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
      std::filesystem::path(::testing::TempDir()) / ("load-" + std::to_string(::getpid()));
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
}  // namespace flowmob::daemon::config::testing
