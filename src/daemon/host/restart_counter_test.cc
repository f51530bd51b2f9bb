// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/restart_counter.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "daemon/host/records.h"

namespace flowmob::daemon {
namespace {

using namespace std::chrono_literals;

class RestartCounterTest : public testing::Test {
 protected:
  RestartCounterTest() {
    char name[] = "/tmp/flowmob-restarts-XXXXXX";
    directory_ = mkdtemp(name);
    database_ = directory_ / "lma.db";
  }
  ~RestartCounterTest() override { std::filesystem::remove_all(directory_); }

  RestartCounter start(bool with_session = false) {
    auto store = platform::StateStore::open(database_).value();
    const auto counter = begin_life(store, database_, WallTime(1'700'000'000s)).value();
    if (with_session) {
      EXPECT_TRUE(store.put("node/mn", "{}"));
    }
    return counter;
  }
  void lose_state() { ASSERT_TRUE(remove_records(database_)); }
  std::filesystem::path file() const { return database_.string() + ".restarts"; }

  std::filesystem::path directory_, database_;
};

TEST_F(RestartCounterTest, StaysAsLongAsTheStateDoes) {
  const auto first = start();
  EXPECT_TRUE(first.lost_state) << "whatever was before";
  const auto second = start(true);
  EXPECT_EQ(second.value, first.value);
  EXPECT_FALSE(second.lost_state);
  EXPECT_EQ(start().value, first.value);
}

TEST_F(RestartCounterTest, GrowsWhenTheStateIsLost) {
  const auto first = start(true);
  lose_state();
  const auto second = start();
  EXPECT_EQ(second.value, first.value + 1);
  EXPECT_TRUE(second.lost_state);
  EXPECT_FALSE(start().lost_state);
  EXPECT_EQ(start().value, second.value);
}

TEST_F(RestartCounterTest, AnOlderDatabaseIsLostState) {
  start(true);
  std::filesystem::copy_file(database_, directory_ / "backup.db");
  lose_state();
  const auto second = start();
  lose_state();
  std::filesystem::copy_file(directory_ / "backup.db", database_);
  const auto third = start();
  EXPECT_EQ(third.value, second.value + 1);
  EXPECT_TRUE(third.lost_state);
}

TEST_F(RestartCounterTest, WithoutTheFileTheDatabaseKnows) {
  const auto first = start();
  std::filesystem::remove(file());
  EXPECT_EQ(start().value, first.value);
  std::filesystem::remove(file());
  lose_state();
  EXPECT_EQ(start().value, 1'700'000'000U) << "the clock's";
}

TEST_F(RestartCounterTest, AFileThatSaysNothingIsNone) {
  std::ofstream(file()) << "garbage\n";
  EXPECT_EQ(start().value, 1'700'000'000U);
}

TEST_F(RestartCounterTest, RecordsOfAVersionThatDidNotCountAreNotLost) {
  EXPECT_TRUE(platform::StateStore::open(database_).value().put("node/mn", "{}"));
  EXPECT_FALSE(start().lost_state);
  EXPECT_FALSE(start().lost_state);
}

TEST_F(RestartCounterTest, ACounterThatStaysNeedsNoDisk) {
  const auto first = start(true);
  std::filesystem::create_directory(file().string() + ".new");  // nothing can be written now
  EXPECT_EQ(start().value, first.value);
  EXPECT_TRUE(std::filesystem::exists(file()));
  std::filesystem::remove(file());
  EXPECT_EQ(start().value, first.value) << "the database has it, too";
}

TEST_F(RestartCounterTest, WhatCannotBeKeptIsAnError) {
  auto store = platform::StateStore::open(database_).value();
  std::filesystem::create_directory(file());
  EXPECT_FALSE(begin_life(store, database_, WallTime(1s)));
}

}  // namespace
}  // namespace flowmob::daemon
