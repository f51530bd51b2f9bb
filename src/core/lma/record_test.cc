// SPDX-License-Identifier: Apache-2.0
#include "core/lma/record.h"

#include <gtest/gtest.h>

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;

NodeRecord example() {
  NodeRecord r;
  r.mn_id = std::string("mn\0\xfe", 4);
  r.mn_id_subtype = 2;
  r.index = NodeIndex{3};
  r.generation = 9;
  r.prefixes = {Ipv6Prefix::parse("2001:db8:1::/64").value()};
  r.default_flow = FlowIndex{4};
  r.default_wanted = SessionId{1};
  r.default_current = SessionId{2};
  r.sessions = {{SessionId{1}, Ipv6Address::parse("2001:db8:f1::1").value(), wire::AccessTechnology::Wimax,
                 wire::HandoffIndicator::NewInterface, Bytes{1, 2, 3}, WallTime{1'700'000'000s + 5ns}, 65535,
                 ~std::uint64_t{0}, true, false, Ipv6Address::parse("fe80::1").value(), false, true,
                 Encapsulation::GreWithKeys, 0xfffffffe, 2, 11,
                 wire::MobilityOptions{wire::VendorSpecific{1, 2, Bytes{3}}}}};
  r.flows = {{FlowIndex{5}, "svc", "video", SessionId{1}, SessionId{2}}};
  return r;
}

TEST(NodeRecord, SurvivesItsJson) {
  const auto text = example().to_json().dump();
  const auto back = NodeRecord::from_json(Json::parse(text));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, example());
}

/// Without what records do not have that were written before there were rules, binding identifiers and
/// delegated prefixes.
Json of_before(const NodeRecord& record) {
  Json less = record.to_json();
  less.erase("default_pinned");
  less["flows"][0].erase("pinned");
  less["sessions"][0].erase("binding_id");
  less["sessions"][0].erase("binding_priority");
  less["sessions"][0].erase("delegated_prefixes");
  return less;
}

TEST(NodeRecord, OlderOnesAreRead) {
  const Json less = of_before(example());
  const auto back = NodeRecord::from_json(less);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, example());
}

TEST(NodeRecord, EveryOtherMemberIsNeeded) {
  const Json whole = of_before(example());
  for (const auto& [key, value] : whole.items()) {
    Json less = whole;
    less.erase(key);
    EXPECT_EQ(NodeRecord::from_json(less).error().code, "bad-record") << key;
  }
  for (const char* list : {"sessions", "flows"})
    for (const auto& [key, value] : whole[list][0].items()) {
      Json less = whole;
      less[list][0].erase(key);
      EXPECT_EQ(NodeRecord::from_json(less).error().code, "bad-record") << list << " " << key;
    }
}

TEST(NodeRecord, EveryMemberHasItsKind) {
  const Json whole = example().to_json();
  for (const Json& wrong : {Json(-1), Json(1.5), Json("x"), Json(nullptr), Json::array({1})})
    for (const auto& [key, value] : whole.items()) {
      Json broken = whole;
      if ((key == "mn_id") && wrong.is_string()) continue;
      broken[key] = wrong;
      EXPECT_EQ(NodeRecord::from_json(broken).error().code, "bad-record") << key << " " << wrong;
    }
}

TEST(NodeRecord, RefusesWhatContradictsItself) {
  const auto refused = [](NodeRecord r) {
    const auto back = NodeRecord::from_json(r.to_json());
    return !back && back.error().code == "bad-record";
  };
  NodeRecord r = example();
  EXPECT_FALSE(refused(r));
  r.sessions.push_back(r.sessions[0]);
  EXPECT_TRUE(refused(r));
  r = example();
  r.flows[0].index = r.default_flow;
  EXPECT_TRUE(refused(r));
  r = example();
  r.prefixes.clear();
  EXPECT_TRUE(refused(r));
  r = example();
  r.index = NodeIndex{};
  EXPECT_TRUE(refused(r));
}

TEST(NodeRecord, RefusesUnknownMembersAndOtherKinds) {
  Json more = example().to_json();
  more["surprise"] = 1;
  EXPECT_FALSE(NodeRecord::from_json(more));
  EXPECT_FALSE(NodeRecord::from_json(Json::array()));
  EXPECT_FALSE(NodeRecord::from_json(Json("text")));
  Json big = example().to_json();
  big["mn_id_subtype"] = 256;
  EXPECT_FALSE(NodeRecord::from_json(big));
}

}  // namespace
}  // namespace flowmob::core
