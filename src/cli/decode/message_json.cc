// SPDX-License-Identifier: Apache-2.0
#include "cli/decode/message_json.h"

#include "cli/decode/field_json.h"
#include "cli/decode/names.h"

namespace flowmob::cli::decode {
namespace {

struct Flag {
  const char* letter;
  bool set;
};
Json letters(std::initializer_list<Flag> flags) {
  Json list = Json::array();
  for (const auto& [letter, set] : flags)
    if (set) list.push_back(letter);
  return list;
}

Json all_options(const wire::MobilityOptions& options) {
  Json list = Json::array();
  for (const auto& option : options) list.push_back(option_json(option));
  return list;
}

/// What a person would rather read than the octets.
template <class T>
void explain(const T&, Json&) {}
void explain(const wire::MobileNodeIdentifier& o, Json& out) {
  out["subtype_name"] = identifier_kind(o.subtype);
  if (auto text = readable_identifier(o.subtype, o.identifier)) out["text"] = *text;
}
void explain(const wire::MagIdentifier& o, Json& out) {
  out["subtype_name"] = identifier_kind(o.subtype);
  if (auto text = readable_identifier(o.subtype, o.identifier)) out["text"] = *text;
}
void explain(const wire::ServiceSelection& o, Json& out) {
  out["text"] = std::string(o.identifier.begin(), o.identifier.end());
}
void explain(const wire::MnLinkLayerIdentifier& o, Json& out) { out["text"] = colons(o.identifier); }
void explain(const wire::TimestampOption& o, Json& out) {
  out["time"] = utc(o.to_wall().time_since_epoch().count());
}

/// The P flag makes a Binding Update that of a proxy (RFC 5213 section 8.1).
template <class T>
std::string name_of(const T& m) {
  std::string name(T::traits.name);
  if constexpr (std::is_same_v<T, wire::ProxyBindingUpdate> ||
                std::is_same_v<T, wire::ProxyBindingAcknowledgement>)
    if (m.proxy) name.insert(0, "proxy-");
  return name;
}

Json nd_option(const wire::SourceLinkLayerAddress& o) {
  return {{"option", "source-link-layer-address"}, {"option_number", 1}, {"address", colons(o.address)}};
}
Json nd_option(const wire::TargetLinkLayerAddress& o) {
  return {{"option", "target-link-layer-address"}, {"option_number", 2}, {"address", colons(o.address)}};
}
Json nd_option(const wire::PrefixInformation& o) {
  return {{"option", "prefix-information"},
          {"option_number", 3},
          {"prefix", o.prefix.to_string()},
          {"prefix_length", o.prefix_length},
          {"on_link", o.on_link},
          {"autonomous", o.autonomous},
          {"valid_lifetime_s", o.valid_lifetime},
          {"preferred_lifetime_s", o.preferred_lifetime}};
}
Json nd_option(const wire::Mtu& o) { return {{"option", "mtu"}, {"option_number", 5}, {"mtu", o.mtu}}; }
Json nd_option(const wire::UnknownNdOption& o) {
  return {{"option", "unknown"}, {"option_number", o.type}, {"data", to_hex(o.data)}};
}

Json nd_fields(const wire::RouterSolicitation&) {
  return {{"type", "router-solicitation"}, {"type_number", 133}};
}
Json nd_fields(const wire::RouterAdvertisement& m) {
  return {
      {"type", "router-advertisement"},         {"type_number", 134},
      {"current_hop_limit", m.hop_limit},       {"flags", letters({{"M", m.managed}, {"O", m.other_config}})},
      {"router_lifetime_s", m.router_lifetime}, {"reachable_time_ms", m.reachable_time},
      {"retrans_timer_ms", m.retrans_timer}};
}
Json nd_fields(const wire::NeighborSolicitation& m) {
  return {{"type", "neighbor-solicitation"}, {"type_number", 135}, {"target", m.target.to_string()}};
}
Json nd_fields(const wire::NeighborAdvertisement& m) {
  return {{"type", "neighbor-advertisement"},
          {"type_number", 136},
          {"flags", letters({{"R", m.router}, {"S", m.solicited}, {"O", m.override_}})},
          {"target", m.target.to_string()}};
}

}  // namespace

Json option_json(const wire::MobilityOption& option) {
  return std::visit(
      []<class T>(const T& o) -> Json {
        if constexpr (std::is_same_v<T, wire::UnknownOption>) {
          return {{"option", option_name(o.type)}, {"option_number", o.type}, {"data", to_hex(o.data)}};
        } else {
          Json out{{"option", T::traits.name}, {"option_number", T::traits.type}};
          FieldJson fields(out);
          T::fields(o, fields);
          explain(o, out);
          return out;
        }
      },
      option);
}

Json to_json(const wire::MobilityMessage& message) {
  return std::visit(
      [&]<class T>(const T& m) -> Json {
        Json out;
        if constexpr (std::is_same_v<T, wire::UnknownMessage>) {
          out = {{"type", message_name(m.type)}, {"type_number", m.type}, {"body", to_hex(m.body)}};
        } else {
          out = {{"type", name_of(m)}, {"type_number", wire::type_of(message)}};
          FieldJson fields(out);
          T::fields(m, fields);
          out["options"] = all_options(m.options);
        }
        return out;
      },
      message);
}

Json to_json(const wire::NdMessage& message) {
  return std::visit(
      [](const auto& m) {
        Json out = nd_fields(m);
        Json& options = out["options"] = Json::array();
        for (const auto& option : m.options)
          options.push_back(std::visit([](const auto& o) { return nd_option(o); }, option));
        return out;
      },
      message);
}

}  // namespace flowmob::cli::decode
