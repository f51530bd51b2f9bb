// SPDX-License-Identifier: Apache-2.0
#include "cli/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/fields.h"
#include "cli/row_table.h"
#include "cli/table.h"

namespace flowmob::cli {
namespace {

/// Whether some row has `key`: what tells one daemon's rows from another's.
bool has(const Json& rows, std::string_view key) {
  return rows.is_array() && std::ranges::any_of(rows, [&](const Json& row) {
           return row.is_object() && row.contains(std::string(key));
         });
}

/// As rules call them; the value is the DSCP, without the two bits of ECN.
std::string condition_name(const std::string& key) {
  if (key == "traffic_class") return "dscp";
  return key == "next_header" ? "protocol" : key;
}

/// The conditions of a selector: "source=2001:db8:c::-... protocol=17".
RowColumn selector() {
  return {{"SELECTOR", false, true}, [](const Json& row) {
            const Json& conditions = field(row, "selector");
            std::string text;
            for (const auto& [key, value] : conditions.items())
              text += (text.empty() ? "" : " ") + condition_name(key) + "=" + text_of(conditions, key);
            return Cell(text.empty() ? "any" : text);
          }};
}

/// Shown where some MAG says the access network's name (RFC 6757).
void add_network(const Json& rows, std::vector<RowColumn>& columns) {
  if (!has(rows, "access_network")) return;
  columns.push_back({{"NETWORK", false, true}, [](const Json& row) {
                       const std::string name = text_of(field(row, "access_network"), "network");
                       return Cell(name.empty() ? "-" : name);
                     }});
}

/// Where a flow is, and where it wants to be if that is elsewhere: "mag2 (mag1)".
RowColumn mag_of_flow() {
  return {{"MAG", false, true}, [](const Json& row) {
            const std::string now = text_of(row, "mag");
            const std::string wanted = text_of(row, "wanted_mag");
            const std::string shown = now.empty() ? "-" : now;
            return Cell(wanted.empty() || wanted == now ? shown : shown + " (" + wanted + ")");
          }};
}

/// An LMA's as the draft's Figure 3, a MAG's as its Binding Update List.
std::string bindings(const Json& rows, const Look& look) {
  if (has(rows, "access")) {
    std::vector<RowColumn> columns{words("MN-ID", "mn", true),
                                   words("ACCESS", "access", true),
                                   words("LINK-LAYER", "link_layer"),
                                   list("PREFIXES", "prefixes"),
                                   list("SERVICES", "services"),
                                   state("STATE", "state"),
                                   remaining("LIFETIME", "remaining_seconds")};
    add_network(rows, columns);
    return row_table(rows, columns, "", look);
  }
  return row_table(rows,
                   {words("MN-ID", "mn", true), words("ADDRESS", "address"), words("FLOW", "flow", true),
                    words("MAG", "mag", true), words("ACCESS", "access_technology"),
                    remaining("LIFETIME", "remaining_seconds"), state("STATE", "state"),
                    traffic("DOWN", "down"), traffic("UP", "up")},
                   "no bindings", look);
}

std::string sessions(const Json& rows, const Look& look) {
  std::vector<RowColumn> columns{number("SESSION", "session"),
                                 words("MN-ID", "mn", true),
                                 words("MAG", "mag", true),
                                 words("ACCESS", "access_technology"),
                                 words("LINK-LAYER", "link_layer_id", true),
                                 state("STATE", "state"),
                                 remaining("LIFETIME", "remaining_seconds"),
                                 traffic("DOWN", "down"),
                                 traffic("UP", "up")};
  add_network(rows, columns);
  return row_table(rows, columns, "no sessions", look);
}

std::string flows_of_node(const Json& rows, const Look& look) {
  std::vector<RowColumn> columns{words("PROTOCOL", "protocol"),
                                 words("SOURCE", "source", true),
                                 number("PORT", "source_port"),
                                 words("DESTINATION", "destination", true),
                                 number("PORT", "destination_port"),
                                 words("MEMBER", "member"),
                                 number("MOVES", "moves"),
                                 idle("IDLE", "idle_ms"),
                                 traffic("DOWN", "down"),
                                 traffic("UP", "up")};
  const auto has_rule = [](const Json& row) { return row.contains("rule") && row["rule"].is_string(); };
  if (std::ranges::any_of(rows, has_rule)) columns.push_back(words("RULE", "rule"));
  return row_table(rows, columns, "", look);
}

std::string flows(const Json& rows, const Look& look) {
  if (has(rows, "member")) return flows_of_node(rows, look);
  return row_table(rows,
                   {words("MN-ID", "mn", true), words("FLOW", "flow", true), number("PRIORITY", "priority"),
                    selector(), mag_of_flow(), state("STATE", "state"), number("MOVES", "moves"),
                    traffic("DOWN", "down"), traffic("UP", "up")},
                   "no flows", look);
}

std::string tunnels(const Json& rows, const Look& look) {
  return row_table(rows,
                   {words("LOCAL", "local", true), words("REMOTE", "remote", true), words("MAG", "mag", true),
                    number("SESSIONS", "sessions"), traffic("DOWN", "down"), traffic("UP", "up")},
                   "no tunnels", look);
}

std::string links(const Json& rows, const Look& look) {
  const auto carrier =
      RowColumn{{"CARRIER", false, false}, [](const Json& row) {
                  const Json& value = field(row, "carrier");
                  if (!value.is_boolean()) return Cell("-");
                  return value.get<bool>() ? Cell("up", Style::Good) : Cell("down", Style::Bad);
                }};
  const auto mac =
      RowColumn{words("MAC", "mac").column, [address = words("MAC", "mac").cell](const Json& row) {
                  return field(row, "raw_ip") == true ? Cell("raw IP") : address(row);
                }};
  if (has(rows, "technology"))  // of a mobile node: members of its virtual interface
    return row_table(rows,
                     {words("MEMBER", "interface"), words("TECHNOLOGY", "technology"),
                      state("STATE", "state"), mac, words("ROUTER", "router", true), number("MTU", "mtu"),
                      list("PREFIXES", "prefixes"), words("DEFAULT", "default")},
                     "", look);
  std::vector<RowColumn> columns{words("INTERFACE", "interface"),
                                 words("ROLE", "role", true),
                                 carrier,
                                 words("MAC", "mac"),
                                 number("MTU", "mtu"),
                                 list("ADDRESSES", "addresses")};
  if (has(rows, "datapath")) {  // of an LMA
    columns.push_back(words("DATA PATH", "datapath"));
    columns.push_back(words("BECAUSE", "datapath_reason", true));
  }
  return row_table(rows, columns, "no links", look);
}

std::string milliseconds_text(const Json& value) {
  return value.is_number() ? fmt::format("{:.1f} ms", value.get<double>()) : "-";
}

RowColumn silence(std::string title, std::string key) {
  return {{std::move(title), true, false},
          [key = std::move(key)](const Json& row) { return Cell(milliseconds_text(field(row, key))); }};
}

/// What is not in every step: "way=down", "message=PBU mag=mag1 sequence=7".
RowColumn step_details() {
  return {{"DETAILS", false, true}, [](const Json& row) {
            std::string text;
            for (const auto& [key, value] : row.items())
              if (key != "time" && key != "at_ms" && key != "step")
                text += (text.empty() ? "" : " ") + key + "=" + text_of(row, key);
            return Cell(printable(text));
          }};
}

std::string end_of_path(const Json& row, const char* mag, const char* technology) {
  const std::string name = printable(text_of(row, mag)), kind = printable(text_of(row, technology));
  return name.empty() ? "no link" : kind.empty() ? name : name + " (" + kind + ")";
}

Json ways_of(const Json& paths) {
  Json rows = Json::array();
  for (const auto& [way, seen] : paths.items()) {
    Json row{{"way", way}};
    row.update(seen);
    rows.push_back(std::move(row));
  }
  return rows;
}

RowColumn packets_on(std::string title, std::string path) {
  return {{std::move(title), true, false}, [path = std::move(path)](const Json& row) {
            return Cell(count_text(number_of(field(row, path), "packets")));
          }};
}

/// How it turned: "order gap: made-gap of 44.5 ms after 250.6 ms; 0 out of order".
std::string order_line(const Json& row) {
  const Json& order = field(row, "in_order");
  if (!order.is_object()) return {};
  std::string line =
      "  order " + printable(text_of(order, "asked")) + ": " + printable(text_of(order, "turned"));
  if (const std::string why = printable(text_of(order, "why_now")); !why.empty()) line += ", " + why;
  if (field(order, "waited_ms").is_number())
    line += " of " + milliseconds_text(field(order, "gap_ms")) + " after " +
            milliseconds_text(field(order, "waited_ms"));
  if (field(row, "out_of_order").is_number()) line += "; " + text_of(row, "out_of_order") + " out of order";
  return line + "\n";
}

/// One move: what it was in three lines, then its steps, its packets and its decision.
std::string handover(const Json& row, const Look& look) {
  const auto text = [&](const char* key) { return printable(text_of(row, key)); };
  const bool is_of_flow = !field(row, "flow").is_null();
  const std::string what = is_of_flow ? text("flow") : "session " + text("session") + " with all its flows";
  std::string page = "handover " + text("handover") + ": " + what + " of " + text("mn") + ", " +
                     end_of_path(row, "from", "from_technology") + " to " +
                     end_of_path(row, "to", "to_technology") + "\n  " + text("kind") + " by " +
                     text("trigger");
  if (!text("rule").empty()) page += ", rule " + text("rule");
  if (!text("because").empty()) page += ": " + text("because");
  page += "\n  " + text("state") + ", began " + text("began") + "\n" + order_line(row);
  page = page + "\n" +
         row_table(field(row, "timeline"),
                   {silence("AT", "at_ms"), words("STEP", "step", true), step_details()}, "no steps", look);
  const Json& paths = field(row, "paths");
  if (paths.is_object())
    page += "\n" + row_table(ways_of(paths),
                             {words("WAY", "way"), packets_on("OLD PATH", "old"),
                              packets_on("NEW PATH", "new"), silence("INTERRUPTION", "interruption_ms"),
                              silence("OVERLAP", "overlap_ms"), number("LATE", "late")},
                             "", look);
  const Json& links = field(field(row, "decision"), "links");
  if (links.is_array())
    page +=
        "\n" + row_table(links,
                         {words("MAG", "mag", true), words("FITNESS", "fitness"), words("WHY", "why", true)},
                         "", look);
  return page;
}

std::string handovers(const Json& rows, const Look& look) {
  if (rows.is_array() && rows.size() == 1 && rows[0].contains("timeline")) return handover(rows[0], look);
  return row_table(
      rows,
      {number("ID", "handover"), words("BEGAN", "began"), words("MN-ID", "mn", true),
       words("FLOW", "flow", true), words("FROM", "from", true), words("TO", "to", true),
       words("TRIGGER", "trigger"), state("STATE", "state"), silence("SILENT", "interruption_ms")},
      "no handovers", look);
}

/// A mobile node's.
std::string member_explanation(const Json& row, const Look& look) {
  const auto text = [&](const char* key) { return printable(text_of(row, key)); };
  const std::string rule = text("rule"), member = text("member");
  std::string page = text("packets") + "\n  ";
  if (field(row, "turned_round") == true)
    page += "these are the downlink packets, by which flows are named\n  ";
  page += rule.empty() ? "no rule matches\n" : "by rule " + rule + ", " + text("action") + "\n";
  page += (member.empty() ? "  dropped: " : "  goes by " + member + ": ") + text("because") + "\n\n";
  page += row_table(field(row, "links"),
                    {words("INTERFACE", "interface", true), words("UP", "up"), words("WHY", "why", true)},
                    "no members", look);
  const Json& passed = field(row, "passed_over");
  if (passed.empty()) return page;
  return page + "\n" +
         row_table(passed,
                   {words("PASSED OVER", "rule", true), words("DIFFERS IN", "differs_in"),
                    words("ABSENT", "absent", true)},
                   "", look);
}

/// The answer in three lines, then every link with its reason, then the rules that did not match.
std::string explanation(const Json& row, const Look& look) {
  if (row.contains("member")) return member_explanation(row, look);
  const auto text = [&](const char* key) { return printable(text_of(row, key)); };
  const std::string rule = text("rule");
  std::string page = text("packets") + " of " + text("mn") + "\n  flow " + text("flow");
  page += rule.empty() ? ", which no rule governs\n"
                       : ", by rule " + rule + " of policy " + text("policy") + "\n";
  const std::string mag = text("mag");
  page += (mag.empty() ? "  dropped: " : "  goes by " + mag + ": ") + text("because") + "\n\n";
  page += row_table(field(row, "links"),
                    {words("MAG", "mag", true), words("ACCESS", "access_technology"), number("RANK", "rank"),
                     words("FITNESS", "fitness"), words("WHY", "why", true)},
                    "no links", look);
  const Json& passed = field(row, "passed_over");
  if (passed.empty()) return page;
  return page + "\n" +
         row_table(
             passed,
             {words("PASSED OVER", "flow", true), words("RULE", "rule"), words("DIFFERS IN", "differs_in")},
             "", look);
}

struct Page {
  std::string_view command, key;
  std::string (*render)(const Json& rows, const Look& look);
};
constexpr std::array kPages{
    Page{"show bindings", "bindings", bindings}, Page{"show sessions", "sessions", sessions},
    Page{"show flows", "flows", flows},          Page{"show handovers", "handovers", handovers},
    Page{"show tunnels", "tunnels", tunnels},    Page{"show links", "links", links}};

}  // namespace

std::string render(std::string_view command, const Json& result, const Look& look) {
  if (command == "policy explain" && result.is_object()) return explanation(result, look);
  const auto* page = std::ranges::find(kPages, command, &Page::command);
  if (page == kPages.end() || !result.is_object()) return render_any(result, look);
  std::string text = page->render(field(result, page->key), look);
  // A newer daemon may say more; it is not for this page to hide it.
  Json rest = result;
  rest.erase(std::string(page->key));
  if (const auto absent = rest.find("absent_rules"); absent != rest.end() && absent->empty())
    rest.erase(absent);
  return rest.empty() ? text : text + "\n" + render_any(rest, look);
}

}  // namespace flowmob::cli
