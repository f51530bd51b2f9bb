// SPDX-License-Identifier: Apache-2.0
#include "platform/network_namespace.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

using testing::in_private_namespace;
using testing::OtherNamespace;

ino_t inode(const UniqueFd& fd) {
  struct ::stat status {};
  EXPECT_EQ(::fstat(fd.get(), &status), 0);
  return status.st_ino;
}

TEST(NetworkNamespace, EnteredByName) {
  in_private_namespace([] {
    // What `ip netns add` leaves behind: a bind mount below /run/netns.
    const std::string name = "fm-" + std::to_string(::getpid()) + "-enter";
    const std::string path = "/run/netns/" + name;
    std::filesystem::create_directories("/run/netns");
    ::close(::open(path.c_str(), O_CREAT | O_RDONLY | O_CLOEXEC, 0));
    OtherNamespace other;
    const std::string source = "/proc/self/fd/" + std::to_string(other.fd());
    ASSERT_EQ(::mount(source.c_str(), path.c_str(), nullptr, MS_BIND, nullptr), 0);
    const auto entered = NetworkNamespace::enter(name);
    EXPECT_TRUE(entered) << entered.error().message;
    struct ::stat status {};
    EXPECT_EQ(::fstat(other.fd(), &status), 0);
    EXPECT_EQ(inode(NetworkNamespace::current().value()), status.st_ino);
    EXPECT_EQ(::umount2(path.c_str(), MNT_DETACH), 0);
    std::filesystem::remove(path);
  });
}

TEST(NetworkNamespace, UnknownNameLeavesUsWhereWeAre) {
  in_private_namespace([] {
    const auto before = inode(NetworkNamespace::current().value());
    const auto entered = NetworkNamespace::enter("fm-no-such-namespace");
    ASSERT_FALSE(entered);
    EXPECT_EQ(entered.error().code, "no-such-namespace");
    EXPECT_EQ(inode(NetworkNamespace::current().value()), before);
  });
}

TEST(NetworkNamespace, NameIsNoPath) {
  for (const char* name : {"", ".", "..", "../../proc/1/ns/net", "a/b"}) {
    EXPECT_EQ(NetworkNamespace::open(name).error().code, "bad-namespace-name") << name;
  }
}

TEST(NetworkNamespace, DescriptorOfSomethingElseIsRefused) {
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(NetworkNamespace::enter(null.get()).error().code, "namespace-failed");
}

}  // namespace
}  // namespace flowmob::platform
