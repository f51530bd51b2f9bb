// SPDX-License-Identifier: Apache-2.0
#include "platform/cgroup_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace flowmob::platform {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Folders are as good as cgroups: what the kernel says of them is the same.
class CgroupWatchTest : public ::testing::Test {
 protected:
  CgroupWatchTest() {
    std::string name = (std::filesystem::temp_directory_path() / "flowmob-cgroups-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~CgroupWatchTest() override { std::filesystem::remove_all(root_); }

  void make(const std::string& path) { std::filesystem::create_directories(root_.string() + path); }
  void remove(const std::string& path) { std::filesystem::remove(root_.string() + path); }
  /// Until the watch tells of a change: sooner than it would look by itself.
  bool is_told() {
    told_ = false;
    loop_->run_for(4s);
    return told_;
  }

  std::filesystem::path root_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
  bool told_ = false, is_mounted_ = true;
  CgroupWatch watch_{*loop_,
                     [this](const auto&, const auto&) {
                       told_ = true;
                       loop_->stop();
                     },
                     [this] { return is_mounted_ ? std::optional(root_) : std::nullopt; }};
};

TEST_F(CgroupWatchTest, KnowsThoseThatThereAre) {
  make("/system.slice/backup.service");
  watch_.watch({"/system.slice/backup.service", "/system.slice/other.service"});
  EXPECT_THAT(watch_.ids(), ElementsAre(::testing::Pair("/system.slice/backup.service", ::testing::Ne(0U))));
  EXPECT_EQ(watch_.directory("/a"), root_ / "a");
  watch_.watch({});
  EXPECT_THAT(watch_.ids(), IsEmpty());
}

TEST_F(CgroupWatchTest, TellsOfOneThatComesHoweverDeep) {
  watch_.watch({"/a/b/c"});
  EXPECT_THAT(watch_.ids(), IsEmpty());
  loop_->post([this] { make("/a/b/c"); });
  EXPECT_TRUE(is_told());
  EXPECT_THAT(watch_.ids(), ElementsAre(::testing::Pair("/a/b/c", ::testing::_)));
}

TEST_F(CgroupWatchTest, OneThatIsMadeAnewIsAnother) {
  make("/a");
  watch_.watch({"/a"});
  const auto before = watch_.ids();
  loop_->post([this] { remove("/a"); });
  EXPECT_TRUE(is_told());
  EXPECT_THAT(watch_.ids(), IsEmpty());
  make("/in-its-place");  // so that it has another inode
  loop_->post([this] { make("/a"); });
  EXPECT_TRUE(is_told());
  EXPECT_THAT(watch_.ids(), ElementsAre(::testing::Pair("/a", ::testing::_)));
  EXPECT_NE(watch_.ids(), before);
}

TEST_F(CgroupWatchTest, WithoutARootThereIsNoneUntilOneIsMounted) {
  make("/a");
  is_mounted_ = false;
  watch_.watch({"/a"});
  EXPECT_THAT(watch_.ids(), IsEmpty());
  EXPECT_TRUE(watch_.directory("/a").empty());
  is_mounted_ = true;
  told_ = false;
  loop_->run_for(7s);
  EXPECT_TRUE(told_) << "it looks every five seconds";
}

}  // namespace
}  // namespace flowmob::platform
