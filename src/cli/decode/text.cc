// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "cli/decode/decode.h"
#include "cli/decode/names.h"
#include "cli/table.h"

namespace flowmob::cli::decode {
namespace {

std::string plain(const Json& value) {
  if (value.is_string()) return printable(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (!value.is_array()) return value.dump();
  std::string list;
  for (const Json& item : value) list += (list.empty() ? "" : " ") + plain(item);
  return list.empty() ? "none" : list;
}

std::string words(std::string name) {
  std::ranges::replace(name, '_', ' ');
  for (const std::string_view unit : {" s", " ms"})
    if (name.ends_with(unit)) name.resize(name.size() - unit.size());
  return name;
}
std::string unit_of(const std::string& key) {
  return key.ends_with("_ms") ? " ms" : key.ends_with("_s") ? " s" : "";
}

/// "ipv6", "source 2001:db8::1-2001:db8::ff", "next header udp"
std::vector<std::string> selector_pieces(const Json& selector) {
  std::vector<std::string> list;
  for (const auto& [key, range] : selector.items()) {
    if (key == "format" || !range.is_object()) {
      list.push_back(key == "format" ? plain(range) : words(key) + " " + plain(range));
      continue;
    }
    const bool protocol = (key == "next_header" || key == "protocol") && range["first"] == range["last"];
    const auto value = [&, &range = range](const char* end) {
      return protocol ? protocol_name(range[end].get<std::uint64_t>()) : plain(range[end]);
    };
    list.push_back(words(key) + " " + value("first"));
    if (range["first"] != range["last"]) list.back() += "-" + value("last");
  }
  if (list.size() == 1) list.emplace_back("every packet");
  return list;
}

/// The fields of an object as "name value" pieces; a value with a name shows it in front of the number.
std::vector<std::string> pieces(const Json& object, std::initializer_list<std::string_view> without) {
  std::vector<std::string> list;
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(without, key) != without.end() || key.ends_with("_name")) continue;
    if (key == "other_flags" && value == 0) continue;
    if (key == "sub_options") continue;
    // Octets that are text are shown as it.
    if (key.ends_with("_text")) continue;
    if (const auto text = object.find(key + "_text"); text != object.end()) {
      list.push_back(words(key) + " " + plain(*text));
      continue;
    }
    const auto name = object.find(key + "_name");
    // A name that only repeats the number says nothing.
    if (name != object.end() && *name != value.dump())
      list.push_back(fmt::format("{} {} ({})", words(key), plain(*name), plain(value)));
    else
      list.push_back(words(key) + " " + plain(value) + unit_of(key));
  }
  return list;
}

/// Pieces on as many lines as they need, each piece cut where it alone is wider than the page.
std::string flow(const std::string& first, std::size_t indent, const std::vector<std::string>& list,
                 std::size_t width) {
  std::string text, line = first;
  line.resize(std::max(line.size(), indent), ' ');
  bool fresh = true;
  for (const std::string& piece : list) {
    if (!fresh && line.size() + 2 + piece.size() > width) {
      text += line + "\n";
      line = std::string(indent, ' ');
      fresh = true;
    }
    line += (fresh ? "" : "  ") + piece;
    fresh = false;
    while (line.size() > width) {
      std::size_t cut = width;
      while (cut > indent + 1 && (line[cut] & 0xc0) == 0x80) --cut;  // not within a UTF-8 character
      text += line.substr(0, cut) + "\n";
      line = std::string(indent, ' ') + line.substr(cut);
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line.empty() ? text : text + line + "\n";
}

constexpr std::size_t kNames = 32;

std::string option_text(const Json& option, std::size_t width) {
  auto list = pieces(option, {"option", "option_number", "identifier", "value"});
  if (option.contains("identifier") && !option.contains("text"))
    list.push_back("identifier " + plain(option["identifier"]));
  std::string name = "    " + option["option"].get<std::string>();
  if (option["option"] == "unknown") name += " " + plain(option["option_number"]);
  // A piece that is only the readable form needs no word in front.
  for (auto& piece : list)
    for (const std::string_view word : {"text ", "time "})
      if (piece.starts_with(word)) piece.erase(0, word.size());
  std::string text = flow(name, std::max(kNames, name.size() + 2), list, width);
  for (const Json& sub : option.value("sub_options", Json::array())) {
    std::string line = "      " + sub["sub_option"].get<std::string>();
    if (sub["sub_option"] == "unknown") line += " " + plain(sub["sub_option_number"]);
    text += flow(line, std::max(kNames, line.size() + 2),
                 sub.contains("selector") ? selector_pieces(sub["selector"])
                                          : pieces(sub, {"sub_option", "sub_option_number"}),
                 width);
  }
  return text;
}

std::string message_text(const Json& message, const Look& look) {
  std::string head;
  if (message.contains("frame"))
    head += fmt::format("#{} {}  ", plain(message["frame"]), plain(message["time"]));
  if (message.contains("source"))
    head += fmt::format("{} > {}", plain(message["source"]), plain(message["destination"]));
  std::string type = message["type"].get<std::string>();
  if (type == "unknown" && message.contains("type_number")) type += " " + plain(message["type_number"]);
  std::string text = head.empty() ? "" : head + "\n";
  text += "  " + paint(type, Style::Bold, look.colour) + "\n";
  const auto list =
      pieces(message, {"frame", "time", "source", "destination", "type", "type_number", "options", "error"});
  text += flow("", 4, list, look.width);
  for (const Json& option : message.value("options", Json::array())) text += option_text(option, look.width);
  if (message.contains("error"))
    text += flow("", 4,
                 {paint(fmt::format("error: {}: {}", message["error"]["code"].get<std::string>(),
                                    plain(message["error"]["message"])),
                        Style::Bad, look.colour)},
                 look.width);
  return text;
}

}  // namespace

std::string to_text(const Json& document, const Look& look) {
  std::string text;
  for (const Json& message : document["messages"])
    text += (text.empty() ? "" : "\n") + message_text(message, look);
  if (text.empty()) text = "no Mobility Header and no Neighbor Discovery message\n";
  if (document.contains("error"))
    text += fmt::format("\n{}: {}\n", document["error"]["code"].get<std::string>(),
                        plain(document["error"]["message"]));
  return text;
}

}  // namespace flowmob::cli::decode
