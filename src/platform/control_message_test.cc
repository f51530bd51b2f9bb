// SPDX-License-Identifier: Apache-2.0
#include "platform/control_message.h"

#include <gtest/gtest.h>

namespace flowmob::platform {
namespace {

TEST(ControlMessage, RequestRoundTrip) {
  const auto request = parse_request(format_request({"flow move", Json{{"flow", "video"}, {"to", "mag2"}}}));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->command, "flow move");
  EXPECT_EQ(request->arguments, (Json{{"flow", "video"}, {"to", "mag2"}}));
}

TEST(ControlMessage, ArgumentsMayBeAbsent) {
  const auto request = parse_request(R"({"command":"status"})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->arguments, Json::object());
}

class BadRequest : public ::testing::TestWithParam<const char*> {};
TEST_P(BadRequest, IsRefused) {
  const auto request = parse_request(GetParam());
  ASSERT_FALSE(request) << GetParam();
  EXPECT_EQ(request.error().code, "bad-request");
}
INSTANTIATE_TEST_SUITE_P(Lines, BadRequest,
                         ::testing::Values("", "{", "null", "[]", "\"status\"", "{}", R"({"command":""})",
                                           R"({"command":7})", R"({"command":"status","args":[]})",
                                           R"({"command":"status","argz":{}})", R"({"command":"status"} x)",
                                           "{\"command\":\"\xff\"}"));

TEST(ControlMessage, DeepNestingIsNoDanger) {
  EXPECT_FALSE(parse_request(std::string(60000, '[')));
  EXPECT_FALSE(parse_request(std::string(30000, '[') + std::string(30000, ']')));
}

TEST(ControlMessage, ResponseRoundTrip) {
  const auto good = parse_response(format_response(Json{{"bindings", Json::array()}}));
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, (Json{{"bindings", Json::array()}}));
  const auto bad = parse_response(format_response(fail("no-such-flow", "no flow 'x'")));
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error(), (Error{"no-such-flow", "no flow 'x'"}));
  EXPECT_EQ(format_response(fail("a", "b")), R"({"ok":false,"error":{"code":"a","message":"b"}})");
}

TEST(ControlMessage, ResponseIsOneLineWhateverItHolds) {
  const std::string line = format_response(Json{{"mn", "a\nb\xff"}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  ASSERT_TRUE(parse_response(line));
  EXPECT_EQ((*parse_response(line))["mn"], "a\nb\xef\xbf\xbd");
}

TEST(ControlMessage, NonsenseIsNoResponse) {
  for (const char* line : {"", "{}", "7", R"({"ok":1})", R"({"ok":false})", R"({"ok":false,"error":"x"})"}) {
    const auto response = parse_response(line);
    ASSERT_FALSE(response) << line;
    EXPECT_EQ(response.error().code, "bad-response") << line;
  }
}

TEST(ControlMessage, EventStartsWithTimeAndName) {
  const Json event = make_event(WallTime(std::chrono::milliseconds(1714564800123)), "flow-moved",
                                Json{{"flow", "video"}, {"time", "ignored"}});
  EXPECT_EQ(format_event(event),
            R"({"time":"2024-05-01T12:00:00.123Z","event":"flow-moved","flow":"video"})");
  EXPECT_EQ(parse_event(format_event(event)).value(), event);
  EXPECT_FALSE(parse_event(R"({"ok":true})"));
}

TEST(ControlMessage, TimeBeforeTheEpochAndFractions) {
  EXPECT_EQ(format_time(WallTime()), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(WallTime(-std::chrono::milliseconds(1))), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_time(WallTime(std::chrono::nanoseconds(1999999999))), "1970-01-01T00:00:01.999Z");
}

}  // namespace
}  // namespace flowmob::platform
