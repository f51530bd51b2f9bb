// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "lma_bench.h"
#include "platform/dataplane/mag_dataplane.h"
#include "platform/dataplane/vif_dataplane.h"
#include "platform/unique_fd.h"
#include "vif_flows.h"

namespace flowmob::dataplane::testing {
namespace {

namespace fs = std::filesystem;

std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> part{};
  while (const auto length = std::fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), length);
  ::pclose(pipe);
  return text;
}

/// How many programs of that name sit there.
std::size_t attached(std::string_view interface, std::string_view side, const std::string& program) {
  const auto text = output_of(fmt::format("tc filter show dev {} {}", interface, side));
  std::size_t count = 0;
  const auto name = " name " + program;
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) ++count;
  return count;
}

/// The anchor's daemon ends and comes back.
class LmaRestart : public LmaBench {
 protected:
  void reopen(const LmaDataplaneOptions& with = options()) {
    lma_.reset();
    auto opened = LmaDataplane::open(with);
    ASSERT_TRUE(opened) << opened.error().message;
    lma_ = std::move(*opened);
  }
  std::string code_of_opening(const LmaDataplaneOptions& with) {
    lma_.reset();
    const auto opened = LmaDataplane::open(with);
    return opened ? "no error" : opened.error().code;
  }
};

TEST_F(LmaRestart, EverythingStaysWithoutTheDaemon) {
  lma_.reset();
  EXPECT_EQ(attached("core0", "ingress", "lma_downlink"), 1U);
  EXPECT_EQ(attached("acc1", "ingress", "lma_uplink"), 1U);
  EXPECT_EQ(attached("acc2", "egress", "lma_local"), 1U);
  EXPECT_TRUE(fs::exists(bpf_directory() / "maps" / "flows"));
  EXPECT_TRUE(fs::exists(bpf_directory() / "programs" / "lma_downlink"));
}

TEST_F(LmaRestart, TheRowsAreTakenOver) {
  static_cast<void>(from_core(video().build()));
  reopen();
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag1);
  EXPECT_EQ(tunnel_of(from_core(other().build())), kMag2);
  EXPECT_EQ(lma_->flow_traffic(kVideo)->down.packets, 2U) << "and so are the counters";
}

TEST_F(LmaRestart, ProgramsReplaceTheirPredecessors) {
  for (int i = 0; i < 3; ++i) reopen();
  EXPECT_EQ(attached("core0", "ingress", "lma_downlink"), 1U);
  EXPECT_EQ(attached("acc1", "egress", "lma_local"), 1U);
}

TEST_F(LmaRestart, WhatNobodyInstalledAgainIsSwept) {
  reopen();
  must(lma_->install_flow({kVideo, kNodeIndex, kSession1}));
  const auto swept = lma_->sweep();
  ASSERT_TRUE(swept) << swept.error().message;
  EXPECT_GT(*swept, 0U);
  EXPECT_EQ(from_core(video().build()).verdict, Verdict::Pass);
  EXPECT_TRUE(lma_->flow_traffic(kVideo));
  EXPECT_FALSE(lma_->flow_traffic(kDefault));
  EXPECT_FALSE(lma_->session_traffic(kSession1));
  EXPECT_EQ(lma_->sweep().value_or(99), 0U);
}

TEST_F(LmaRestart, WhatWasInstalledAgainStays) {
  reopen();
  must(lma_->ensure_tunnel({ip(kLma), ip(kMag1)}));
  must(lma_->install_session({kSession1, kNodeIndex, ip(kLma), ip(kMag1), {prefix(kPrefix)}, kMtu}));
  must(lma_->install_flow({kVideo, kNodeIndex, kSession1}));
  install_rules({}, kVideo);
  ASSERT_TRUE(lma_->sweep());
  EXPECT_EQ(tunnel_of(from_core(other().build())), kMag1);
}

TEST_F(LmaRestart, NewLimitsHoldForCachesOnly) {
  auto other_limits = options();
  other_limits.max_nodes = 512;
  other_limits.max_cached_flows = 512;
  reopen(other_limits);
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag1);
}

TEST_F(LmaRestart, TeardownLeavesNothing) {
  lma_.reset();
  must(LmaDataplane::teardown(options()));
  EXPECT_EQ(attached("core0", "ingress", "lma_"), 0U);
  EXPECT_EQ(attached("acc1", "ingress", "lma_"), 0U);
  EXPECT_EQ(attached("acc1", "egress", "lma_"), 0U);
  EXPECT_FALSE(fs::exists(bpf_directory()));
  must(LmaDataplane::teardown(options()));
}

TEST_F(LmaRestart, NothingStaysOnAnInterfaceThatIsNoLongerNamed) {
  auto former = options();
  auto with = options();
  with.access_interfaces = {"core0"};
  with.core_interfaces = {"acc1"};
  reopen(with);
  for (const auto& name : former.access_interfaces)
    EXPECT_EQ(attached(name, "ingress", "lma_uplink"), 0U) << name;
  EXPECT_EQ(attached("acc1", "egress", "lma_local"), 0U);
  EXPECT_EQ(attached("acc1", "ingress", "lma_downlink"), 1U);
  EXPECT_EQ(attached("core0", "ingress", "lma_downlink"), 0U);
  EXPECT_EQ(attached("core0", "ingress", "lma_uplink"), 1U);

  with.access_interfaces.clear();
  lma_.reset();
  must(LmaDataplane::teardown(with));
  EXPECT_EQ(attached("core0", "ingress", "lma_"), 0U);
}

TEST_F(LmaRestart, AnotherDaemonsProgramsAreLeftAlone) {
  auto other = options();
  other.bpf_dir = bpf_directory() / ".." / "another";
  other.access_interfaces = {};
  other.core_interfaces = {"acc1"};  // where the first has none of its own at that place
  auto second = LmaDataplane::open(other);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(attached("acc1", "ingress", "lma_uplink"), 1U);
  EXPECT_EQ(attached("core0", "ingress", "lma_downlink"), 1U);
  must(LmaDataplane::teardown(other));
  EXPECT_EQ(attached("acc1", "ingress", "lma_downlink"), 0U);
  EXPECT_EQ(attached("core0", "ingress", "lma_downlink"), 1U);
}

TEST_F(LmaRestart, TeardownMindsNoInterfaceThatIsGone) {
  auto gone = options();
  gone.core_interfaces.push_back("gone0");
  must(LmaDataplane::teardown(gone));
}

TEST_F(LmaRestart, SaysWhyItCannotOpen) {
  auto with = options();
  with.core_interfaces = {"gone0"};
  EXPECT_EQ(code_of_opening(with), "no-such-interface");
  with = options();
  with.bpf_dir = "/tmp/not-a-bpffs";
  EXPECT_EQ(code_of_opening(with), "not-a-bpffs");
  EXPECT_FALSE(fs::exists(with.bpf_dir));
  with.bpf_dir = "relative";
  EXPECT_EQ(code_of_opening(with), "bad-bpf-directory");
}

TEST_F(LmaRestart, ForeignMapsAreNotUsed) {
  lma_.reset();
  const auto path = bpf_directory() / "maps" / "sessions";
  fs::remove(path);
  const platform::UniqueFd foreign(bpf_map_create(BPF_MAP_TYPE_HASH, "foreign", 4, 4, 10, nullptr));
  ASSERT_EQ(bpf_obj_pin(foreign.get(), path.c_str()), 0);
  EXPECT_EQ(code_of_opening(options()), "incompatible-map");
}

TEST_F(LmaRestart, OneInterfaceMayLeadBothWays) {
  must(LmaDataplane::teardown(options()));
  auto with = options();
  with.core_interfaces = with.access_interfaces = {"acc1"};
  reopen(with);
  EXPECT_EQ(attached("acc1", "ingress", "lma_uplink"), 1U);
  EXPECT_EQ(attached("acc1", "ingress", "lma_downlink"), 1U);
  must(LmaDataplane::teardown(with));
  EXPECT_EQ(attached("acc1", "ingress", "lma_"), 0U);
}

TEST(MagRestart, RowsStayUntilTheyAreSwept) {
  const MagDataplaneOptions options{bpf_directory(), {"acc1"}, {"core0"}, ip(kMag1), false, 64};
  const Host host{SessionId{1},
                  InterfaceIndex{index_of("core0")},
                  mac(kPeerMac),
                  mac(kCoreMac),
                  {prefix("2001:db8:100::/64")},
                  ip(kMag1),
                  ip(kLma),
                  1460};
  const auto tunnelled =
      frame(kAccess1Mac, kPeerMac, Packet().from(kCn).to(kNode).udp(1, 2).in_tunnel(kLma, kMag1).build());
  auto mag = MagDataplane::open(options);
  ASSERT_TRUE(mag) << mag.error().message;
  ASSERT_TRUE((*mag)->install_host(host));
  mag->reset();
  EXPECT_EQ(attached("core0", "ingress", "mag_uplink"), 1U);
  mag = MagDataplane::open(options);
  ASSERT_TRUE(mag) << mag.error().message;
  EXPECT_EQ(run((*mag)->object(), "mag_downlink", "acc1", tunnelled).verdict, Verdict::Redirect);
  EXPECT_EQ((*mag)->sweep().value_or(0), 3U) << "prefix, link and counters";
  EXPECT_EQ(run((*mag)->object(), "mag_downlink", "acc1", tunnelled).verdict, Verdict::Drop);
  ASSERT_TRUE(MagDataplane::teardown(options));
  EXPECT_FALSE(fs::exists(bpf_directory()));
}

TEST(VifRestart, MembersAndFlowsStay) {
  const VifDataplaneOptions options{bpf_directory(), "vif0", {"if1", "if2"}, true, {}, 256};
  auto vif = VifDataplane::open(options);
  ASSERT_TRUE(vif) << vif.error().message;
  ASSERT_TRUE((*vif)->set_member({1, InterfaceIndex{index_of("if2")}, mac(kMember2Mac), true}));
  ASSERT_TRUE((*vif)->set_default_member(1));
  const auto uplink = frame(kPeerMac, kVifMac, Packet().from(kNode).to(kCn).udp(1, 2).build());
  static_cast<void>(run((*vif)->object(), "vif_egress", "vif0", uplink));
  vif->reset();
  EXPECT_EQ(attached("if2", "ingress", "member_ingress"), 1U);
  vif = VifDataplane::open(options);
  ASSERT_TRUE(vif) << vif.error().message;
  EXPECT_EQ(frame_source(run((*vif)->object(), "vif_egress", "vif0", uplink).frame), mac(kMember2Mac));
  EXPECT_EQ(flows_of_tests(**vif).size(), 1U);
  EXPECT_EQ((*vif)->set_member({16, {}, {}, false}).error().code, "no-such-member");
  EXPECT_EQ((*vif)->set_default_member(16).error().code, "no-such-member");
  ASSERT_TRUE(VifDataplane::teardown(options));
}

/// By which member a packet leaves while all are up.
MacAddress source_of(const VifDataplane& vif) {
  const auto uplink = frame(kPeerMac, kVifMac, Packet().from(kNode).to(kCn).udp(1, 2).build());
  return frame_source(run(vif.object(), "vif_egress", "vif0", uplink).frame);
}

TEST(VifRestart, MembersMayHaveChangedPlaces) {
  VifDataplaneOptions options{bpf_directory(), "vif0", {"if1", "if2"}, true, {}, 256};
  const InterfaceIndex if1{index_of("if1")}, if2{index_of("if2")};
  auto vif = VifDataplane::open(options);
  ASSERT_TRUE(vif) << vif.error().message;
  ASSERT_TRUE((*vif)->set_member({0, if1, mac(kMember1Mac), true}));
  ASSERT_TRUE((*vif)->set_member({1, if2, mac(kMember2Mac), true}));
  vif->reset();
  options.members = {"if2", "if1"};
  vif = VifDataplane::open(options);
  ASSERT_TRUE(vif) << vif.error().message;
  ASSERT_TRUE((*vif)->set_member({0, if2, mac(kMember2Mac), true}));
  ASSERT_TRUE((*vif)->set_member({1, if1, mac(kMember1Mac), true}));
  for (const auto& [interface, own] : {std::pair("if1", kMember1Mac), std::pair("if2", kMember2Mac)}) {
    const auto downlink = frame(own, kPeerMac, Packet().from(kCn).to(kNode).udp(2, 1).build());
    EXPECT_EQ(run((*vif)->object(), "member_ingress", interface, downlink).verdict, Verdict::Redirect);
    EXPECT_EQ(source_of(**vif), mac(own)) << "reflection knows it by its new number";
  }
  ASSERT_TRUE(VifDataplane::teardown(options));
}

TEST(VifRestart, AFormerMemberIsForgotten) {
  VifDataplaneOptions options{bpf_directory(), "vif0", {"if1", "if2"}, true, {}, 256};
  auto vif = VifDataplane::open(options);
  ASSERT_TRUE(vif) << vif.error().message;
  ASSERT_TRUE((*vif)->set_member({1, InterfaceIndex{index_of("if2")}, mac(kMember2Mac), true}));
  EXPECT_EQ(source_of(**vif), mac(kMember2Mac)) << "any that is up";
  vif->reset();
  options.members = {"if1"};
  vif = VifDataplane::open(options);
  ASSERT_TRUE(vif) << vif.error().message;
  const auto uplink = frame(kPeerMac, kVifMac, Packet().from(kNode).to(kCn).udp(1, 2).build());
  EXPECT_EQ(run((*vif)->object(), "vif_egress", "vif0", uplink).verdict, Verdict::Drop);
  options.members = {"if1", "if2"};
  ASSERT_TRUE(VifDataplane::teardown(options));
}

TEST(VifRestart, NumbersOfMembersAreKnownToWhoeverComesNext) {
  EXPECT_TRUE(VifDataplane::left_in(bpf_directory()).empty());
  VifDataplaneOptions options{bpf_directory(), "vif0", {"if1", "", "if2"}, true, {}, 256};
  auto vif = VifDataplane::open(options);
  ASSERT_TRUE(vif) << vif.error().message;
  ASSERT_TRUE((*vif)->set_member({2, InterfaceIndex{index_of("if2")}, mac(kMember2Mac), true}));
  vif->reset();
  const auto left = VifDataplane::left_in(bpf_directory());
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].number, 2U);
  EXPECT_EQ(left[0].interface.value, index_of("if2"));
  EXPECT_EQ(left[0].mac, mac(kMember2Mac));
  ASSERT_TRUE(VifDataplane::teardown(options));
}

}  // namespace
}  // namespace flowmob::dataplane::testing
