// SPDX-License-Identifier: Apache-2.0
#include "cli/socket_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <map>

namespace flowmob::cli {
namespace {

namespace fs = std::filesystem;
using platform::DaemonRole;
using platform::DaemonRoles;
using testing::HasSubstr;

constexpr DaemonRoles kLma{static_cast<unsigned>(DaemonRole::Lma)};
constexpr DaemonRoles kMag{static_cast<unsigned>(DaemonRole::Mag)};
constexpr DaemonRoles kAny{7};

class SocketSelection : public testing::Test {
 protected:
  SocketSelection() {
    std::string name = (fs::temp_directory_path() / "flowmob-cli-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~SocketSelection() override { fs::remove_all(folder_); }

  /// A socket's file; a daemon behind it only if a role is given.
  void add(const std::string& name, std::optional<DaemonRole> role) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << "";
    if (role) roles_[folder_ / name] = *role;
  }

  Result<fs::path> select(DaemonRoles roles, std::optional<std::string> control = {}, bool changes = false) {
    return select_socket({std::move(control), roles, changes, folder_},
                         [this](const fs::path& path) -> Result<DaemonRole> {
                           const auto found = roles_.find(path);
                           if (found == roles_.end()) return fail("not-running", "no daemon listens there");
                           return found->second;
                         });
  }

  fs::path folder_;
  std::map<fs::path, DaemonRole> roles_;
};

TEST_F(SocketSelection, TakesTheDaemonOfTheRightRole) {
  add("anchor.sock", DaemonRole::Lma);
  add("gate.sock", DaemonRole::Mag);
  EXPECT_EQ(select(kLma), folder_ / "anchor.sock");
  EXPECT_EQ(select(kMag), folder_ / "gate.sock");
}

TEST_F(SocketSelection, AReadingCommandPrefersTheAnchor) {
  add("a-gate.sock", DaemonRole::Mag);
  add("z-anchor.sock", DaemonRole::Lma);
  EXPECT_EQ(select(kAny), folder_ / "z-anchor.sock");
}

TEST_F(SocketSelection, AChangingCommandNeverGuesses) {
  add("gate.sock", DaemonRole::Mag);
  add("anchor.sock", DaemonRole::Lma);
  const auto selected = select(kAny, {}, true);
  ASSERT_FALSE(selected);
  EXPECT_EQ(selected.error().code, "ambiguous-daemon");
  EXPECT_THAT(selected.error().message, HasSubstr("anchor, gate"));
}

TEST_F(SocketSelection, TwoGatewaysAreAmbiguous) {
  add("mag1.sock", DaemonRole::Mag);
  add("mag2.sock", DaemonRole::Mag);
  const auto selected = select(kMag);
  ASSERT_FALSE(selected);
  EXPECT_EQ(selected.error().code, "ambiguous-daemon");
  EXPECT_THAT(selected.error().message, HasSubstr("mag1, mag2"));
}

TEST_F(SocketSelection, ALabCountsOnlyWithoutADaemonOfTheHost) {
  add("demo/lma.sock", DaemonRole::Lma);
  EXPECT_EQ(select(kLma), folder_ / "demo/lma.sock");
  add("lma.sock", DaemonRole::Lma);
  EXPECT_EQ(select(kLma), folder_ / "lma.sock");
}

TEST_F(SocketSelection, TwoLabsAreAmbiguousAndNamedApart) {
  add("one/lma.sock", DaemonRole::Lma);
  add("two/lma.sock", DaemonRole::Lma);
  const auto selected = select(kLma);
  ASSERT_FALSE(selected);
  EXPECT_THAT(selected.error().message, HasSubstr("one/lma, two/lma"));
  EXPECT_EQ(select(kLma, "two/lma"), folder_ / "two/lma.sock");
}

TEST_F(SocketSelection, ControlTakesAPathOrAName) {
  add("demo/mag1.sock", DaemonRole::Mag);
  add("lma.sock", DaemonRole::Lma);
  EXPECT_EQ(select(kLma, "/elsewhere/x.sock"), "/elsewhere/x.sock") << "a path is taken as it is";
  EXPECT_EQ(select(kLma, "./x.sock"), "./x.sock");
  EXPECT_EQ(select(kLma, "lma"), folder_ / "lma.sock");
  EXPECT_EQ(select(kMag, "mag1"), folder_ / "demo/mag1.sock") << "a lab's daemon by its name alone";
  const auto unknown = select(kMag, "mag9");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, "no-daemon");
  EXPECT_THAT(unknown.error().message, HasSubstr((folder_ / "mag9.sock").string()));
}

TEST_F(SocketSelection, TheErrorListsWhatWasTried) {
  add("dead.sock", std::nullopt);
  add("gate.sock", DaemonRole::Mag);
  const auto selected = select(kLma);
  ASSERT_FALSE(selected);
  EXPECT_EQ(selected.error().code, "no-daemon");
  EXPECT_THAT(selected.error().message,
              HasSubstr((folder_ / "dead.sock").string() + ": no daemon listens there"));
  EXPECT_THAT(selected.error().message, HasSubstr((folder_ / "gate.sock").string() + ": a mag"));
}

TEST_F(SocketSelection, AnEmptyOrAbsentFolderIsSaid) {
  EXPECT_THAT(select(kLma).error().message, HasSubstr("no socket in " + folder_.string()));
  fs::remove_all(folder_);
  EXPECT_THAT(select(kLma).error().message, HasSubstr("no socket in " + folder_.string()));
}

}  // namespace
}  // namespace flowmob::cli
