// SPDX-License-Identifier: Apache-2.0
// Which interfaces get the anchor's XDP program, and what becomes of it.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <gmock/gmock.h>
#include <linux/if_link.h>

#include "dataplane/lma.skel.h"
#include "lma_bench.h"
#include "platform/dataplane/xdp_attachment.h"
#include "platform/unique_fd.h"
#include "platform/xdp_features.h"

namespace flowmob::dataplane::testing {
namespace {

using platform::CardFacts;
using platform::reason_for_tc;
using platform::UniqueFd;
using platform::XdpFeatures;
using ::testing::HasSubstr;

std::uint32_t xdp_of(std::string_view interface) {
  std::uint32_t program = 0;
  EXPECT_EQ(bpf_xdp_query_id(static_cast<int>(index_of(interface)), XDP_FLAGS_DRV_MODE, &program), 0);
  return program;
}

class LmaXdpAttach : public LmaBench {
 protected:
  void reopen(const LmaDataplaneOptions& with) {
    lma_.reset();
    auto opened = LmaDataplane::open(with);
    ASSERT_TRUE(opened) << opened.error().message;
    lma_ = std::move(*opened);
  }
  static LmaDataplaneOptions with(Datapath datapath) {
    auto all = options();
    all.datapath = datapath;
    return all;
  }
  DatapathInUse in_use(const std::string& interface) const { return lma_->datapaths().at(interface); }
};

TEST_F(LmaXdpAttach, OnVethAutoIsTc) {
  reopen(with(Datapath::Auto));
  for (const std::string name : {"core0", "acc1", "acc2"}) {
    EXPECT_EQ(xdp_of(name), 0U);
    EXPECT_EQ(in_use(name).used, Datapath::Tc);
    EXPECT_THAT(in_use(name).reason, HasSubstr("veth is no network card"));
  }
}

TEST_F(LmaXdpAttach, WhereItIsConfiguredItOutlivesTheDaemonAndIsTakenOver) {
  reopen(with(Datapath::Xdp));
  for (const std::string name : {"core0", "acc1", "acc2"}) {
    EXPECT_NE(xdp_of(name), 0U);
    EXPECT_EQ(in_use(name).used, Datapath::Xdp);
    EXPECT_THAT(in_use(name).reason, HasSubstr("as configured"));
  }
  const auto former = xdp_of("core0");
  lma_.reset();
  EXPECT_EQ(xdp_of("core0"), former);
  reopen(with(Datapath::Xdp));
  EXPECT_NE(xdp_of("core0"), 0U);
  EXPECT_NE(xdp_of("core0"), former) << "the new daemon's own";
}

TEST_F(LmaXdpAttach, ItGoesWhereTheConfigurationSaysTcNow) {
  reopen(with(Datapath::Xdp));
  auto one = with(Datapath::Xdp);
  one.datapaths = {{"acc2", Datapath::Tc}};
  reopen(one);
  EXPECT_NE(xdp_of("acc1"), 0U);
  EXPECT_EQ(xdp_of("acc2"), 0U);
  EXPECT_EQ(in_use("acc2").reason, "as configured");
  auto fewer = with(Datapath::Xdp);
  fewer.access_interfaces = {"acc2"};
  reopen(fewer);
  EXPECT_EQ(xdp_of("acc1"), 0U) << "it is not the LMA's any more";
  EXPECT_NE(xdp_of("acc2"), 0U);
  BpfMap<std::uint32_t, fm_xdp_link> links(lma_->object(), "xdp_links");
  EXPECT_EQ(links.get(index_of("acc1"))->flags, 0U);
  EXPECT_NE(links.get(index_of("acc2"))->flags, 0U);
}

TEST_F(LmaXdpAttach, TeardownTakesItOff) {
  reopen(with(Datapath::Xdp));
  lma_.reset();
  must(LmaDataplane::teardown(options()));
  for (const auto* name : {"core0", "acc1", "acc2"}) EXPECT_EQ(xdp_of(name), 0U);
}

TEST_F(LmaXdpAttach, ItsRowsSayWhatTheInterfaceIs) {
  reopen(with(Datapath::Xdp));
  BpfMap<std::uint32_t, fm_xdp_link> links(lma_->object(), "xdp_links");
  const auto core = links.get(index_of("core0")), access = links.get(index_of("acc1"));
  ASSERT_TRUE(core && access);
  EXPECT_EQ(core->flags & (FM_XDP_FROM_CORE | FM_XDP_FROM_MAGS), FM_XDP_FROM_CORE);
  EXPECT_EQ(access->flags & (FM_XDP_FROM_CORE | FM_XDP_FROM_MAGS), FM_XDP_FROM_MAGS);
  EXPECT_TRUE(std::ranges::equal(core->mac.octets, mac(kCoreMac).octets));
}

/// A veth takes frames from XDP only where the other end has a program or GRO.
TEST_F(LmaXdpAttach, WhetherAnInterfaceTakesFramesIsFollowed) {
  const auto features = platform::xdp_features(InterfaceIndex{index_of("acc1")});
  if (!features) GTEST_SKIP() << "this kernel does not say";
  reopen(with(Datapath::Xdp));
  BpfMap<std::uint32_t, fm_xdp_link> links(lma_->object(), "xdp_links");
  const auto sends = [&] { return (links.get(index_of("acc1"))->flags & FM_XDP_SENDS) != 0; };
  EXPECT_FALSE(sends());
  EXPECT_THAT(in_use("acc1").reason, HasSubstr("takes no frames from XDP"));
  ASSERT_EQ(std::system("ethtool -K acc1-peer gro on"), 0);
  lma_->follow_datapaths();
  EXPECT_TRUE(sends());
  EXPECT_EQ(in_use("acc1").reason, "as configured");
  ip_command("link set acc1 address 02:00:00:00:00:aa");
  lma_->follow_datapaths();
  EXPECT_EQ(links.get(index_of("acc1"))->mac.octets[5], 0xaa);
  ip_command(fmt::format("link set acc1 address {}", kAccess1Mac));
  ASSERT_EQ(std::system("ethtool -K acc1-peer gro off"), 0);
  lma_->follow_datapaths();
  EXPECT_FALSE(sends());
}

/// Whoever else uses XDP there keeps it.
class ForeignXdp : public LmaXdpAttach {
 protected:
  void SetUp() override {
    LmaXdpAttach::SetUp();
    constexpr bpf_insn kPass[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = XDP_PASS},
        {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    program_ = UniqueFd(bpf_prog_load(BPF_PROG_TYPE_XDP, "theirs", "GPL", kPass, 2, nullptr));
    ASSERT_TRUE(program_);
  }
  void attach(std::string_view interface, std::uint32_t flags) const {
    ASSERT_EQ(bpf_xdp_attach(static_cast<int>(index_of(interface)), program_.get(), flags, nullptr), 0);
  }
  static void detach(std::string_view interface, std::uint32_t flags) {
    ASSERT_EQ(bpf_xdp_attach(static_cast<int>(index_of(interface)), -1, flags, nullptr), 0);
  }
  UniqueFd program_;
};

TEST_F(ForeignXdp, IsNotReplaced) {
  for (const std::uint32_t mode : {XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE}) {
    lma_.reset();
    attach("acc1", mode);
    const auto opened = LmaDataplane::open(with(Datapath::Xdp));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "xdp-refused");
    EXPECT_THAT(opened.error().message, HasSubstr("acc1"));
    EXPECT_THAT(opened.error().message, HasSubstr("somebody else's XDP program"));
    EXPECT_NE(xdp_of("core0"), 0U) << "the others have theirs";
    std::uint32_t still = 0;
    EXPECT_EQ(bpf_xdp_query_id(static_cast<int>(index_of("acc1")), static_cast<int>(mode), &still), 0);
    EXPECT_NE(still, 0U);
    must(LmaDataplane::teardown(options()));
    EXPECT_EQ(bpf_xdp_query_id(static_cast<int>(index_of("acc1")), static_cast<int>(mode), &still), 0);
    EXPECT_NE(still, 0U) << "nor is it taken off";
    detach("acc1", mode);
  }
}

TEST_F(ForeignXdp, IsNotReplacedWhenItCameLater) {
  reopen(with(Datapath::Xdp));
  detach("core0", XDP_FLAGS_DRV_MODE);
  attach("core0", XDP_FLAGS_DRV_MODE);
  const auto theirs = xdp_of("core0");
  lma_->follow_datapaths();
  EXPECT_EQ(xdp_of("core0"), theirs);
  EXPECT_EQ(in_use("core0").used, Datapath::Tc);
  EXPECT_THAT(in_use("core0").reason, HasSubstr("somebody else's"));
  detach("core0", XDP_FLAGS_DRV_MODE);
}

TEST_F(ForeignXdp, WhatSomebodyHasTakenOffComesBack) {
  reopen(with(Datapath::Xdp));
  detach("core0", XDP_FLAGS_DRV_MODE);
  lma_->follow_datapaths();
  EXPECT_NE(xdp_of("core0"), 0U);
}

TEST_F(LmaXdpAttach, TheDriversRefusalIsToldInItsWords) {
  lma_.reset();
  ip_command("link set acc1-peer mtu 9000");
  ip_command("link set acc1 mtu 9000");
  const auto opened = LmaDataplane::open(with(Datapath::Xdp));
  ip_command("link set acc1 mtu 1500");
  ip_command("link set acc1-peer mtu 1500");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "xdp-refused");
  EXPECT_THAT(opened.error().message, HasSubstr("acc1"));
  EXPECT_THAT(opened.error().message, HasSubstr("datapath = \"xdp\""));
}

/// The object's octets with nonsense in the section of the XDP program.
std::string with_spoilt_xdp() {
  std::size_t size = 0;
  const auto* octets = static_cast<const char*>(lma_bpf::elf_bytes(&size));
  std::string elf(octets, size);
  Elf64_Ehdr head{};
  std::memcpy(&head, elf.data(), sizeof(head));
  const auto section = [&](std::size_t number) {
    Elf64_Shdr found{};
    std::memcpy(&found, elf.data() + head.e_shoff + number * sizeof(found), sizeof(found));
    return found;
  };
  const auto names = section(head.e_shstrndx);
  for (std::size_t i = 0; i < head.e_shnum; ++i)
    if (std::string_view(elf.data() + names.sh_offset + section(i).sh_name) == "xdp")
      std::fill_n(elf.begin() + static_cast<std::ptrdiff_t>(section(i).sh_offset), sizeof(bpf_insn), '\xff');
  return elf;
}

TEST_F(LmaXdpAttach, AKernelThatRefusesTheProgramHasTheOthers) {
  const auto elf = with_spoilt_xdp();
  const BpfDirectory elsewhere = BpfDirectory::create(bpf_directory() / "spoilt").value();
  EXPECT_FALSE(BpfObject::load("lma", elf.data(), elf.size(), {elsewhere, {}, {}, {}}));
  {
    const auto loaded = BpfObject::load("lma", elf.data(), elf.size(), {elsewhere, {}, {}, {"lma_xdp"}});
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_GE(loaded->program_fd("lma_downlink"), 0);
    EXPECT_LT(loaded->program_fd("lma_xdp"), 0);
    FastLane lane(*loaded);
    EXPECT_TRUE(lane.attach({{"core0", true, false, Datapath::Auto}}));
    EXPECT_THAT(lane.in_use().at("core0").reason, HasSubstr("this kernel refuses the XDP program"));
    const auto forced = lane.attach({{"core0", true, false, Datapath::Xdp}});
    ASSERT_FALSE(forced);
    EXPECT_EQ(forced.error().code, "xdp-refused");
  }
  must(BpfDirectory::remove(elsewhere.root));
}

/// A card whose driver runs XDP and that hides nothing from it.
platform::InterfaceFacts card(CardFacts facts = {"ixgbe", "0000:01:00.0", false, false}) {
  return {std::move(facts), XdpFeatures{XdpFeatures::kBasic | XdpFeatures::kRedirect}, "", ""};
}

TEST(WhyTc, CardsThatRunItHaveXdp) {
  auto facts = card();
  EXPECT_EQ(reason_for_tc("eth0", facts), "");
  facts.vlan = "eth0.7";
  EXPECT_EQ(reason_for_tc("eth0", facts), "") << "tags are seen";
  facts.features.reset();
  EXPECT_EQ(reason_for_tc("eth0", facts), "") << "the attachment will tell";
}

TEST(WhyTc, VirtualInterfacesHaveTc) {
  EXPECT_THAT(reason_for_tc("veth7", card({"veth", "", false, false})), HasSubstr("veth is no network card"));
  EXPECT_THAT(reason_for_tc("odd0", {}), HasSubstr("odd0 is no network card"));
}

TEST(WhyTc, DriversWithoutXdpAreNotTried) {
  auto facts = card({"r8169", "0000:01:00.0", false, false});
  facts.features = XdpFeatures{0};
  EXPECT_EQ(reason_for_tc("eth0", facts), "the driver r8169 has no XDP");
}

TEST(WhyTc, HiddenVlanTagsAreNotIgnored) {
  auto facts = card({"ixgbe", "0000:01:00.0", true, true});
  EXPECT_EQ(reason_for_tc("eth0", facts), "") << "the card lets no other VLAN in";
  facts.vlan = "eth0.7";
  EXPECT_THAT(reason_for_tc("eth0", facts), HasSubstr("ethtool -K eth0 rxvlan off"));
  facts = card({"ixgbe", "0000:01:00.0", true, false});
  EXPECT_THAT(reason_for_tc("eth0", facts), HasSubstr("ethtool -K eth0 rxvlan off"));
}

TEST(WhyTc, WhatIsShapedIsNotSentPastTheShaper) {
  auto facts = card();
  facts.shaper = "htb";
  EXPECT_EQ(reason_for_tc("eth0", facts), "XDP would send past its queueing discipline, htb");
}

TEST(WhyTc, TheKernelIsAsked) {
  const auto plain = platform::interface_facts("acc2");
  ASSERT_TRUE(plain.card);
  EXPECT_EQ(plain.card->driver, "veth");
  EXPECT_EQ(plain.card->bus, "");
  EXPECT_EQ(plain.shaper, "");
  EXPECT_EQ(plain.vlan, "");
  ASSERT_EQ(std::system("tc qdisc add dev acc2 root tbf rate 1gbit burst 64k latency 10ms"), 0);
  EXPECT_EQ(platform::interface_facts("acc2").shaper, "tbf");
  EXPECT_EQ(platform::interface_facts("acc1").shaper, "");
  ASSERT_EQ(std::system("tc qdisc del dev acc2 root"), 0);
  EXPECT_FALSE(platform::interface_facts("nothing7").card);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
