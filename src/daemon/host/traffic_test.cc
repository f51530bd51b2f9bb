// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/traffic.h"

#include <gtest/gtest.h>

#include "base/strong_id.h"

namespace flowmob::daemon {
namespace {

using dataplane::Traffic;
using platform::Json;

TEST(Traffic, GoesWhereTheRowSaysWhoseItIs) {
  Json tree{{"sessions", {{{"session", 7u}, {"mag", "mag1"}}, {{"session", 0u}}, {{"mag", "mag2"}}}}};
  add_traffic(tree, [](const Json& row) -> std::optional<Traffic> {
    const auto session = id_of<SessionId>(row, "session");
    if (!session) return {};
    return Traffic{{session->value, 100}, {1, 60}};
  });
  const Json expected = {{"down", {{"packets", 7}, {"bytes", 100}}}, {"up", {{"packets", 1}, {"bytes", 60}}}};
  EXPECT_EQ(tree["sessions"][0]["traffic"], expected);
  EXPECT_FALSE(tree["sessions"][1].contains("traffic"));
  EXPECT_FALSE(tree["sessions"][2].contains("traffic"));
}

TEST(Traffic, IdsAreNumbers) {
  EXPECT_FALSE(id_of<SessionId>(Json{{"session", "7"}}, "session"));
  EXPECT_FALSE(id_of<SessionId>(Json{{"session", -7}}, "session"));
  EXPECT_EQ(id_of<SessionId>(Json{{"session", 7u}}, "session"), SessionId{7});
}

TEST(Traffic, OnlyDropsThatCameUpAreShown) {
  const Json rows =
      to_json(std::vector<dataplane::DropCount>{{"a", "why a", {0, 0}}, {"b", "why b", {2, 80}}});
  EXPECT_EQ(rows, Json::array({{{"reason", "b"}, {"explanation", "why b"}, {"packets", 2}, {"bytes", 80}}}));
}

TEST(Traffic, ATunnelHasThatOfItsSessions) {
  const Json one = to_json(Traffic{{1, 10}, {2, 20}}), two = to_json(Traffic{{3, 30}, {4, 40}});
  const Json rows = Json::array({{{"mag_address", "a::1"}, {"traffic", one}},
                                 {{"mag_address", "a::1"}, {"traffic", two}},
                                 {{"mag_address", "b::1"}, {"traffic", two}},
                                 {{"mag_address", "c::1"}},
                                 {{"mag", nullptr}}});
  EXPECT_EQ(sum_traffic(rows, "mag_address", "a::1"), to_json(Traffic{{4, 40}, {6, 60}}));
  EXPECT_EQ(sum_traffic(rows, "mag_address", "b::1"), two);
  EXPECT_EQ(sum_traffic(rows, "mag_address", "c::1"), Json());
}

}  // namespace
}  // namespace flowmob::daemon
