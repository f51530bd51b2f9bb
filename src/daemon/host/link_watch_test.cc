// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/link_watch.h"

#include <gtest/gtest.h>

#include "platform/private_namespace_for_test.h"

namespace flowmob::daemon {
namespace {

using platform::Link;
using platform::testing::in_private_namespace;
using platform::testing::VethForTest;

/// Follows "one" and "later", of which only the first is there from the start.
struct Follower {
  explicit Follower(std::optional<Duration> poll)
      : watch(LinkWatch::open(*loop, {{"one", "later"}, poll}).value()) {
    EXPECT_TRUE(watch->start([this](const std::string& name, const std::optional<Link>& link) {
      seen[name] = link;
      ++calls;
      loop->stop();
    }));
  }
  template <class Condition>
  bool until(Condition is_so) {
    for (int tries = 0; tries < 100 && !is_so(); ++tries) loop->run_for(std::chrono::seconds(20));
    return is_so();
  }
  bool carrier(const char* name) { return seen[name] && seen[name]->carrier; }

  platform::Netlink netlink = platform::Netlink::open().value();
  VethForTest pair{netlink, "one", "two"};
  std::unique_ptr<platform::EventLoop> loop = platform::EventLoop::create().value();
  std::map<std::string, std::optional<Link>> seen;
  int calls = 0;
  std::unique_ptr<LinkWatch> watch;
};

TEST(LinkWatch, TellsFirstHowThingsAre) {
  in_private_namespace([] {
    Follower follower({});
    EXPECT_EQ(follower.calls, 2);
    ASSERT_TRUE(follower.seen.at("one"));
    EXPECT_EQ(follower.seen.at("one")->index, follower.pair.here.index);
    EXPECT_FALSE(follower.seen.at("later"));
  });
}

TEST(LinkWatch, PollingSeesTheCarrierGoAndCome) {
  in_private_namespace([] {
    Follower follower(std::chrono::milliseconds(5));
    EXPECT_TRUE(follower.until([&] { return follower.carrier("one"); }));
    for (const bool up : {false, true}) {
      ASSERT_TRUE(follower.netlink.set_up(follower.pair.there.index, up));
      EXPECT_TRUE(follower.until([&] { return follower.carrier("one") == up; }));
    }
  });
}

TEST(LinkWatch, OneMoreIsWatchedAndOneLess) {
  in_private_namespace([] {
    Follower follower({});
    const VethForTest more(follower.netlink, "more", "three");
    follower.watch->watch("more");
    EXPECT_EQ(follower.seen.at("more")->index, more.here.index);
    follower.watch->forget("one");
    ASSERT_TRUE(follower.netlink.set_up(follower.pair.here.index, false));
    ASSERT_TRUE(follower.netlink.set_up(more.here.index, false));
    EXPECT_TRUE(follower.until([&] { return !follower.seen.at("more")->up; }));
    EXPECT_TRUE(follower.seen.at("one")->up) << "nothing is told of it any more";
    follower.watch->watch("one");
    EXPECT_FALSE(follower.seen.at("one")->up);
  });
}

TEST(LinkWatch, WhatHasNotChangedIsToldAgainOnRequest) {
  in_private_namespace([] {
    Follower follower(std::chrono::milliseconds(5));
    EXPECT_TRUE(follower.until([&] { return follower.carrier("one"); }));
    const int before = follower.calls;
    follower.watch->tell_again("later");
    follower.watch->tell_again("one");
    EXPECT_EQ(follower.calls, before) << "when it is looked at next";
    EXPECT_TRUE(follower.until([&] { return follower.calls > before; }));
    EXPECT_GE(follower.seen["one"]->mtu, 1280U);
  });
}

TEST(LinkWatch, AllOthersAreToldWhereThatIsWanted) {
  in_private_namespace([] {
    auto loop = platform::EventLoop::create().value();
    auto netlink = platform::Netlink::open().value();
    std::vector<InterfaceIndex> told;
    auto watch = LinkWatch::open(*loop, {{"one"},
                                         {},
                                         [&](const Link& link) {
                                           told.push_back(link.index);
                                           loop->stop();
                                         }})
                     .value();
    ASSERT_TRUE(watch->start([](const std::string&, const std::optional<Link>&) {}));
    const auto is_told = [&](InterfaceIndex index) {
      for (int tries = 0; tries < 100 && std::ranges::count(told, index) == 0; ++tries)
        loop->run_for(std::chrono::seconds(20));
      return std::ranges::count(told, index) != 0;
    };
    const VethForTest pair(netlink, "one", "two");
    EXPECT_TRUE(is_told(pair.there.index));
    EXPECT_EQ(std::ranges::count(told, pair.here.index), 0);
    told.clear();
    ASSERT_TRUE(netlink.delete_link(pair.there.index));
    EXPECT_TRUE(is_told(pair.there.index)) << "that it is gone, too";
  });
}

TEST(LinkWatch, AnInterfaceGoesAndComesBackAsAnother) {
  in_private_namespace([] {
    Follower follower({});
    const InterfaceIndex before = follower.pair.here.index;
    ASSERT_TRUE(follower.netlink.delete_link(before));
    EXPECT_TRUE(follower.until([&] { return !follower.seen["one"]; }));
    const VethForTest again(follower.netlink, "one", "two");
    EXPECT_TRUE(follower.until([&] { return follower.seen["one"].has_value(); }));
    EXPECT_NE(follower.seen["one"]->index, before);
    const VethForTest other(follower.netlink, "later", "three");
    EXPECT_TRUE(follower.until([&] { return follower.seen["later"].has_value(); }));
  });
}

}  // namespace
}  // namespace flowmob::daemon
