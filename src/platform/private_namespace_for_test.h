// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>
#include <utility>

#include "platform/netlink.h"
#include "platform/network_namespace.h"
#include "platform/sysctl.h"
#include "platform/unique_fd.h"

namespace flowmob::platform::testing {

/// Runs `body` on a thread in a network namespace of its own, which ends with the thread. Needs root.
template <class Body>
void in_private_namespace(Body&& body) {
  std::thread([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << "network tests need root";
    std::forward<Body>(body)();
  }).join();
}

/// A second namespace beside the thread's own; `inside` runs a function there and comes back.
class OtherNamespace {
 public:
  OtherNamespace() {
    std::thread([this] {
      ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
      fd_ = NetworkNamespace::current().value();
    }).join();
  }
  int fd() const { return fd_.get(); }
  template <class Body>
  void inside(Body&& body) {
    std::thread([&] {
      ASSERT_TRUE(NetworkNamespace::enter(fd_.get()));
      std::forward<Body>(body)();
    }).join();
  }

 private:
  UniqueFd fd_;
};

/// A veth pair, both ends up and without duplicate address detection.
struct VethForTest {
  VethForTest(Netlink& netlink, const char* name, const char* peer) {
    static_cast<void>(set_ipv6("default", Ipv6Setting::AcceptDad, 0));
    const auto created = netlink.create_veth({name, peer, {}, {}, {}, {}});
    EXPECT_TRUE(created) << created.error().message;
    for (const char* end : {name, peer}) EXPECT_TRUE(netlink.set_up(netlink.link(end).value().index, true));
    here = netlink.link(name).value();
    there = netlink.link(peer).value();
  }
  Link here, there;
};

/// Asks again until it is so; false after twenty seconds.
template <class Condition>
bool eventually(Condition&& is_so) {
  for (int tries = 0; tries < 20000; ++tries) {
    if (is_so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

}  // namespace flowmob::platform::testing
