// SPDX-License-Identifier: Apache-2.0
#include "cli/monitor.h"

#include <gmock/gmock.h>

#include <set>

#include "platform/control_events.h"

namespace flowmob::cli {
namespace {

using platform::DaemonRole;
using testing::HasSubstr;
using testing::Not;

const Json kMoved = Json::parse(
    R"({"time":"2026-11-26T06:31:03.123Z","event":"flow-moved","mn":"mn1","flow":"video","from":"mag1","news":1})");

TEST(Monitor, ExplainsAnEventByWhatItIsAndByItsKeys) {
  const Json explanation = explanation_of(kMoved, DaemonRole::Lma);
  EXPECT_EQ(explanation["reference"], "RFC 7864 section 3.2");
  EXPECT_EQ(explanation["keys"].size(), 3U) << "what a newer daemon says is left alone";
  const auto text = explanation_text(explanation, false);
  EXPECT_THAT(text, HasSubstr("    RFC 7864 section 3.2: a flow goes by the link"));
  EXPECT_THAT(text, HasSubstr("      from: the gateway that it was at; null: none\n"));
}

TEST(Monitor, TheSameWordMeansWhatItsDaemonMeans) {
  const Json expired{{"event", "binding-expired"}};
  EXPECT_NE(explanation_of(expired, DaemonRole::Lma)["reference"],
            explanation_of(expired, DaemonRole::Mag)["reference"]);
  EXPECT_TRUE(explanation_of(expired, std::nullopt)["reference"].is_string());
}

TEST(Monitor, SaysThatItDoesNotKnowAnEvent) {
  const Json explanation = explanation_of({{"event", "flow-duplicated"}}, DaemonRole::Lma);
  EXPECT_TRUE(explanation["meaning"].is_null());
  EXPECT_THAT(explanation_text(explanation, false), HasSubstr("newer daemon"));
}

TEST(Monitor, ALineLeavesTablesOut) {
  Json event = kMoved;
  event["timeline"] = Json::array({{{"step", "decided"}}});
  EXPECT_THAT(event_text(event, false), Not(HasSubstr("timeline")));
  EXPECT_THAT(event_text(event, false), HasSubstr("flow=video"));
}

TEST(Monitor, ExplainsEachMessageOfARecord) {
  const Json record = Json::parse(
      R"({"time":"2026-11-26T06:31:03.123Z","event":"handover","timeline":[
          {"time":"2026-11-26T06:31:03.120Z","at_ms":0.0,"step":"upa-received","mag":"mag1","sequence":7,"status":"SUCCESS"},
          {"time":"2026-11-26T06:31:03.121Z","at_ms":1.5,"step":"thought-over"}]})");
  const Json steps = explanation_of(record, DaemonRole::Lma)["steps"];
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0]["reference"], "RFC 7864 section 4.3");
  EXPECT_EQ(steps[0]["fields"], Json::parse(R"({"mag":"mag1","sequence":7,"status":"SUCCESS"})"));
  EXPECT_TRUE(steps[1]["meaning"].is_null());
  const auto text = explanation_text(explanation_of(record, DaemonRole::Lma), false);
  EXPECT_THAT(text, HasSubstr("ms  upa-received mag=mag1 sequence=7 status=SUCCESS\n"));
  EXPECT_THAT(text, HasSubstr("RFC 7864 section 4.3: the Flow Mobility Acknowledge"));
}

TEST(EventMeanings, NoneStandsTwice) {
  std::set<std::pair<std::string_view, DaemonRole>> events;
  for (const auto& row : platform::event_meanings())
    for (const auto role : {DaemonRole::Lma, DaemonRole::Mag, DaemonRole::Mn})
      if (row.daemons.has(role)) {
        EXPECT_TRUE(events.emplace(row.name, role).second) << row.name;
      }
  std::set<std::string_view> keys;
  for (const auto& row : platform::key_meanings()) EXPECT_TRUE(keys.insert(row.key).second) << row.key;
  std::set<std::string_view> steps;
  for (const auto& row : platform::step_meanings()) EXPECT_TRUE(steps.insert(row.step).second) << row.step;
}

}  // namespace
}  // namespace flowmob::cli
