// SPDX-License-Identifier: Apache-2.0
#include "lma_bench.h"
#include "platform/dataplane/mag_dataplane.h"

/// Prefixes of the network behind a mobile node (RFC 7148): one row for each /64 of them.
namespace flowmob::dataplane::testing {
namespace {

constexpr std::string_view kLan = "2001:db8:f00::/64", kLanHost = "2001:db8:f00::77";
constexpr std::string_view kLans = "2001:db8:f00:10::/60";
/// The first and the last /64 of kLans, and what lies on either side.
constexpr std::string_view kInLans[] = {"2001:db8:f00:10::77", "2001:db8:f00:1f:ffff::77"};
constexpr std::string_view kBesideLans[] = {"2001:db8:f00:f::77", "2001:db8:f00:20::77"};

std::vector<std::string_view> all_behind() { return {kLanHost, kInLans[0], kInLans[1]}; }

class LmaDelegated : public LmaBench {
 protected:
  void SetUp() override {
    LmaBench::SetUp();
    install(all());
  }
  static std::vector<Ipv6Prefix> all() { return {prefix(kPrefix), prefix(kLan), prefix(kLans)}; }
  void install(const std::vector<Ipv6Prefix>& prefixes) {
    wire::TrafficSelector6 films;
    films.source_port = {5004, 5005};
    films.next_header = {17, 17};
    must(lma_->install_session({kSession1, kNodeIndex, ip(kLma), ip(kMag1), prefixes, kMtu}));
    must(lma_->install_session({kSession2, kNodeIndex, ip(kLma), ip(kMag2), prefixes, kMtu}));
    must(lma_->install_node({kNodeIndex, prefixes, kDefault, 1, {{10, kVideo, films}}}));
  }
  static Packet up_from(std::string_view source) {
    return Packet().from(source).to(kCn).udp(4000, 5004).payload(100);
  }
};

TEST_F(LmaDelegated, EachFlowGoesItsWayWhoeverItIsFor) {
  for (const auto host : all_behind()) {
    EXPECT_EQ(tunnel_of(from_core(video().to(host).build())), kMag1) << host;
    EXPECT_EQ(tunnel_of(from_core(other().to(host).build())), kMag2) << host;
  }
}

TEST_F(LmaDelegated, AFlowThatMovesTakesAllAlong) {
  for (const auto host : all_behind()) from_core(video().to(host).build());
  must(lma_->install_flow({kVideo, kNodeIndex, kSession2}));
  for (const auto host : all_behind())
    EXPECT_EQ(tunnel_of(from_core(video().to(host).build())), kMag2) << host;
}

TEST_F(LmaDelegated, WhatLiesBesideIsNotTheNodes) {
  for (const auto host : kBesideLans) {
    EXPECT_EQ(from_core(video().to(host).build()).verdict, Verdict::Pass) << host;
    EXPECT_EQ(from_access(up_from(host).in_tunnel(kMag1, kLma).build()).verdict, Verdict::Drop) << host;
  }
  EXPECT_EQ(packets_dropped(lma_->drops(), "spoofed-source"), 2U);
}

TEST_F(LmaDelegated, TheyAreSourcesByTheNodesMagsAlone) {
  for (const auto host : all_behind()) {
    EXPECT_EQ(from_access(up_from(host).in_tunnel(kMag1, kLma).build()).verdict, Verdict::Pass) << host;
    EXPECT_EQ(from_access(up_from(host).in_tunnel(kNowhere, kLma).build()).verdict, Verdict::Drop) << host;
    EXPECT_EQ(from_access(up_from(host).build()).verdict, Verdict::Drop) << "without a tunnel";
  }
  EXPECT_EQ(packets_dropped(lma_->drops(), "unknown-tunnel"), 3U);
  EXPECT_EQ(packets_dropped(lma_->drops(), "spoofed-source"), 3U);
  EXPECT_EQ(lma_->session_traffic(kSession1)->up.packets, 3U);
}

TEST_F(LmaDelegated, ASessionWithoutThemMaySendNone) {
  must(lma_->install_session({kSession1, kNodeIndex, ip(kLma), ip(kMag1), {prefix(kPrefix)}, kMtu}));
  for (const auto host : all_behind()) {
    EXPECT_EQ(from_access(up_from(host).in_tunnel(kMag1, kLma).build()).verdict, Verdict::Drop) << host;
    EXPECT_EQ(from_access(up_from(host).in_tunnel(kMag2, kLma).build()).verdict, Verdict::Pass) << host;
  }
  EXPECT_EQ(packets_dropped(lma_->drops(), "spoofed-source"), 3U);
}

TEST_F(LmaDelegated, WhatIsTakenBackIsTheStacks) {
  install({prefix(kPrefix)});
  for (const auto host : all_behind()) {
    EXPECT_EQ(from_core(video().to(host).build()).verdict, Verdict::Pass) << host;
    EXPECT_EQ(from_access(up_from(host).in_tunnel(kMag1, kLma).build()).verdict, Verdict::Drop) << host;
  }
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag1);
}

TEST_F(LmaDelegated, NothingIsLeftOfANodeThatGoes) {
  must(lma_->remove_node({kNodeIndex, all()}));
  must(lma_->remove_session({kSession1, ip(kMag1), all()}));
  must(lma_->remove_session({kSession2, ip(kMag2), all()}));
  EXPECT_TRUE((BpfMap<std::uint64_t, fm_node_row>(lma_->object(), "nodes").keys().empty()));
  EXPECT_TRUE((BpfMap<fm_uplink_key, fm_uplink_row>(lma_->object(), "uplink").keys().empty()));
  EXPECT_TRUE((BpfMap<fm_rule_key, fm_rule>(lma_->object(), "rules").keys().empty()));
}

TEST_F(LmaDelegated, LengthsThatNobodyGivesAreRefused) {
  for (const std::string_view wrong : {"2001:db8::/55", "2001:db8::/65"}) {
    const auto done = lma_->install_node({kNodeIndex, {prefix(wrong)}, kDefault, 1, {}});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, "bad-prefix");
  }
}

constexpr std::string_view kRouterNode = "02:00:00:00:09:01", kGatewayMac = "02:00:00:00:09:fe",
                           kOtherNode = "02:00:00:00:09:02";

class MagDelegated : public ::testing::Test {
 protected:
  static constexpr SessionId kAttachment{41}, kOtherAttachment{42};

  void SetUp() override {
    auto opened = MagDataplane::open(options());
    ASSERT_TRUE(opened) << opened.error().message;
    mag_ = std::move(*opened);
    must(mag_->install_host(host({prefix(kLan), prefix(kLans)})));
    must(mag_->install_host(other()));
  }
  void TearDown() override { must(MagDataplane::teardown(options())); }

  static MagDataplaneOptions options() {
    return {bpf_directory(), {"acc1"}, {"core0"}, ip(kMag1), false, 512};
  }
  static Host host(std::vector<Ipv6Prefix> delegated) {
    Host host{kAttachment,
              InterfaceIndex{index_of("core0")},
              mac(kRouterNode),
              mac(kGatewayMac),
              {prefix("2001:db8:100::/64")},
              ip(kMag1),
              ip(kLma),
              1460};
    host.delegated = std::move(delegated);
    return host;
  }
  static Host other() {
    return {kOtherAttachment,
            InterfaceIndex{index_of("core0")},
            mac(kOtherNode),
            mac(kGatewayMac),
            {prefix("2001:db8:300::/64")},
            ip(kMag1),
            ip(kLma),
            1460};
  }
  static void must(const Result<void>& done) { ASSERT_TRUE(done) << done.error().message; }

  static Packet down_to(std::string_view host) {
    return Packet().from(kCn).to(host).udp(5004, 4000).payload(100).hop_limit(9);
  }
  Outcome from_transport(std::string_view host) const {
    return run(mag_->object(), "mag_downlink", "acc1",
               frame(kAccess1Mac, kPeerMac, down_to(host).in_tunnel(kLma, kMag1).build()));
  }
  Outcome from_access(std::string_view host, std::string_view sender = kRouterNode) const {
    const auto packet = Packet().from(host).to(kCn).udp(4000, 5004).payload(100);
    return run(mag_->object(), "mag_uplink", "core0", frame(kCoreMac, sender, packet.build()));
  }
  ::testing::AssertionResult dropped(const Outcome& outcome, std::string_view reason) const {
    return dropped_for(outcome, mag_->drops(), reason);
  }
  template <class Key, class Value>
  std::size_t rows(const char* name) const {
    return BpfMap<Key, Value>(mag_->object(), name).keys().size();
  }

  std::unique_ptr<MagDataplane> mag_;
};

TEST_F(MagDelegated, TheyLeadToTheNodesLinkLayerAddress) {
  for (const auto host : all_behind()) {
    const auto outcome = from_transport(host);
    EXPECT_EQ(outcome.verdict, Verdict::Redirect) << host;
    EXPECT_EQ(outcome.frame, frame(kRouterNode, kGatewayMac, down_to(host).hop_limit(8).build())) << host;
  }
  EXPECT_EQ(mag_->attachment_traffic(kAttachment)->down.packets, 3U);
}

/// Their keys have a row of five.
TEST_F(MagDelegated, HomePrefixesHave64Bits) {
  for (const auto* length : {"/56", "/63"}) {
    Host wrong = host({});
    wrong.prefixes = {prefix(std::string("2001:db8:300::") + length)};
    const auto done = mag_->install_host(wrong);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, "bad-prefix");
  }
}

TEST_F(MagDelegated, TheyAreSourcesOfTheNodeAlone) {
  for (const auto host : all_behind()) {
    EXPECT_EQ(tunnel_of(from_access(host)), kLma) << host;
    EXPECT_EQ(from_access(host, kOtherNode).verdict, Verdict::Drop) << host;
    EXPECT_EQ(from_access(host, "02:00:00:00:09:77").verdict, Verdict::Drop) << host;
  }
  EXPECT_EQ(packets_dropped(mag_->drops(), "spoofed-source"), 3U);
  EXPECT_EQ(packets_dropped(mag_->drops(), "spoofed-mac"), 3U);
  EXPECT_EQ(mag_->attachment_traffic(kAttachment)->up.packets, 3U);
}

TEST_F(MagDelegated, WhatLiesBesideIsNobodys) {
  for (const auto host : kBesideLans) {
    EXPECT_EQ(from_transport(host).verdict, Verdict::Drop) << host;
    EXPECT_EQ(from_access(host).verdict, Verdict::Drop) << host;
  }
  EXPECT_EQ(packets_dropped(mag_->drops(), "not-hosted"), 2U);
  EXPECT_EQ(packets_dropped(mag_->drops(), "spoofed-source"), 2U);
}

TEST_F(MagDelegated, TheNodesOwnPrefixStaysItsOwn) {
  EXPECT_EQ(from_transport("2001:db8:100::5").verdict, Verdict::Redirect);
  EXPECT_EQ(tunnel_of(from_access("2001:db8:100::5")), kLma);
}

TEST_F(MagDelegated, WhatIsTakenBackIsNobodys) {
  must(mag_->install_host(host({prefix(kLan)})));
  for (const auto host : kInLans) {
    EXPECT_EQ(from_transport(host).verdict, Verdict::Drop) << host;
    EXPECT_EQ(from_access(host).verdict, Verdict::Drop) << host;
  }
  EXPECT_EQ(packets_dropped(mag_->drops(), "not-hosted"), 2U);
  EXPECT_EQ(packets_dropped(mag_->drops(), "spoofed-source"), 2U);
  EXPECT_EQ(tunnel_of(from_access(kLanHost)), kLma);
}

/// Two links of one node at one gateway share them, as they share its own.
TEST_F(MagDelegated, EachAttachmentThatHasThemMaySend) {
  Host second = other();
  second.prefixes = {prefix("2001:db8:100::/64")};
  second.delegated = {prefix(kLan)};
  must(mag_->install_host(second));
  EXPECT_EQ(tunnel_of(from_access(kLanHost)), kLma);
  EXPECT_EQ(tunnel_of(from_access(kLanHost, kOtherNode)), kLma);
  must(mag_->remove_host(host({prefix(kLan), prefix(kLans)})));
  EXPECT_EQ(tunnel_of(from_access(kLanHost, kOtherNode)), kLma);
  EXPECT_EQ(from_transport(kLanHost).verdict, Verdict::Redirect) << "which came last has it";
}

TEST_F(MagDelegated, NothingIsLeftOfANodeThatGoes) {
  EXPECT_EQ((rows<fm_delegated_key, std::uint32_t>("delegated")), 17U);
  EXPECT_EQ((rows<std::uint64_t, fm_hosted_row>("hosted")), 19U);
  must(mag_->remove_host(host({prefix(kLan), prefix(kLans)})));
  EXPECT_EQ((rows<fm_delegated_key, std::uint32_t>("delegated")), 0U);
  EXPECT_EQ((rows<std::uint64_t, fm_hosted_row>("hosted")), 1U);
}

TEST_F(MagDelegated, ASuccessorSweepsWhatIsNotAskedForAgain) {
  mag_.reset();
  auto opened = MagDataplane::open(options());
  ASSERT_TRUE(opened) << opened.error().message;
  mag_ = std::move(*opened);
  EXPECT_EQ(tunnel_of(from_access(kLanHost)), kLma) << "rows outlive the daemon";
  must(mag_->install_host(host({prefix(kLan)})));
  ASSERT_TRUE(mag_->sweep());
  EXPECT_EQ(tunnel_of(from_access(kLanHost)), kLma);
  EXPECT_TRUE(dropped(from_access(kInLans[0]), "spoofed-source"));
  EXPECT_EQ((rows<fm_delegated_key, std::uint32_t>("delegated")), 1U);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
