// SPDX-License-Identifier: Apache-2.0
#include "platform/sd_notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

/// A supervisor: the environment it sets and the socket it listens on.
class SdNotifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/flowmob-notify-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder = name;
  }
  void TearDown() override {
    for (const char* variable : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(variable);
    std::filesystem::remove_all(folder);
  }
  /// `name` with '@' for an abstract socket.
  void listen(const std::string& name) {
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    socket.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const auto length = static_cast<::socklen_t>(offsetof(::sockaddr_un, sun_path) + name.size());
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<::sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  std::string heard() {
    char text[512];
    const auto count = ::recv(socket.get(), text, sizeof text, 0);
    return std::string(text, count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  std::filesystem::path folder;
  UniqueFd socket;
};

TEST_F(SdNotifyTest, WithoutASupervisorNothingHappens) {
  SdNotify notify = SdNotify::from_environment();
  EXPECT_FALSE(notify.active());
  notify.ready();
  notify.watchdog();
  EXPECT_FALSE(notify.watchdog_interval());
}

TEST_F(SdNotifyTest, TellsEveryState) {
  listen(folder / "notify");
  SdNotify notify = SdNotify::from_environment();
  ASSERT_TRUE(notify.active());
  notify.ready();
  EXPECT_EQ(heard(), "READY=1");
  notify.reloading(TimePoint(std::chrono::microseconds(1234567)));
  EXPECT_EQ(heard(), "RELOADING=1\nMONOTONIC_USEC=1234567");
  notify.status("3 bindings\nREADY=0");
  EXPECT_EQ(heard(), "STATUS=3 bindings READY=0") << "one line, one assignment";
  notify.watchdog();
  EXPECT_EQ(heard(), "WATCHDOG=1");
  notify.stopping();
  EXPECT_EQ(heard(), "STOPPING=1");
}

TEST_F(SdNotifyTest, AbstractSocketIsReachedFromAnotherNamespaceToo) {
  listen("@flowmob-notify-" + std::to_string(::getpid()));
  SdNotify notify = SdNotify::from_environment();
  testing::in_private_namespace([&] { notify.ready(); });
  EXPECT_EQ(heard(), "READY=1");
}

TEST_F(SdNotifyTest, WatchdogIntervalIsHalfOfWhatIsAsked) {
  listen(folder / "notify");
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  EXPECT_EQ(SdNotify::from_environment().watchdog_interval(), Duration(std::chrono::milliseconds(1500)));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_TRUE(SdNotify::from_environment().watchdog_interval());
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(SdNotify::from_environment().watchdog_interval()) << "meant for another process";
  ::unsetenv("WATCHDOG_PID");
  for (const char* nonsense : {"", "0", "-5", "1s"}) {
    ::setenv("WATCHDOG_USEC", nonsense, 1);
    EXPECT_FALSE(SdNotify::from_environment().watchdog_interval()) << nonsense;
  }
}

TEST_F(SdNotifyTest, NonsenseAndDeadSocketsAreIgnored) {
  for (const std::string& name :
       {std::string("relative"), std::string("/"), std::string(200, '/'), (folder / "nobody").string()}) {
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    EXPECT_FALSE(SdNotify::from_environment().active()) << name;
  }
}

TEST_F(SdNotifyTest, SupervisorThatDoesNotReadIsNotWaitedFor) {
  listen(folder / "notify");
  SdNotify notify = SdNotify::from_environment();
  for (int i = 0; i < 100000; ++i) notify.watchdog();
  EXPECT_EQ(heard(), "WATCHDOG=1");
}

}  // namespace
}  // namespace flowmob::platform
