// SPDX-License-Identifier: Apache-2.0
#include "core/lma/record.h"

#include <fmt/format.h>

#include <limits>
#include <set>

#include "core/delegated_prefix.h"
#include "core/lma/events.h"
#include "core/lma/identifier.h"
#include "wire/option_codec.h"

namespace flowmob::core {
namespace {

/// As they were on the wire.
std::string hex_of(const wire::MobilityOptions& options) {
  Bytes octets;
  return wire::encode_options(options, octets) ? to_hex(octets) : std::string();
}

Result<wire::MobilityOptions> options_of(std::string_view hex) {
  const auto octets = from_hex(hex);
  if (!octets) return tl::unexpected(octets.error());
  return wire::decode_options(*octets);
}

Json to_json(const SessionRecord& s) {
  return {{"id", s.id.value},
          {"mag", s.mag.to_string()},
          {"technology", static_cast<unsigned>(s.technology)},
          {"handoff", static_cast<unsigned>(s.handoff)},
          {"link_layer_id", to_hex(s.link_layer_id)},
          {"expires_ns", s.expires.time_since_epoch().count()},
          {"last_sequence", s.last_sequence},
          {"last_timestamp", s.last_timestamp},
          {"in_delete_wait", s.in_delete_wait},
          {"opening", s.opening},
          {"link_local", s.link_local.to_string()},
          {"ipv6", s.ipv6},
          {"ipv4", s.ipv4},
          {"encapsulation", static_cast<unsigned>(s.encapsulation)},
          {"downlink_key", s.downlink_key},
          {"path", s.path},
          {"path_label", s.path_label},
          {"notes", hex_of(s.notes)},
          {"binding_id", s.binding_id},
          {"binding_priority", s.binding_priority},
          {"delegated_prefixes", prefixes_json(s.delegated)}};
}

Json to_json(const GuestRecord& g) {
  return {{"id", g.id.value},
          {"host", g.host.value},
          {"session", g.session.value},
          {"mag", g.mag.to_string()},
          {"up", g.up},
          {"prefixes", prefixes_json(g.prefixes)},
          {"technology", static_cast<unsigned>(g.technology)}};
}

Json to_json(const AnnouncedRecord& a) {
  return {{"by", a.by.value},
          {"flow_id", a.flow_id},
          {"priority", a.priority},
          {"selector", to_hex(wire::encode_selector(a.selector))},
          {"binding_ids", a.binding_ids},
          {"turn", a.turn}};
}

Json to_json(const FlowRecord& f) {
  Json json{{"index", f.index.value},   {"service", escaped(f.service)}, {"name", escaped(f.name)},
            {"wanted", f.wanted.value}, {"current", f.current.value},    {"pinned", f.pinned}};
  if (f.announced) json["announced"] = to_json(*f.announced);
  return json;
}

Result<wire::TrafficSelector6> selector_of(std::string_view hex) {
  const auto octets = from_hex(hex);
  if (!octets) return tl::unexpected(octets.error());
  const auto selector = wire::decode_selector(wire::TrafficSelector6::kFormat, *octets);
  if (!selector) return tl::unexpected(selector.error());
  return std::get<wire::TrafficSelector6>(*selector);
}

/// Reads the members of one object, each exactly once. After the first problem it goes on with empty values;
/// whoever is done asks for the problem.
class Reader {
 public:
  Reader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object()) complain("not an object");
  }

  template <class T>
  void number(const char* key, T& value) {
    const Json* member = take(key);
    if (!member) return;
    constexpr bool is_signed = std::numeric_limits<T>::is_signed;
    if (is_signed ? !member->is_number_integer() : !member->is_number_unsigned())
      return complain(fmt::format("{} is no number of its kind", key));
    if constexpr (!is_signed)
      if (member->get<std::uint64_t>() > std::numeric_limits<T>::max())
        return complain(fmt::format("{} is too big", key));
    value = member->get<T>();
  }
  template <class Tag>
  void id(const char* key, StrongId<Tag>& value) {
    number(key, value.value);
  }
  template <class E>
  void enumeration(const char* key, E& value) {
    std::uint8_t octet = 0;
    number(key, octet);
    value = static_cast<E>(octet);
  }
  void boolean(const char* key, bool& value) {
    const Json* member = take(key);
    if (!member) return;
    if (!member->is_boolean()) return complain(fmt::format("{} is neither true nor false", key));
    value = member->get<bool>();
  }
  /// One that older records do not have.
  void boolean_if_there(const char* key, bool& value) {
    if (json_.contains(key)) boolean(key, value);
  }
  template <class T>
  void number_if_there(const char* key, T& value) {
    if (json_.contains(key)) number(key, value);
  }
  /// What `read` makes of the member.
  template <class T, class Read>
  void object_if_there(const char* key, std::optional<T>& value, Read read) {
    if (!json_.contains(key)) return;
    auto result = read(*take(key));
    if (!result) return complain(result.error().message);
    value = std::move(*result);
  }
  template <class T, class Parse>
  void parsed(const char* key, T& value, Parse parse) {
    const Json* member = take(key);
    if (!member) return;
    if (!member->is_string()) return complain(fmt::format("{} is no text", key));
    auto result = parse(member->get_ref<const std::string&>());
    if (!result) return complain(fmt::format("{}: {}", key, result.error().message));
    value = std::move(*result);
  }
  void address(const char* key, Ipv6Address& value) { parsed(key, value, &Ipv6Address::parse); }
  void octets(const char* key, std::string& value) { parsed(key, value, &unescaped); }

  void prefixes(const char* key, std::vector<Ipv6Prefix>& value) {
    list(key, [&](const Json& item) {
      const auto prefix = Ipv6Prefix::parse(item.is_string() ? item.get<std::string>() : "");
      if (!prefix) return complain(fmt::format("{}: {}", key, prefix.error().message));
      value.push_back(*prefix);
    });
  }
  void prefixes_if_there(const char* key, std::vector<Ipv6Prefix>& value) {
    if (json_.contains(key)) prefixes(key, value);
  }

  /// An empty list, or home address and router.
  void ipv4(const char* key, std::optional<Ipv4Home>& value) {
    std::vector<std::string> texts;
    list(key, [&](const Json& item) { texts.push_back(item.is_string() ? item.get<std::string>() : ""); });
    if (texts.empty()) return;
    const auto address = Ipv4Interface::parse(texts.front());
    const auto router = Ipv4Address::parse(texts.back());
    if (texts.size() != 2 || !address || !router) return complain(fmt::format("{} is no IPv4 home", key));
    value = Ipv4Home{*address, *router};
  }

  template <class Element>
  void list(const char* key, Element element) {
    const Json* member = take(key);
    if (!member) return;
    if (!member->is_array()) return complain(fmt::format("{} is no list", key));
    for (const auto& item : *member) element(item);
  }

  void complain(const std::string& problem) {
    if (problem_.empty()) problem_ = where_ + ": " + problem;
  }
  /// Every member was asked for, and all was well.
  Result<void> done() {
    if (problem_.empty() && json_.size() != taken_) complain("members that nobody knows");
    if (problem_.empty()) return {};
    return fail("bad-record", problem_);
  }

 private:
  const Json* take(const char* key) {
    if (!problem_.empty()) return nullptr;
    const auto found = json_.find(key);
    if (found == json_.end()) return complain(fmt::format("{} is missing", key)), nullptr;
    ++taken_;
    return &*found;
  }

  const Json& json_;
  std::string where_;
  std::string problem_;
  std::size_t taken_ = 0;
};

Result<SessionRecord> session_from(const Json& json) {
  SessionRecord s;
  Reader reader(json, "session");
  reader.id("id", s.id);
  reader.address("mag", s.mag);
  reader.enumeration("technology", s.technology);
  reader.enumeration("handoff", s.handoff);
  reader.parsed("link_layer_id", s.link_layer_id, &from_hex);
  std::int64_t expires = 0;
  reader.number("expires_ns", expires);
  s.expires = WallTime{Duration{expires}};
  reader.number("last_sequence", s.last_sequence);
  reader.number("last_timestamp", s.last_timestamp);
  reader.boolean("in_delete_wait", s.in_delete_wait);
  reader.boolean("opening", s.opening);
  reader.address("link_local", s.link_local);
  reader.boolean("ipv6", s.ipv6);
  reader.boolean("ipv4", s.ipv4);
  reader.enumeration("encapsulation", s.encapsulation);
  if (s.encapsulation > Encapsulation::Udp) reader.complain("no such encapsulation");
  reader.number("downlink_key", s.downlink_key);
  reader.number("path", s.path);
  reader.number("path_label", s.path_label);
  reader.parsed("notes", s.notes, &options_of);
  reader.number_if_there("binding_id", s.binding_id);
  reader.number_if_there("binding_priority", s.binding_priority);
  reader.prefixes_if_there("delegated_prefixes", s.delegated);
  if (!std::ranges::all_of(s.delegated, &may_be_delegated)) reader.complain("no such prefix is delegated");
  if (!s.id) reader.complain("a session has a number");
  if (auto done = reader.done(); !done) return tl::unexpected(done.error());
  return s;
}

Result<GuestRecord> guest_from(const Json& json) {
  GuestRecord g;
  Reader reader(json, "guest");
  reader.id("id", g.id);
  reader.id("host", g.host);
  reader.id("session", g.session);
  reader.address("mag", g.mag);
  reader.boolean("up", g.up);
  reader.prefixes_if_there("prefixes", g.prefixes);
  if (json.contains("technology")) reader.enumeration("technology", g.technology);
  if (!g.id || !g.host || !g.session) reader.complain("a guest link and what it is at have numbers");
  if (auto done = reader.done(); !done) return tl::unexpected(done.error());
  return g;
}

Result<AnnouncedRecord> announced_from(const Json& json) {
  AnnouncedRecord a;
  Reader reader(json, "announced");
  reader.id("by", a.by);
  reader.number("flow_id", a.flow_id);
  reader.number("priority", a.priority);
  reader.parsed("selector", a.selector, &selector_of);
  reader.list("binding_ids", [&](const Json& item) {
    if (!item.is_number_unsigned() || item.get<std::uint64_t>() > 0xffff)
      return reader.complain("a binding identifier is no number");
    a.binding_ids.push_back(item.get<std::uint16_t>());
  });
  reader.number("turn", a.turn);
  if (!a.by || a.flow_id == 0) reader.complain("what is announced has numbers");
  if (auto done = reader.done(); !done) return tl::unexpected(done.error());
  return a;
}

Result<FlowRecord> flow_from(const Json& json) {
  FlowRecord f;
  Reader reader(json, "flow");
  reader.id("index", f.index);
  reader.octets("service", f.service);
  reader.octets("name", f.name);
  reader.id("wanted", f.wanted);
  reader.id("current", f.current);
  reader.boolean_if_there("pinned", f.pinned);
  reader.object_if_there("announced", f.announced, &announced_from);
  if (!f.index) reader.complain("a flow has a number");
  if (auto done = reader.done(); !done) return tl::unexpected(done.error());
  return f;
}

/// What no writer of ours leaves behind.
std::string contradiction(const NodeRecord& r) {
  if (!r.index || !r.default_flow) return "a node and its default flow have numbers";
  std::set<SessionId> sessions;
  for (const auto& s : r.sessions)
    if (!sessions.insert(s.id).second) return "two sessions with one number";
  for (const auto& g : r.guests)
    if (!sessions.insert(g.id).second) return "a guest link with the number of another";
  const auto is_ours = [&](const auto& prefix) { return std::ranges::count(r.prefixes, prefix) != 0; };
  for (const auto& g : r.guests)
    if (!std::ranges::all_of(g.prefixes, is_ours)) return "a guest link with a prefix of another node";
  std::set<FlowIndex> flows{r.default_flow};
  for (const auto& f : r.flows)
    if (!flows.insert(f.index).second) return "two flows with one number";
  for (const auto& f : r.flows)
    if (f.announced && !sessions.contains(f.announced->by)) return "a flow that no session has announced";
  const std::set<Ipv6Prefix> prefixes(r.prefixes.begin(), r.prefixes.end());
  if (prefixes.size() != r.prefixes.size()) return "a prefix that stands twice";
  if (prefixes.empty() && !r.ipv4) return "a node has an address";
  return {};
}

}  // namespace

Json NodeRecord::to_json() const {
  Json json{{"mn_id", escaped(mn_id)},
            {"mn_id_subtype", mn_id_subtype},
            {"index", index.value},
            {"generation", generation},
            {"prefixes", prefixes_json(prefixes)},
            {"ipv4", Json::array()},
            {"default_flow", default_flow.value},
            {"default_wanted", default_wanted.value},
            {"default_current", default_current.value},
            {"default_pinned", default_pinned},
            {"sessions", Json::array()},
            {"guests", Json::array()},
            {"flows", Json::array()}};
  if (ipv4) json["ipv4"] = {ipv4->address.to_string(), ipv4->router.to_string()};
  for (const auto& session : sessions) json["sessions"].push_back(core::to_json(session));
  for (const auto& guest : guests) json["guests"].push_back(core::to_json(guest));
  for (const auto& flow : flows) json["flows"].push_back(core::to_json(flow));
  return json;
}

Result<NodeRecord> NodeRecord::from_json(const Json& json) {
  NodeRecord r;
  Reader reader(json, "node");
  const auto append = [&reader](auto& list, auto item) {
    if (item)
      list.push_back(std::move(*item));
    else
      reader.complain(item.error().message);
  };
  reader.octets("mn_id", r.mn_id);
  reader.number("mn_id_subtype", r.mn_id_subtype);
  reader.id("index", r.index);
  reader.number("generation", r.generation);
  reader.prefixes("prefixes", r.prefixes);
  reader.ipv4("ipv4", r.ipv4);
  reader.id("default_flow", r.default_flow);
  reader.id("default_wanted", r.default_wanted);
  reader.id("default_current", r.default_current);
  reader.boolean_if_there("default_pinned", r.default_pinned);
  reader.list("sessions", [&](const Json& item) { append(r.sessions, session_from(item)); });
  reader.list("guests", [&](const Json& item) { append(r.guests, guest_from(item)); });
  reader.list("flows", [&](const Json& item) { append(r.flows, flow_from(item)); });
  if (auto done = reader.done(); !done) return tl::unexpected(done.error());
  if (const auto problem = contradiction(r); !problem.empty()) return fail("bad-record", problem);
  return r;
}

}  // namespace flowmob::core
