// SPDX-License-Identifier: Apache-2.0
#include "core/binding/binding_cache.h"

#include <gtest/gtest.h>

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;

Ipv6Prefix prefix(const char* text) { return Ipv6Prefix::parse(text).value(); }

MobileNode node(std::uint32_t index, std::string mn_id, const char* hnp, Duration deadline) {
  MobileNode n;
  n.index = NodeIndex{index};
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
  cache.put(node(1, "a", "2001:db8:1::/64", 1s));
  cache.put(node(2, "b", "2001:db8:2::/64", 2s));
  ASSERT_EQ(cache.find_all("a").size(), 1U);
  EXPECT_EQ(cache.find_all("a")[0]->mn_id, "a");
  EXPECT_EQ(cache.find(prefix("2001:db8:2::/64"))->mn_id, "b");
  EXPECT_TRUE(cache.find_all("c").empty());
  EXPECT_EQ(cache.find(prefix("2001:db8:3::/64")), nullptr);
}

TEST(BindingCache, WhatIsReplacedOrErasedIsFoundNoMore) {
  BindingCache cache;
  cache.put(node(1, "a", "2001:db8:1::/64", 1s));
  cache.put(node(1, "a", "2001:db8:2::/64", 3s));
  EXPECT_EQ(cache.find_all("a").size(), 1U);
  EXPECT_EQ(cache.find(prefix("2001:db8:1::/64")), nullptr);
  EXPECT_EQ(cache.next_deadline(), TimePoint{3s});
  cache.erase(NodeIndex{1});
  EXPECT_TRUE(cache.find_all("a").empty());
  EXPECT_EQ(cache.find(prefix("2001:db8:2::/64")), nullptr);
  EXPECT_EQ(cache.next_deadline(), std::nullopt);
  EXPECT_TRUE(cache.nodes().empty());
}

TEST(BindingCache, ANodeHasAnEntryForEachSetOfPrefixes) {
  BindingCache cache;
  cache.put(node(7, "a", "2001:db8:7::/64", 1s));
  cache.put(node(3, "a", "2001:db8:3::/64", 2s));
  ASSERT_EQ(cache.find_all("a").size(), 2U);
  EXPECT_EQ(cache.find_all("a")[0]->index, NodeIndex{3});
  EXPECT_EQ(cache.find_all("a")[1]->index, NodeIndex{7});
  EXPECT_EQ(cache.find(prefix("2001:db8:7::/64"))->index, NodeIndex{7});
  cache.erase(NodeIndex{7});
  ASSERT_EQ(cache.find_all("a").size(), 1U);
  EXPECT_EQ(cache.find_all("a")[0]->index, NodeIndex{3});
  EXPECT_EQ(cache.next_deadline(), TimePoint{2s});
}

TEST(BindingCache, KnowsWhoIsDueFirst) {
  BindingCache cache;
  cache.put(node(1, "late", "2001:db8:1::/64", 5s));
  cache.put(node(2, "early", "2001:db8:2::/64", 2s));
  EXPECT_EQ(cache.next_deadline(), TimePoint{2s});
  EXPECT_EQ(cache.due(TimePoint{1s}), nullptr);
  EXPECT_EQ(cache.due(TimePoint{2s})->mn_id, "early");
}

TEST(BindingCache, SuspendedDeadlinesWait) {
  BindingCache cache;
  cache.put(node(1, "a", "2001:db8:1::/64", 2s));
  cache.suspend_deadlines(NodeIndex{1});
  EXPECT_EQ(cache.due(TimePoint{9s}), nullptr);
  cache.resume_deadlines(NodeIndex{1});
  EXPECT_EQ(cache.due(TimePoint{9s})->mn_id, "a");
}

TEST(BindingCache, ADeadlineIsPutOffAndBroughtForward) {
  BindingCache cache;
  cache.put(node(1, "a", "2001:db8:1::/64", 2s));
  cache.put(node(2, "b", "2001:db8:2::/64", 4s));
  cache.put(node(1, "a", "2001:db8:1::/64", 6s));
  EXPECT_EQ(cache.next_deadline(), TimePoint{4s});
  cache.put(node(2, "b", "2001:db8:2::/64", 8s));
  EXPECT_EQ(cache.next_deadline(), TimePoint{6s});
  cache.put(node(2, "b", "2001:db8:2::/64", 3s));
  EXPECT_EQ(cache.next_deadline(), TimePoint{3s});
  EXPECT_EQ(cache.due(TimePoint{3s})->mn_id, "b");
  cache.put(node(2, "b", "2001:db8:2::/64", 8s));
  EXPECT_EQ(cache.due(TimePoint{6s})->mn_id, "a");
  cache.erase(NodeIndex{1});
  EXPECT_EQ(cache.next_deadline(), TimePoint{8s});
}

TEST(MobileNode, KnowsWhichSessionsAreLive) {
  MobileNode n = node(1, "a", "2001:db8:1::/64", 2s);
  Session second = n.sessions[0];
  second.id = SessionId{2};
  second.in_delete_wait = true;
  second.deadline.monotonic = TimePoint{1s};
  n.sessions.push_back(second);
  EXPECT_EQ(n.live(), std::vector{SessionId{1}});
  EXPECT_EQ(n.next_deadline(), TimePoint{1s});
}

}  // namespace
}  // namespace flowmob::core
