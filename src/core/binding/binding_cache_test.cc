// SPDX-License-Identifier: Apache-2.0
#include "core/binding/binding_cache.h"

#include <gtest/gtest.h>

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;

Ipv6Prefix prefix(const char* text) { return Ipv6Prefix::parse(text).value(); }

MobileNode node(std::string mn_id, const char* hnp, Duration deadline) {
  MobileNode n;
  n.mn_id = std::move(mn_id);
  n.prefixes = {prefix(hnp)};
  n.flows = FlowTable::with_default(FlowIndex{1});
  Session s;
  s.id = SessionId{1};
  s.deadline.monotonic = TimePoint{deadline};
  n.sessions = {s};
  return n;
}

TEST(BindingCache, FindsByIdentifierAndByPrefix) {
  BindingCache cache;
  cache.put(node("a", "2001:db8:1::/64", 1s));
  cache.put(node("b", "2001:db8:2::/64", 2s));
  EXPECT_EQ(cache.find("a")->mn_id, "a");
  EXPECT_EQ(cache.find(prefix("2001:db8:2::/64"))->mn_id, "b");
  EXPECT_EQ(cache.find("c"), nullptr);
  EXPECT_EQ(cache.find(prefix("2001:db8:3::/64")), nullptr);
}

TEST(BindingCache, WhatIsReplacedOrErasedIsFoundNoMore) {
  BindingCache cache;
  cache.put(node("a", "2001:db8:1::/64", 1s));
  cache.put(node("a", "2001:db8:2::/64", 3s));
  EXPECT_EQ(cache.find(prefix("2001:db8:1::/64")), nullptr);
  EXPECT_EQ(cache.next_deadline(), TimePoint{3s});
  cache.erase("a");
  EXPECT_EQ(cache.find(prefix("2001:db8:2::/64")), nullptr);
  EXPECT_EQ(cache.next_deadline(), std::nullopt);
  EXPECT_TRUE(cache.nodes().empty());
}

TEST(BindingCache, KnowsWhoIsDueFirst) {
  BindingCache cache;
  cache.put(node("late", "2001:db8:1::/64", 5s));
  cache.put(node("early", "2001:db8:2::/64", 2s));
  EXPECT_EQ(cache.next_deadline(), TimePoint{2s});
  EXPECT_EQ(cache.due(TimePoint{1s}), nullptr);
  EXPECT_EQ(cache.due(TimePoint{2s})->mn_id, "early");
}

TEST(BindingCache, SuspendedDeadlinesWait) {
  BindingCache cache;
  cache.put(node("a", "2001:db8:1::/64", 2s));
  cache.suspend_deadlines("a");
  EXPECT_EQ(cache.due(TimePoint{9s}), nullptr);
  cache.resume_deadlines("a");
  EXPECT_EQ(cache.due(TimePoint{9s})->mn_id, "a");
}

TEST(MobileNode, TellsItsSessionsApart) {
  MobileNode n = node("a", "2001:db8:1::/64", 2s);
  EXPECT_EQ(n.sole()->id, SessionId{1});
  EXPECT_EQ(n.sole_in_delete_wait(), nullptr);
  Session second = n.sessions[0];
  second.id = SessionId{2};
  second.in_delete_wait = true;
  second.deadline.monotonic = TimePoint{1s};
  n.sessions.push_back(second);
  EXPECT_EQ(n.sole(), nullptr);
  EXPECT_EQ(n.sole_in_delete_wait()->id, SessionId{2});
  EXPECT_EQ(n.live(), std::vector{SessionId{1}});
  EXPECT_EQ(n.next_deadline(), TimePoint{1s});
  n.sessions[0].in_delete_wait = true;
  EXPECT_EQ(n.sole_in_delete_wait(), nullptr);
}

}  // namespace
}  // namespace flowmob::core
