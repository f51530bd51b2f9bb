// SPDX-License-Identifier: Apache-2.0
#include "core/lma/commands.h"

#include "core/lma/anchor_fixture_for_test.h"

namespace flowmob::core {
namespace {

class CommandsTest : public AnchorFixture {
 protected:
  std::string move_error(const Json& arguments) {
    const auto moved = lma->handle_command(now, "flow move", arguments);
    return moved ? "" : moved.error().code;
  }
  void two_links(const char* mn) {
    Pbu one = first(), two = second();
    one.mn = two.mn = mn;
    one.service = "video";
    accepted(one);
    accepted(two);
  }
};

TEST_F(CommandsTest, MovesOnlyWhatThereIs) {
  EXPECT_EQ(move_error({{"flow", "video"}, {"to", "mag2"}}), "no-such-flow");
  two_links("mn1");
  EXPECT_EQ(move_error({{"flow", "voice"}, {"to", "mag2"}}), "no-such-flow");
  EXPECT_EQ(move_error({{"flow", "voice"}, {"to", "mag2"}, {"mn", "mn1"}}), "no-such-flow");
  EXPECT_EQ(move_error({{"flow", "video"}, {"to", "mag3"}}), "no-such-mag");
  EXPECT_EQ(move_error({{"flow", "video"}, {"to", "mag2"}, {"mn", "mn2"}}), "no-such-mobile-node");
  accepted(leave(second()));
  EXPECT_EQ(move_error({{"flow", "video"}, {"to", "mag2"}}), "no-session");
}

TEST_F(CommandsTest, SeveralNodesWithTheFlowNeedAName) {
  two_links("mn1");
  two_links("mn2");
  EXPECT_EQ(move_error({{"flow", "video"}, {"to", "mag2"}}), "ambiguous-flow");
  EXPECT_EQ(move_error({{"flow", "*"}, {"to", "mag2"}}), "ambiguous-flow");
  EXPECT_EQ(move_error({{"flow", "video"}, {"to", "mag2"}, {"mn", "mn2"}}), "");
  drain();
  EXPECT_EQ(mag_of("video", "mn1"), "mag1");
  EXPECT_EQ(mag_of("video", "mn2"), "mag2");
}

TEST_F(CommandsTest, TheDefaultFlowMovesToo) {
  two_links("mn1");
  clear();
  EXPECT_EQ(move_error({{"flow", "*"}, {"to", kMag2.to_string()}}), "");
  drain();
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_EQ(mag_of("video"), "mag1");
  EXPECT_EQ(all<EnsureRoute>().at(0).via_mag, kMag2);
}

TEST_F(CommandsTest, AMoveToWhereItIsChangesNothing) {
  two_links("mn1");
  clear();
  const auto moved = lma->handle_command(now, "flow move", {{"flow", "video"}, {"to", "mag1"}});
  drain();
  EXPECT_FALSE((*moved)["changed"]);
  EXPECT_TRUE(actions.empty());
}

TEST_F(CommandsTest, AFlowInFallbackCanBeBoundToWhereItIs) {
  two_links("mn1");
  accepted(leave(first()));
  const auto moved = lma->handle_command(now, "flow move", {{"flow", "video"}, {"to", "mag2"}});
  drain();
  ASSERT_TRUE(moved);
  EXPECT_EQ((*moved)["from"], "mag2");
  EXPECT_EQ((*moved)["wanted_from"], "mag1");
  EXPECT_EQ((*moved)["to"], "mag2");
  EXPECT_EQ((*moved)["changed"], true) << "the binding, not the link";
  EXPECT_EQ(show("flows")[0]["state"], "active");
}

TEST_F(CommandsTest, ShowsBindingsAsTheDraftsFigure3) {
  two_links("mn1");
  const auto rows = show("bindings");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0], (Json{{"mn", "mn1"},
                           {"address", "2001:db8:1000::/64"},
                           {"prefixes", {"2001:db8:1000::/64"}},
                           {"delegated_prefixes", Json::array()},
                           {"ipv4_address", nullptr},
                           {"flow", "video"},
                           {"mag", "mag1"},
                           {"mag_address", "2001:db8:f1::1"},
                           {"session", 1},
                           {"flow_index", 2},
                           {"state", "active"},
                           {"access_technology", "802.11"},
                           {"lifetime_seconds", 300},
                           {"remaining_seconds", 299}}));
  EXPECT_EQ(rows[1]["flow"], "*");
}

TEST_F(CommandsTest, ShowsOnlyTheSelectorsFieldsThatAreSet) {
  two_links("mn1");
  const auto flows = show("flows");
  EXPECT_EQ(flows[0]["selector"], (Json{{"source_port", "5000-5099"}}));
  EXPECT_EQ(flows[0]["owner"], "profile");
  EXPECT_EQ(flows[0]["service"], "video");
  EXPECT_EQ(flows[1]["selector"], Json::object());
  EXPECT_EQ(flows[1]["owner"], "policy");
}

TEST_F(CommandsTest, FiltersByNode) {
  two_links("mn1");
  two_links("mn2");
  EXPECT_EQ(show("sessions").size(), 4U);
  EXPECT_EQ(show("sessions", {{"mn", "mn2"}}).size(), 2U);
  EXPECT_TRUE(show("flows", {{"mn", "nobody"}}).empty());
}

TEST_F(CommandsTest, KnowsItsCommands) {
  EXPECT_EQ(lma->handle_command(now, "show links", Json::object()).error().code, "no-such-command");
  EXPECT_EQ(lma->handle_command(now, "", Json::object()).error().code, "no-such-command");
}

}  // namespace
}  // namespace flowmob::core
