// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>

#include "core/lma/anchor_fixture_for_test.h"
#include "lma_bench.h"
#include "packet_ipv4.h"

/// What `policy explain` says and what the BPF program does, for random packets and random policies: the
/// anchor's rows are put into a data plane.
namespace flowmob::dataplane::testing {
namespace {

constexpr int kPolicies = 120, kPacketsEach = 100;
constexpr std::string_view kHome = "2001:db8:1000::5", kHome4 = "192.0.2.5";

/// Small domains, so that selectors overlap and packets hit their edges.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(engine_() % limit); }
  bool one_in(std::uint32_t chances) { return below(chances) == 0; }

  template <class T>
  wire::Range<T> range(std::uint32_t limit) {
    const auto a = static_cast<T>(below(limit)), b = static_cast<T>(below(limit));
    return {std::min(a, b), std::max(a, b)};
  }
  std::string source() { return fmt::format("2001:db8:c::{:x}", below(16)); }
  wire::Range<Ipv6Address> sources() {
    const auto a = ip(source()), b = ip(source());
    return {std::min(a, b), std::max(a, b)};
  }
  std::string source4() { return fmt::format("198.51.100.{}", below(16)); }
  wire::Range<Ipv6Address> sources4() {
    const auto a = to_mapped(ip4(source4())), b = to_mapped(ip4(source4()));
    return {std::min(a, b), std::max(a, b)};
  }
  std::uint8_t protocol() {
    constexpr std::array<std::uint8_t, 5> kAll{6, 17, 50, 58, 6};
    return kAll[below(kAll.size())];
  }

 private:
  std::mt19937 engine_;
};

constexpr std::uint32_t kPorts = 12, kSpis = 8, kLabels = 6, kDs = 64;

wire::TrafficSelector6 random_selector(Dice& dice) {
  wire::TrafficSelector6 s;
  if (dice.one_in(3)) s.source = dice.one_in(3) ? dice.sources4() : dice.sources();
  if (dice.one_in(6)) s.destination = wire::Range<Ipv6Address>{ip("2001:db8:1000::"), ip(kHome)};
  if (dice.one_in(8)) s.spi = dice.range<std::uint32_t>(kSpis);
  if (dice.one_in(5)) s.flow_label = dice.range<std::uint32_t>(kLabels);
  if (dice.one_in(3)) s.source_port = dice.range<std::uint16_t>(kPorts);
  if (dice.one_in(3)) s.destination_port = dice.range<std::uint16_t>(kPorts);
  if (dice.one_in(4)) s.traffic_class = dice.range<std::uint8_t>(kDs);
  if (dice.one_in(3)) s.next_header = wire::Range<std::uint8_t>{dice.protocol(), 0};
  if (s.next_header) s.next_header->last = std::max(s.next_header->first, dice.protocol());
  return s;
}

std::vector<core::LinkPattern> random_links(Dice& dice) {
  const std::vector<core::LinkPattern> known{{"mag1", {}},           {"mag2", {}},   {"", core::ATT::Wlan},
                                             {"", core::ATT::Wimax}, {"nobody", {}}, {"nobody", {}}};
  std::vector<core::LinkPattern> links;
  for (std::uint32_t i = 0; i < 1 + dice.below(3); ++i) links.push_back(known[dice.below(6)]);
  return links;
}

core::FlowPolicy random_policy(Dice& dice) {
  core::FlowPolicy policy{"random"};
  policy.is_default = true;
  std::uint32_t room = 1 + dice.below(62);  // two selectors are of services
  while (room > 0) {
    core::FlowRule rule;
    rule.policy = policy.name;
    rule.position = static_cast<std::uint16_t>(policy.rules.size());
    rule.name = fmt::format("rule{}", policy.rules.size());
    rule.prefer = random_links(dice);
    rule.others = !dice.one_in(2);
    if (dice.one_in(4)) rule.spread = dice.one_in(2) ? core::SpreadKind::Copies : core::SpreadKind::Shares;
    if (rule.spread == core::SpreadKind::Shares)
      for (std::size_t i = 0; i < rule.prefer.size(); ++i)
        rule.shares.push_back(static_cast<std::uint16_t>(dice.below(4)));
    if (policy.rules.size() == 2 && dice.one_in(2)) {
      rule.service = "video";
    } else {
      core::FlowTemplate flow{rule.name, 0, random_selector(dice), {}};
      const auto more = std::min(room - 1, dice.below(4));
      for (std::uint32_t i = 0; i < more; ++i) flow.alternatives.push_back(random_selector(dice));
      room -= 1 + more;
      rule.flow = std::move(flow);
    }
    policy.rules.emplace_back(std::move(rule));
  }
  return policy;
}

/// A packet in its frame, and what one says to have it explained.
struct Probe {
  Bytes frame;
  core::Json arguments;
};

Bytes esp_header(std::uint32_t spi) {
  Bytes upper(40);
  for (std::size_t i = 0; i < 4; ++i) upper[i] = static_cast<std::uint8_t>(spi >> (24 - 8 * i));
  return upper;
}

Probe random_ipv6_probe(Dice& dice) {
  const auto source = dice.source();
  const auto from = static_cast<std::uint16_t>(dice.below(kPorts)),
             to = static_cast<std::uint16_t>(dice.below(kPorts));
  const auto ds = static_cast<std::uint8_t>(dice.below(kDs));
  const auto label = dice.below(kLabels), spi = dice.below(kSpis);
  core::Json arguments{{"dscp", ds}, {"flow_label", label}};
  auto packet = Packet().from(source).to(kHome).dscp(ds).flow_label(label);
  packet.ecn(static_cast<std::uint8_t>(dice.below(4)));
  const auto protocol = dice.protocol();
  const auto with_ports = [&](const char* name) {
    arguments["flow"] = fmt::format("{},{},{},{},{}", name, source, from, kHome, to);
  };
  const auto without = [&](const char* name) {
    arguments["flow"] = fmt::format("{},{},{}", name, source, kHome);
  };
  if (protocol == 6) with_ports("tcp"), packet.tcp(from, to).payload(20);
  if (protocol == 17) with_ports("udp"), packet.udp(from, to).payload(20);
  if (protocol == 58) without("icmpv6"), packet.echo_request(from).payload(20);
  if (protocol == 50) {
    without("esp");
    packet.upper(50, esp_header(spi));
    arguments["spi"] = spi;
  } else if (dice.one_in(6)) {
    packet.authentication(spi);
    arguments["spi"] = spi;
  }
  if (dice.one_in(6)) packet.destination_options();
  return {frame(kCoreMac, kPeerMac, packet.build()), std::move(arguments)};
}

Probe random_ipv4_probe(Dice& dice) {
  const auto source = dice.source4();
  const auto ds = static_cast<std::uint8_t>(dice.below(kDs));
  const bool is_tcp = dice.one_in(2);
  Packet4 packet;
  packet.source = source;
  packet.destination = kHome4;
  packet.tos = static_cast<std::uint8_t>(unsigned{ds} << 2 | dice.below(4));
  packet.protocol = is_tcp ? 6 : 17;
  packet.source_port = static_cast<std::uint16_t>(dice.below(kPorts));
  packet.destination_port = static_cast<std::uint16_t>(dice.below(kPorts));
  const auto flow = fmt::format("{},{},{},{},{}", is_tcp ? "tcp" : "udp", source, packet.source_port, kHome4,
                                packet.destination_port);
  return {frame4(kCoreMac, kPeerMac, packet.build()), {{"flow", flow}, {"dscp", ds}}};
}

Probe random_probe(Dice& dice) { return dice.one_in(4) ? random_ipv4_probe(dice) : random_ipv6_probe(dice); }

core::LmaConfig random_config(Dice& dice) {
  auto config = core::test_config();
  config.address = ip(kLma);
  config.mags = {{"mag1", ip(kMag1)}, {"mag2", ip(kMag2)}};
  config.ipv4_pools = {Ipv4Interface::parse("192.0.2.1/29").value()};
  config.mobile_nodes[0].ipv4_address = ip4(kHome4);
  config.flow_policies = {random_policy(dice)};
  return config;
}

/// An anchor with both links of a node, its rows in a data plane.
class ExplainedPolicy : public core::AnchorFixture {
 protected:
  void SetUp() override {
    auto opened = LmaDataplane::open(options());
    ASSERT_TRUE(opened) << opened.error().message;
    plane_ = std::move(*opened);
  }
  void TearDown() override { ASSERT_TRUE(LmaDataplane::teardown(options())); }
  static LmaDataplaneOptions options() {
    return {bpf_directory(), {"core0"}, {"acc1", "acc2"}, ip(kLma), 512, 256};
  }

  void live_by(core::LmaConfig config) {
    BpfMap<fm_flow_key, fm_choice> choices(plane_->object(), "choices");  // of another life
    for (const auto& key : choices.keys()) ASSERT_TRUE(choices.erase(key));
    lma = std::make_unique<core::LocalMobilityAnchor>(std::move(config));
    auto one = first(), two = second();
    one.source = ip(kMag1);
    two.source = ip(kMag2);
    one.service = "video";
    two.service = "voice";
    one.more = two.more = {wire::Ipv4HomeAddressRequest{0, {}}};
    for (const auto& pbu : {one, two}) {
      lma->handle_message(now, {pbu.source, ip(kLma), {}, {}, 64},
                          wire::encode(message(pbu), pbu.source, ip(kLma)));
      carry_out();
    }
  }
  void carry_out() {
    while (auto effect = lma->poll_effect()) {
      const auto done = std::visit([this](const auto& action) { return put(action); }, effect->action);
      EXPECT_TRUE(done) << done.error().message;
      if (effect->id) lma->handle_effect_result(now, effect->id, done);
    }
  }
  Result<void> put(const core::EnsureTunnel& row) { return plane_->ensure_tunnel(row); }
  Result<void> put(const core::InstallNode& row) { return plane_->install_node(row); }
  Result<void> put(const core::InstallSession& row) { return plane_->install_session(row); }
  Result<void> put(const core::InstallFlow& row) { return plane_->install_flow(row); }
  template <class Other>
  Result<void> put(const Other&) {
    return {};
  }

  std::string done_with(const Bytes& frame) const {
    const auto outcome = run(plane_->object(), "lma_downlink", "core0", frame);
    if (outcome.verdict == Verdict::Drop) return "dropped";
    if (outcome.verdict != Verdict::Redirect) return ::testing::PrintToString(outcome.verdict);
    const auto tunnel = Ipv6View::in_frame(outcome.frame).destination.to_string();
    return tunnel == kMag1 ? "mag1" : tunnel == kMag2 ? "mag2" : tunnel;
  }

  std::unique_ptr<LmaDataplane> plane_;
};

/// Each has its own share of the links, by an identifier that nobody says.
bool tells_pings_apart(const Probe& probe, const core::Json& explained) {
  return explained["reason"] == "shared" && probe.arguments["flow"].get<std::string>().starts_with("icmpv6");
}

TEST_F(ExplainedPolicy, IsWhatTheDataPlaneDoes) {
  std::map<std::string, int> outcomes;
  std::set<std::string> rules;
  for (std::uint32_t seed = 1; seed <= kPolicies; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    live_by(random_config(dice));
    for (int i = 0; i < kPacketsEach; ++i) {
      const auto probe = random_probe(dice);
      const auto explained = lma->handle_command(now, "policy explain", probe.arguments);
      ASSERT_TRUE(explained) << explained.error().message;
      const auto& mag = (*explained)["mag"];
      const auto expected = mag.is_null() ? std::string("dropped") : mag.get<std::string>();
      rules.insert((*explained)["flow"]);
      ++outcomes[(*explained)["reason"]];
      if (tells_pings_apart(probe, *explained)) continue;
      ASSERT_EQ(done_with(probe.frame), expected) << probe.arguments << "\n" << explained->dump(2);
      ++outcomes[expected];
    }
  }
  for (const auto* outcome : {"mag1", "mag2", "dropped", "shared", "copied", "preferred"})
    EXPECT_GT(outcomes[outcome], 200) << "else it proves little";
  EXPECT_GT(rules.size(), 15U);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
