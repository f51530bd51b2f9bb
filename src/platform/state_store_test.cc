// SPDX-License-Identifier: Apache-2.0
#include "platform/state_store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

namespace flowmob::platform {
namespace {

using Records = std::map<std::string, std::string>;

class StateStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/flowmob-state-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder = name;
    file = folder / "lib" / "lma.db";
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string content() const {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  void execute(const char* sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  /// Whoever is not the owner may do nothing with the database and the files beside it.
  void expect_private() const {
    for (const auto& entry : std::filesystem::directory_iterator(file.parent_path()))
      EXPECT_EQ(entry.status().permissions() & std::filesystem::perms(0077), std::filesystem::perms::none)
          << entry.path();
  }
  /// Opening has to fail with `code` and leave the file as it is.
  void expect_refused(const char* code) const {
    const std::string before = content();
    const auto store = StateStore::open(file);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, code);
    EXPECT_NE(store.error().message.find(file.string()), std::string::npos) << store.error().message;
    EXPECT_EQ(content(), before);
  }

  std::filesystem::path folder, file;
};

TEST_F(StateStoreTest, IsNobodyElsesBusiness) {
  const auto before = ::umask(0022);
  {
    auto store = StateStore::open(file).value();
    ASSERT_TRUE(store.put("node/mn1", "{}"));
    expect_private();
  }
  std::filesystem::permissions(file, std::filesystem::perms(0644));  // as older versions made it
  auto store = StateStore::open(file).value();
  ASSERT_TRUE(store.put("node/mn1", "{}"));
  expect_private();
  ::umask(before);
}

TEST_F(StateStoreTest, RecordsSurviveReopening) {
  {
    StateStore store = StateStore::open(file).value();
    ASSERT_TRUE(store.put("mn1@example.net", R"({"a":1})"));
    ASSERT_TRUE(store.put("mn2@example.net", "{}"));
    ASSERT_TRUE(store.put("mn1@example.net", R"({"a":2})"));
    ASSERT_TRUE(store.remove("mn2@example.net"));
    ASSERT_TRUE(store.remove("never there"));
  }
  EXPECT_EQ(StateStore::open(file)->load_all().value(), (Records{{"mn1@example.net", R"({"a":2})"}}));
}

TEST_F(StateStoreTest, KeysAndValuesAreJustText) {
  StateStore store = StateStore::open(file).value();
  const std::string nul("a\0b", 3);
  ASSERT_TRUE(store.put("'; DROP TABLE records; --", "x"));
  ASSERT_TRUE(store.put(nul, nul));
  ASSERT_TRUE(store.put("", ""));
  EXPECT_EQ(store.load_all().value(), (Records{{"'; DROP TABLE records; --", "x"}, {nul, nul}, {"", ""}}));
  ASSERT_TRUE(store.remove(nul));
  EXPECT_EQ(store.load_all()->size(), 2u);
}

TEST_F(StateStoreTest, ABatchIsKeptWhenItHasBeenCommitted) {
  {
    StateStore store = StateStore::open(file).value();
    ASSERT_TRUE(store.begin());
    ASSERT_TRUE(store.put("a", "1"));
    ASSERT_TRUE(store.begin());
    ASSERT_TRUE(store.put("b", "2"));
    ASSERT_TRUE(store.commit());
    ASSERT_TRUE(store.commit());
    ASSERT_TRUE(store.begin());
    ASSERT_TRUE(store.put("c", "3"));
    ASSERT_TRUE(store.remove("a"));
  }
  StateStore store = StateStore::open(file).value();
  EXPECT_EQ(store.load_all().value(), (Records{{"a", "1"}, {"b", "2"}}));
}

/// A limit on the size of files stands for a disk that is full.
TEST_F(StateStoreTest, ABatchThatDoesNotFitIsNotThereAtAll) {
  StateStore store = StateStore::open(file).value();
  ASSERT_TRUE(store.put("a", "1"));
  std::signal(SIGXFSZ, SIG_IGN);
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const ::rlimit small{1 << 20, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  ASSERT_TRUE(store.begin());
  Result<void> put;
  for (int i = 0; put && i < 200; ++i) put = store.put("big" + std::to_string(i), std::string(20'000, 'x'));
  EXPECT_FALSE(store.commit());
  EXPECT_FALSE(store.begin().and_then([&] { return store.put("big", std::string(2 << 20, 'x')); }) &&
               store.commit());
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_DFL);
  EXPECT_EQ(store.load_all().value(), (Records{{"a", "1"}}));
  ASSERT_TRUE(store.begin());
  ASSERT_TRUE(store.put("b", "2"));
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(store.load_all().value(), (Records{{"a", "1"}, {"b", "2"}}));
}

TEST_F(StateStoreTest, WhatWasPutSurvivesTheKillOfItsProcess) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    auto store = StateStore::open(file);
    if (store && store->put("mn1", "{}")) ::raise(SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  auto store = StateStore::open(file);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(store->load_all().value(), (Records{{"mn1", "{}"}}));
}

TEST_F(StateStoreTest, SecondDaemonOnTheSameFileIsRefused) {
  StateStore first = StateStore::open(file).value();
  const auto second = StateStore::open(file);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "state-in-use");
  EXPECT_TRUE(first.put("mn1", "{}"));
}

TEST_F(StateStoreTest, EmptyFileIsANewStore) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file).close();
  EXPECT_TRUE(StateStore::open(file)->load_all()->empty());
}

TEST_F(StateStoreTest, FileThatIsNoDatabaseIsRefused) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << std::string(5000, 'x');
  expect_refused("corrupt-state");
}

TEST_F(StateStoreTest, DamagedDatabaseIsRefused) {
  {
    StateStore store = StateStore::open(file).value();
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(store.put("mn" + std::to_string(i), std::string(200, 'x')));
  }
  std::fstream damage(file, std::ios::in | std::ios::out | std::ios::binary);
  damage.seekp(8192);
  damage << std::string(8192, '\xff');
  damage.close();
  expect_refused("corrupt-state");
}

TEST_F(StateStoreTest, AnotherProgramsDatabaseIsRefused) {
  std::filesystem::create_directories(file.parent_path());
  execute("CREATE TABLE precious (x)");
  expect_refused("foreign-state");
}

TEST_F(StateStoreTest, StateOfALaterVersionIsRefused) {
  { ASSERT_TRUE(StateStore::open(file)); }
  execute("PRAGMA user_version = 2");
  expect_refused("newer-state");
}

TEST_F(StateStoreTest, FolderThatCannotBeMade) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "lib") << "a file where the folder should be";
  const auto store = StateStore::open(file);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, "state-failed");
}

}  // namespace
}  // namespace flowmob::platform
