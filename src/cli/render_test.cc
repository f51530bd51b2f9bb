// SPDX-License-Identifier: Apache-2.0
#include "cli/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <set>
#include <sstream>

#include "cli/table.h"
#include "daemon/mn/views.h"

namespace flowmob::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kTraffic =
    R"("traffic":{"down":{"packets":980,"bytes":53000},"up":{"packets":123456,"bytes":7400000}})";

struct Fixture {
  std::string command;
  std::string json;
};

Json document(const std::string& text) {
  std::string whole = text;
  for (auto at = whole.find("TRAFFIC"); at != whole.npos; at = whole.find("TRAFFIC", at))
    whole.replace(at, 7, kTraffic);
  return Json::parse(whole);
}

const Fixture kLmaBindings{"show bindings", R"({"bindings":[
  {"mn":"mn1@example.net","address":"2001:db8:100::/64","prefixes":["2001:db8:100::/64"],"flow":"video",
   "mag":"mag1","mag_address":"2001:db8:a::1","session":1,"flow_index":2,"state":"active",
   "access_technology":"802.16e","lifetime_seconds":600,"remaining_seconds":598,TRAFFIC},
  {"mn":"mn1@example.net","address":"2001:db8:100::/64","flow":"*","mag":null,"mag_address":null,
   "session":null,"flow_index":1,"state":"inactive","access_technology":null,"lifetime_seconds":null,
   "remaining_seconds":null}]})"};
const Fixture kMagBindings{"show bindings", R"({"bindings":[
  {"mn":"mn1@example.net","access":"wlan","interface":"acc0","link_layer":"02:00:00:00:01:01",
   "prefixes":["2001:db8:100::/64"],"services":["internet"],"state":"registered","lifetime_seconds":600,
   "remaining_seconds":3661,"session":1,"status":"ACCEPTED",TRAFFIC},
  {"mn":"mn2@example.net","access":"wlan","state":"registering"}]})"};
const Fixture kSessions{"show sessions", R"({"sessions":[
  {"session":1,"mn":"mn1@example.net","mag":"mag1","mag_address":"2001:db8:a::1","access_technology":"802.11",
   "handoff_indicator":"unknown","link_layer_id":"020000000101","prefixes":["2001:db8:100::/64"],
   "state":"delete-wait","lifetime_seconds":600,"remaining_seconds":9,TRAFFIC}]})"};
const Fixture kLmaFlows{"show flows", R"({"flows":[
  {"flow_index":2,"mn":"mn1@example.net","flow":"video","service":"video","owner":"profile","priority":10,
   "selector":{"source_port":"5004-5005","next_header":17},"mag":"mag2","session":2,"wanted_mag":"mag1",
   "state":"active","moves":3,TRAFFIC},
  {"flow_index":1,"mn":"mn1@example.net","flow":"*","selector":{},"mag":"mag2","wanted_mag":"mag2"}]})"};
/// As flowmob-mnd makes it.
Fixture mn_flows(std::chrono::milliseconds idle) {
  const dataplane::VifFlow flow{.source = Ipv6Address::parse("2001:db8:c::10").value(),
                                .destination = Ipv6Address::parse("2001:db8:100::1").value(),
                                .protocol = 17,
                                .source_port = 40000,
                                .destination_port = 5004,
                                .member = 0,
                                .moves = 1,
                                .idle = idle,
                                .traffic = {.down = {980, 53000}, .up = {123456, 7400000}}};
  return {"show flows", daemon::flows_view({flow}, {"if1"}, {}).dump()};
}
const Fixture kMovedFlow{"show flows", R"({"flows":[
  {"protocol":"udp","source":"2001:db8:c::10","source_port":5004,"destination":"2001:db8:100::1",
   "destination_port":4000,"member":"if2","rule":"films","moved_by_command":false,"moves":1,"idle_ms":20,TRAFFIC}]})"};
const Fixture kMnFlows = mn_flows(std::chrono::milliseconds(340));
const Fixture kTunnels{"show tunnels", R"({"tunnels":[
  {"local":"2001:db8:f::1","remote":"2001:db8:a::1","mag":"mag1","sessions":1,TRAFFIC}]})"};
const Fixture kHandovers{"show handovers", R"({"handovers":[
  {"handover":12,"cause":9,"began":"2026-11-26T06:31:03.123Z","mn":"mn1@example.net","flow":"video","flow_index":2,
   "kind":"fallback","from":"mag1","to":"mag2","from_technology":"802.11","to_technology":"lte","trigger":"gateway-lost",
   "rule":"film","because":"first in the list","state":"complete","interruption_ms":310.04,"overlap_ms":0.0},
  {"handover":13,"mn":"mn1@example.net","flow":"*","from":"mag1","to":null,"state":"switching",
   "interruption_ms":null}]})"};
const Fixture kHandover{"show handovers", R"({"handovers":[
  {"handover":12,"began":"2026-11-26T06:31:03.123Z","mn":"mn1@example.net","flow":"video",
   "kind":"fallback","from":"mag1","to":"mag2","from_technology":"802.11","to_technology":"lte","trigger":"gateway-lost",
   "rule":"film","because":"first in the list","state":"complete","interruption_ms":310.04,"overlap_ms":0.0,
   "decision":{"links":[{"mag":"mag1","fitness":"unreachable","why":"its gateway does not answer"}]},
   "out_of_order":0,"in_order":{"asked":"gap","turned":"now","why_now":"the link before is not up","waited_ms":null},
   "timeline":[{"time":"2026-11-26T06:31:02.000Z","at_ms":-8.5,"step":"last-on-old-path","way":"up"},
               {"time":"2026-11-26T06:31:03.000Z","at_ms":0.0,"step":"trigger","mag":"mag1"}],
   "paths":{"down":{"old":{"packets":0,"first":null,"last":null,"first_ms":null,"last_ms":null},
                    "new":{"packets":47,"first":null,"last":null,"first_ms":1.0,"last_ms":2.0},
                    "interruption_ms":310.04,"overlap_ms":0.0,"late":0}}}]})"};
const Fixture kLinks{"show links", R"({"links":[
  {"interface":"core0","role":"core","present":true,"carrier":true,"up":true,"mac":"02:00:00:00:00:01","mtu":1500,
   "addresses":["2001:db8:c::1/64","fe80::1/64"]},
  {"interface":"acc1","role":"access","present":false,"carrier":false}]})"};
const Fixture kAnchorsLinks{"show links", R"({"links":[
  {"interface":"eth0","role":"core","present":true,"carrier":true,"mac":"02:00:00:00:00:01","mtu":1500,
   "addresses":[],"datapath":"xdp","datapath_reason":"the driver ixgbe runs it"},
  {"interface":"eth1","role":"access","present":true,"carrier":true,"mac":"02:00:00:00:00:02","mtu":1500,
   "addresses":[],"datapath":"tc","datapath_reason":"as configured"}]})"};
const Fixture kMembers{"show links", R"({"virtual_interface":{"interface":"vif0","role":"virtual",
  "advertised_mtu":1460,"router":"fe80::200:5eff:fe00:5213","present":true,"carrier":true,"mac":"02:00:00:00:01:01",
  "mtu":1460,"addresses":["2001:db8:100::1/64"]},"links":[
  {"interface":"if1","role":"member","number":0,"technology":"802.16e","up":true,"state":"up",
   "router":"fe80::200:5eff:fe00:5213","router_mac":"02:00:00:00:00:09","router_lifetime":1700,
   "prefixes":["2001:db8:100::/64"],"default":true,"advertised_mtu":1460,"present":true,"carrier":true,
   "mac":"02:00:00:00:01:01","mtu":1460,"addresses":[],"rx_packets":7},
  {"interface":"if2","technology":"802.11","carrier":false,"state":"no-carrier","router":null,"mtu":null,"prefixes":[]},
  {"interface":"wwan0","technology":"lte","carrier":true,"state":"router-silent","raw_ip":true,"mac":null,"router":null,"prefixes":[]}]})"};
const Fixture kStatistics{"show statistics",
                          R"({"messages":{"received":5},"rejections":{"TIMESTAMP_MISMATCH":1},
  "data_plane_drops":[{"reason":"bad-source","explanation":"no session of that MAG","packets":3,"bytes":180}]})"};

std::string shown(const Fixture& fixture, bool colour = false) {
  return render(fixture.command, document(fixture.json), {100, colour});
}

TEST(Render, AnAnchorsBindingsAreTheDraftsFigure3) {
  EXPECT_EQ(
      shown(kLmaBindings),
      "MN-ID            ADDRESS            FLOW   MAG   ACCESS   LIFETIME  STATE         DOWN          UP\n"
      "mn1@example.net  2001:db8:100::/64  video  mag1  802.16e     9m58s  active    980/53kB  123k/7.4MB\n"
      "mn1@example.net  2001:db8:100::/64  *      -     -               -  inactive         -           "
      "-\n");
}

TEST(Render, AGatewaysBindings) {
  EXPECT_EQ(
      shown(kMagBindings),
      "MN-ID            ACCESS  LINK-LAYER         PREFIXES           SERVICES  STATE        LIFETIME\n"
      "mn1@example.net  wlan    02:00:00:00:01:01  2001:db8:100::/64  internet  registered      1h01m\n"
      "mn2@example.net  wlan    -                  -                  -         registering         -\n");
}

TEST(Render, Sessions) {
  EXPECT_EQ(
      shown(kSessions),
      "SESSION  MN-ID            MAG   ACCESS  LINK-LAYER    STATE        LIFETIME      DOWN          UP\n"
      "      1  mn1@example.net  mag1  802.11  020000000101  delete-wait        9s  980/53kB  123k/7.4MB\n");
}

TEST(Render, AnAnchorsFlows) {
  const std::string text = shown(kLmaFlows);
  EXPECT_THAT(text, HasSubstr("mag2 (mag1)"));
  EXPECT_THAT(text, HasSubstr("source_p"));
  EXPECT_THAT(text, HasSubstr("980/53kB"));
  EXPECT_THAT(text, HasSubstr(" any "));
}

TEST(Render, AMobileNodesFlows) {
  EXPECT_EQ(
      shown(kMnFlows),
      "PROTOCOL  SOURCE           PORT  DESTINATION      PORT  MEMBER  MOVES   IDLE      DOWN          UP\n"
      "udp       2001:db8:c::10  40000  2001:db8:100::1  5004  if1         1  340ms  980/53kB  123k/7.4MB\n");
  EXPECT_THAT(shown(mn_flows(std::chrono::milliseconds(12900))), HasSubstr("  12s  "));
  EXPECT_THAT(shown(kMovedFlow), AllOf(HasSubstr("RULE"), HasSubstr("films")));
}

TEST(Render, Tunnels) {
  EXPECT_EQ(shown(kTunnels),
            "LOCAL          REMOTE         MAG   SESSIONS      DOWN          UP\n"
            "2001:db8:f::1  2001:db8:a::1  mag1         1  980/53kB  123k/7.4MB\n");
}

TEST(Render, Handovers) {
  EXPECT_EQ(
      shown(kHandovers),
      "ID  BEGAN                     MN-ID            FLOW   FROM  TO    TRIGGER       STATE        "
      "SILENT\n"
      "12  2026-11-26T06:31:03.123Z  mn1@example.net  video  mag1  mag2  gateway-lost  complete   310.0 "
      "ms\n"
      "13  -                         mn1@example.net  *      mag1  -     -             switching         "
      "-\n");
}

TEST(Render, OneHandoverWithItsTimelineAndItsPackets) {
  const std::string text = shown(kHandover);
  EXPECT_THAT(text, HasSubstr("handover 12: video of mn1@example.net, mag1 (802.11) to mag2 (lte)\n"
                              "  fallback by gateway-lost, rule film: first in the list\n"
                              "  complete, began 2026-11-26T06:31:03.123Z\n"
                              "  order gap: now, the link before is not up; 0 out of order\n"));
  EXPECT_THAT(text, HasSubstr("-8.5 ms  last-on-old-path  way=up\n"));
  EXPECT_THAT(text, HasSubstr(" 0.0 ms  trigger           mag=mag1\n"));
  EXPECT_THAT(text, HasSubstr("down         0        47      310.0 ms   0.0 ms     0\n"));
  EXPECT_THAT(text, HasSubstr("mag1  unreachable  its gateway does not answer\n"));
}

TEST(Render, OneHandoverSaysHowItTurned) {
  const auto order_of = [](const std::string& order) {
    return shown({"show handovers", R"({"handovers":[{"timeline":[],)" + order + "}]}"});
  };
  EXPECT_THAT(
      order_of(
          R"("out_of_order":0,"in_order":{"asked":"gap","turned":"made-gap","waited_ms":250.64,"gap_ms":44.5})"),
      HasSubstr("  order gap: made-gap of 44.5 ms after 250.6 ms; 0 out of order\n"));
  EXPECT_THAT(order_of(R"("out_of_order":null,"in_order":{"asked":"now","turned":"now"})"),
              HasSubstr("  order now: now\n"));
  EXPECT_THAT(order_of(R"("in_order":null)"), Not(HasSubstr("order")));
}

TEST(Render, Links) {
  EXPECT_EQ(shown(kLinks),
            "INTERFACE  ROLE    CARRIER  MAC                 MTU  ADDRESSES\n"
            "core0      core    up       02:00:00:00:00:01  1500  2001:db8:c::1/64 fe80::1/64\n"
            "acc1       access  down     -                     -  -\n");
}

TEST(Render, AnAnchorsLinksSayWhatForwards) {
  EXPECT_THAT(shown(kAnchorsLinks), HasSubstr("DATA PATH  BECAUSE"));
  EXPECT_THAT(shown(kAnchorsLinks), HasSubstr("xdp        the driver ixgbe runs it\n"));
  EXPECT_THAT(shown(kAnchorsLinks), HasSubstr("tc         as configured\n"));
}

TEST(Render, AMobileNodesMembersAndThenItsInterface) {
  EXPECT_THAT(shown(kMembers),
              testing::StartsWith("MEMBER  TECHNOLOGY  STATE          MAC                ROUTER"));
  EXPECT_THAT(shown(kMembers), HasSubstr("  1460  2001:db8:100::…  true\n"));
  EXPECT_THAT(shown(kMembers), HasSubstr("\nif2     802.11      no-carrier     -                  -"));
  EXPECT_THAT(shown(kMembers), HasSubstr("\nwwan0   lte         router-silent  raw IP             -"));
  EXPECT_THAT(shown(kMembers), HasSubstr("\nvirtual interface\n  interface:      vif0\n"));
  EXPECT_THAT(shown(kMembers), HasSubstr("2001:db8:100::1"));
}

TEST(Render, StatisticsHaveEachDropWithItsReason) {
  const std::string text = shown(kStatistics);
  EXPECT_THAT(text, HasSubstr("TIMESTAMP MISMATCH: 1\n"));
  EXPECT_THAT(text, HasSubstr("bad-source"));
  EXPECT_THAT(text, HasSubstr("no session of that MAG"));
}

TEST(Render, AMobileNodesExplanationNamesItsMembers) {
  const auto text =
      shown({"policy explain",
             R"({"packets":"udp,a,1,b,2","rule":"films","by_command":false,"action":"split","member":"wwan0",
      "because":"its share of new flows","links":[{"interface":"wlan0","up":true,"chosen":false,"why":"its share"},
      {"interface":"wwan0","up":true,"chosen":true,"why":"its share of new flows"}],
      "passed_over":[{"rule":"both","by_command":false,"differs_in":"source_port"}]})"});
  EXPECT_THAT(text, HasSubstr("by rule films, split\n  goes by wwan0: its share of new flows\n"));
  EXPECT_THAT(text, HasSubstr("wlan0"));
  EXPECT_THAT(text, HasSubstr("both"));
}

const Fixture kExplanation{"policy explain",
                           R"({"mn":"mn1@example.net","packets":"udp,2001:db8::1,5,2001:db8::2,6",
  "flow":"voice","flow_index":4,"policy":"gold","rule":"voice","session":2,"mag":"lte","reason":"preferred",
  "because":"first in the rule's list of the links that can carry it",
  "links":[{"mag":"wifi","session":1,"access_technology":"802.11","rank":1,"fitness":"held-down","chosen":false,
            "why":"has failed; well, and held down for another 5000 ms","round_trip_ms":12.5,"loss_percent":0,
            "load_bits_per_second":null},
           {"mag":"lte","session":2,"access_technology":"lte","rank":2,"fitness":"well","chosen":true,
            "why":"first in the rule's list of the links that can carry it"}],
  "passed_over":[{"flow":"web","rule":"web","differs_in":"source_port"}],TRAFFIC})"};

TEST(Render, AnExplanationSaysWhichRuleWhichLinkAndWhyNotTheOthers) {
  const std::string text = shown(kExplanation);
  EXPECT_THAT(text, HasSubstr("udp,2001:db8::1,5,2001:db8::2,6 of mn1@example.net\n"
                              "  flow voice, by rule voice of policy gold\n"
                              "  goes by lte: first in the rule's list of the links that can carry it\n"));
  EXPECT_THAT(
      text, HasSubstr("wifi  802.11     1  held-down  has failed; well, and held down for another 5000 ms"));
  EXPECT_THAT(text, HasSubstr("web          web   source_port"));
  EXPECT_THAT(
      shown({"policy explain", R"({"flow":"*","rule":null,"mag":null,"because":"no link may carry it"})"}),
      HasSubstr("  flow *, which no rule governs\n  dropped: no link may carry it\n"));
}

std::vector<Fixture> fixtures() {
  return {kExplanation, kHandovers, kHandover, kLmaBindings,  kMagBindings, kSessions,  kLmaFlows,
          kMnFlows,     kTunnels,   kLinks,    kAnchorsLinks, kMembers,     kStatistics};
}

TEST(Render, NoLineIsLongerThanAskedFor) {
  for (const Fixture& fixture : fixtures()) {
    std::istringstream lines(shown(fixture));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), 100u) << line;
  }
}

TEST(Render, ColoursOnlyOnATerminal) {
  for (const Fixture& fixture : fixtures()) {
    EXPECT_THAT(shown(fixture), Not(HasSubstr("\x1b"))) << fixture.command;
    EXPECT_THAT(shown(fixture, true), HasSubstr("\x1b")) << fixture.command;
  }
}

TEST(Render, EmptyListsSaySo) {
  EXPECT_EQ(shown({"show bindings", R"({"bindings":[]})"}), "no bindings\n");
  EXPECT_EQ(shown({"show sessions", R"({"sessions":[]})"}), "no sessions\n");
  EXPECT_EQ(shown({"show flows", R"({"flows":[]})"}), "no flows\n");
  EXPECT_EQ(shown({"show tunnels", R"({"tunnels":[]})"}), "no tunnels\n");
  EXPECT_EQ(shown({"show links", R"({"links":[]})"}), "no links\n");
  EXPECT_EQ(shown({"show handovers", R"({"handovers":[]})"}), "no handovers\n");
}

TEST(Render, ForeignShapesAreShownSomehow) {
  EXPECT_EQ(shown({"show bindings", R"({})"}), "no bindings\n");
  EXPECT_EQ(shown({"show flows", R"({"flows":5})"}), "no flows\n");
  EXPECT_EQ(shown({"show bindings", R"("text")"}), "text\n");
  EXPECT_THAT(shown({"show flows", R"({"flows":[5,{"flow":{"x":1},"traffic":[]}],"note":"new"})"}),
              HasSubstr("note: new\n"));
}

TEST(Render, WhatHasNoPageOfItsOwnIsReadableToo) {
  const Fixture rows{"show news", R"({"news":[{"name":"a","important":1,TRAFFIC},{"name":"b"}],TRAFFIC})"};
  const std::string text = shown(rows);
  EXPECT_THAT(text, HasSubstr("a             1  down=980/53kB up=123k/7.4MB\n"));
  EXPECT_THAT(text, HasSubstr("\n  down: 980/53kB\n  up:   123k/7.4MB\n"));
  EXPECT_THAT(text, Not(HasSubstr("{")));
}

TEST(Render, ATableThatStandsAloneBeginsAtTheTop) {
  const Json rows{{"detached", Json::array({{{"mn", "mn1"}, {"session", 1}}})}};
  EXPECT_TRUE(render("detach", rows, {100, false}).starts_with("detached\n")) << "no empty line before it";
}

TEST(Render, ATableThatIsTooWideIsWrittenAsParagraphs) {
  Json row = Json::object();
  for (int i = 0; i < 12; ++i) row["column_" + std::to_string(i)] = "a value of some length";
  const Json rows{{"rows", Json::array({row, row})}};
  const std::string text = render("show news", rows, {100, false});
  EXPECT_THAT(text, HasSubstr("\ncolumn 0:  a value of some length\n"));
  EXPECT_THAT(text, HasSubstr("\ncolumn 11: a value of some length\n\ncolumn 0: "));
  EXPECT_THAT(text, Not(HasSubstr("…")));
}

TEST(Render, WhatComesFromTheWireCannotWriteToTheTerminal) {
  EXPECT_THAT(shown({"show bindings", R"({"bindings":[{"mn":"\u001b[2J","flow":"a\nb"}]})"}),
              Not(HasSubstr("\x1b")));
}

void collect_keys(const Json& value, std::set<std::string>& keys) {
  if (value.is_object())
    for (const auto& [key, item] : value.items()) {
      keys.insert(key);
      collect_keys(item, keys);
    }
  if (value.is_array())
    for (const Json& item : value) collect_keys(item, keys);
}

TEST(JsonPage, DocumentsEveryKeyOfTheAnswers) {
  std::ifstream file(FLOWMOB_SOURCE "/docs/json.md");
  ASSERT_TRUE(file.is_open());
  const std::string page(std::istreambuf_iterator<char>(file), {});
  std::set<std::string> keys;
  for (const Fixture& fixture : fixtures()) collect_keys(document(fixture.json), keys);
  keys.erase("TIMESTAMP_MISMATCH");  // a status: any
  for (const std::string& key : keys) EXPECT_THAT(page, HasSubstr("`" + key + "`"));
}

}  // namespace
}  // namespace flowmob::cli
