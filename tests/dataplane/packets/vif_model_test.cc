// SPDX-License-Identifier: Apache-2.0
// The virtual interface's program against core::VifFlowTable, the same rules on virtual time: what one does
// with a random course of events the other has to do.
#include <algorithm>
#include <map>
#include <random>

#include "bench.h"
#include "core/mn/vif_flow_table.h"
#include "platform/dataplane/vif_dataplane.h"

namespace flowmob::dataplane::testing {
namespace {

using namespace std::chrono_literals;
using core::VifFlowKey;
using core::VifFlowTable;

constexpr std::uint16_t kFlows = 6;
struct MemberForTest {
  std::string_view interface, mac;
};
constexpr MemberForTest kMembers[] = {{"if1", kMember1Mac}, {"if2", kMember2Mac}, {"acc1", kAccess1Mac}};
constexpr std::uint32_t kMemberCount = std::size(kMembers);

struct Rules {
  bool reflect;
  Duration hold;
  unsigned seed;
};

class VifModel : public ::testing::TestWithParam<Rules> {
 protected:
  void SetUp() override {
    auto opened = VifDataplane::open(options());
    ASSERT_TRUE(opened) << opened.error().message;
    vif_ = std::move(*opened);
    for (std::uint32_t number = 0; number < kMemberCount; ++number) set_member(number, true);
  }
  void TearDown() override { ASSERT_TRUE(VifDataplane::teardown(options())); }

  static VifDataplaneOptions options() {
    return {bpf_directory(), "vif0", {"if1", "if2", "acc1"}, GetParam().reflect, GetParam().hold, 256};
  }

  void set_member(std::uint32_t number, bool up) {
    const auto& [interface, address] = kMembers[number];
    ASSERT_TRUE(vif_->set_member({number, InterfaceIndex{index_of(interface)}, mac(address), up}));
    model_.set_member(number, up);
  }
  void set_default(std::uint32_t number) {
    ASSERT_TRUE(vif_->set_default_member(number));
    model_.set_default_member(number);
  }
  void set_source(std::uint32_t members) {
    const auto all = prefix("2001:db8:100::/64");
    ASSERT_TRUE(all.contains(ip(kNode)));
    ASSERT_TRUE(vif_->set_source(all, members));
    model_.set_source(all, members);
  }
  /// Each flow has a rule or none.
  void prefer(std::uint16_t flow, std::vector<std::uint32_t> members) {
    model_.prefer(key(flow), members);
    preferences_[flow] = std::move(members);
    std::vector<VifRule> rules;
    for (const auto& [port, wanted] : preferences_) {
      wire::TrafficSelector6 selector;
      selector.destination_port = wire::Range<std::uint16_t>{port, port};
      selector.source = wire::Range<Ipv6Address>{ip(kCn), ip(kCn)};
      if (!wanted.empty()) rules.push_back({selector, wanted});
    }
    ASSERT_TRUE(vif_->set_rules(rules));
  }
  static VifFlowKey key(std::uint16_t flow) { return {ip(kCn), ip(kNode), 17, 5004, flow, 0}; }
  static Bytes up(std::uint16_t flow) { return Packet().from(kNode).to(kCn).udp(flow, 5004).build(); }
  static Bytes down(std::uint16_t flow) { return Packet().from(kCn).to(kNode).udp(5004, flow).build(); }

  void receive(std::uint16_t flow, std::uint32_t number) {
    const auto& [interface, address] = kMembers[number];
    const auto outcome =
        run(vif_->object(), "member_ingress", interface, frame(address, kPeerMac, down(flow)));
    EXPECT_EQ(outcome.verdict, Verdict::Redirect);
    model_.receive(now_, key(flow), number);
  }
  /// The member that the program takes, told by the frame's source.
  std::optional<std::uint32_t> send(std::uint16_t flow) {
    const auto outcome = run(vif_->object(), "vif_egress", "vif0", frame(kPeerMac, kVifMac, up(flow)));
    if (outcome.verdict == Verdict::Drop) return std::nullopt;
    const auto* member = std::ranges::find_if(
        kMembers, [&](const auto& m) { return mac(m.mac) == frame_source(outcome.frame); });
    EXPECT_NE(member, std::end(kMembers));
    return static_cast<std::uint32_t>(member - std::begin(kMembers));
  }
  void expect_same_flows() const {
    auto flows = vif_->flows();
    // What the kernel itself sends by the interfaces, group reports and the like, is not of our making.
    std::erase_if(flows, [](const VifFlow& flow) { return flow.destination != ip(kNode); });
    EXPECT_EQ(flows.size(), model_.size());
    for (const auto& flow : flows) {
      const auto* modelled = model_.find(key(flow.destination_port));
      ASSERT_NE(modelled, nullptr);
      EXPECT_EQ(flow.member, modelled->member) << "flow " << flow.destination_port;
      EXPECT_EQ(flow.moves, modelled->moves) << "flow " << flow.destination_port;
    }
  }

  std::unique_ptr<VifDataplane> vif_;
  VifFlowTable model_{{GetParam().reflect, GetParam().hold, 256}};
  std::map<std::uint16_t, std::vector<std::uint32_t>> preferences_;
  const TimePoint now_{1000s};
};

TEST_P(VifModel, DoesWhatTheProgramDoes) {
  std::mt19937 random(GetParam().seed);
  const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  for (int step = 0; step < 3000 && !HasFailure(); ++step) {
    const auto flow = static_cast<std::uint16_t>(1 + below(kFlows));
    const auto member = below(kMemberCount);
    switch (below(10)) {
      case 9:
        set_source(below(1U << kMemberCount));
        break;
      case 8:
        prefer(flow, below(3) == 0 ? std::vector<std::uint32_t>{}
                                   : std::vector<std::uint32_t>{member, below(kMemberCount)});
        break;
      case 0:
        set_member(member, below(2) != 0);
        break;
      case 1:
        set_default(member);
        break;
      case 2:
      case 3:
      case 4:
        receive(flow, member);
        break;
      default:
        EXPECT_EQ(send(flow), model_.send(now_, key(flow))) << "step " << step;
    }
  }
  expect_same_flows();
}

// Holds that never end or have ended at once: the program's clock is not the test's.
INSTANTIATE_TEST_SUITE_P(AllRules, VifModel,
                         ::testing::Values(Rules{true, 0s, 1}, Rules{true, 0s, 2}, Rules{true, 1h, 3},
                                           Rules{true, 1h, 4}, Rules{false, 0s, 5}, Rules{false, 1h, 6}));

}  // namespace
}  // namespace flowmob::dataplane::testing
