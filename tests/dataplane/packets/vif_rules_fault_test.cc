// SPDX-License-Identifier: Apache-2.0
// A set of rules of which some row cannot be written: the former set holds whole, and who asks again is
// written.
#include <bpf/bpf.h>
#include <sys/resource.h>
#include <unistd.h>

#include "platform/cgroup_watch.h"
#include "vif_bench.h"

namespace flowmob::dataplane::testing {
namespace {

/// No descriptor more than there are.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const int next = ::dup(STDIN_FILENO);
    EXPECT_GE(next, 0);
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

 private:
  rlimit before_{};
};

/// UDP of port 5004 goes by member 1; the sets that are refused would have it by member 0.
class VifRuleFaults : public Vif {
 protected:
  void SetUp() override {
    Vif::SetUp();
    must(vif_->set_rules({video_by(1)}));
    ASSERT_EQ(member_of(up()), 1);
  }
  static VifRule video_by(std::uint32_t member) {
    VifRule rule{.selector = {}, .prefer = {member}};
    rule.selector.source_port = {5004, 5004};
    return rule;
  }
  static VifRule of_cgroup(const std::filesystem::path& directory) {
    VifRule rule = video_by(0);
    rule.sender.cgroup = directory;
    return rule;
  }
  void expect_former() {
    EXPECT_EQ(vif_->rules(), std::vector{video_by(1)}) << "who asks again is not told that the others hold";
    EXPECT_EQ(member_of(up()), 1);
    EXPECT_EQ(member_of(another_flow()), 1);
  }
  static Packet another_flow() { return Packet().from(kNode).to(kCn).udp(next_port_++, 5004).payload(100); }
  static inline std::uint16_t next_port_ = 4001;
};

TEST_F(VifRuleFaults, NothingOfASetHoldsWhoseLastRowIsRefused) {
  VifRule by_too_many = video_by(0);
  by_too_many.prefer.assign(FM_MAX_MEMBERS + 1, 0);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(vif_->set_rules({video_by(0), by_too_many}).error().code, "no-such-member");
    expect_former();
  }
  must(vif_->set_rules({video_by(0)}));
  EXPECT_EQ(member_of(up()), 0);
}

TEST_F(VifRuleFaults, WhatIsNoCgroupIsNamedByItsMap) {
  const auto refused = vif_->set_rules({video_by(0), of_cgroup("/tmp")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "bpf-map");
  EXPECT_NE(refused.error().message.find("vif_cgroups"), std::string::npos) << refused.error().message;
  expect_former();
}

/// One that is there, and not one that has gone: its rule would hold for nobody, and be taken for written.
TEST_F(VifRuleFaults, ACgroupThatCannotBeOpenedIsWrittenLater) {
  const auto root = platform::cgroup_mount();
  if (!root) GTEST_SKIP() << "no cgroup hierarchy of version 2 is mounted";
  const std::vector wanted{of_cgroup(*root)};
  {
    const NoMoreDescriptors none;
    const auto refused = vif_->set_rules(wanted);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "cgroup");
    EXPECT_NE(refused.error().message.find(root->string() + ": Too many open files"), std::string::npos)
        << refused.error().message;
  }
  expect_former();
  must(vif_->set_rules(wanted));
  EXPECT_EQ(vif_->rules(), wanted);
  EXPECT_EQ(member_of(another_flow()), 0);
}

TEST_F(VifRuleFaults, OneThatHasGoneMatchesNothing) {
  must(vif_->set_rules({of_cgroup("/sys/fs/no-such-cgroup"), video_by(1)}));
  EXPECT_EQ(member_of(another_flow()), 1);
}

/// The kernel keeps a cgroup as long as a map has it.
TEST_F(VifRuleFaults, ARefusedSetKeepsNoCgroup) {
  const auto root = platform::cgroup_mount();
  if (!root) GTEST_SKIP() << "no cgroup hierarchy of version 2 is mounted";
  const int cgroups = vif_->object().map_fd("vif_cgroups");
  const auto kept = [&] {
    int count = 0;
    for (std::uint32_t row = 0; row < FM_VIF_RULE_ROWS; ++row)
      count += bpf_map_delete_elem(cgroups, &row) == 0 ? 1 : 0;
    return count;
  };
  EXPECT_FALSE(vif_->set_rules({of_cgroup(*root), of_cgroup("/tmp")}));
  EXPECT_EQ(kept(), 0);
  must(vif_->set_rules({of_cgroup(*root)}));
  EXPECT_EQ(kept(), 1) << "so it can be seen";
}

}  // namespace
}  // namespace flowmob::dataplane::testing
