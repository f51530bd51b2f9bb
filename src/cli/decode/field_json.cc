// SPDX-License-Identifier: Apache-2.0
#include "cli/decode/field_json.h"

namespace flowmob::cli::decode {
namespace {

template <class T>
Json value_json(const T& value) {
  if constexpr (std::is_integral_v<T>)
    return value;
  else
    return value.to_string();
}
template <class T>
void range(Json& out, const char* name, const std::optional<wire::Range<T>>& field) {
  if (field) out[name] = {{"first", value_json(field->first)}, {"last", value_json(field->last)}};
}

Json to_json(const wire::TrafficSelector6& s) {
  Json out{{"format", "ipv6"}};
  range(out, "source", s.source), range(out, "destination", s.destination);
  range(out, "spi", s.spi), range(out, "flow_label", s.flow_label);
  range(out, "source_port", s.source_port), range(out, "destination_port", s.destination_port);
  range(out, "dscp", s.traffic_class), range(out, "next_header", s.next_header);
  return out;
}
Json to_json(const wire::TrafficSelector4& s) {
  Json out{{"format", "ipv4"}};
  range(out, "source", s.source), range(out, "destination", s.destination), range(out, "spi", s.spi);
  range(out, "source_port", s.source_port), range(out, "destination_port", s.destination_port);
  range(out, "dscp", s.traffic_class), range(out, "protocol", s.protocol);
  return out;
}
Json to_json(const wire::UnknownSelector& s) {
  return {{"format", "unknown"}, {"format_number", s.format}, {"data", to_hex(s.data)}};
}

}  // namespace

Json to_json(const wire::TrafficSelector& selector) {
  return std::visit([](const auto& s) { return to_json(s); }, selector);
}

Json to_json(const wire::FlowSubOption& sub_option) {
  if (const auto* reference = std::get_if<wire::BindingReference>(&sub_option))
    return {{"sub_option", "binding-reference"},
            {"sub_option_number", 2},
            {"binding_ids", reference->binding_ids}};
  if (const auto* selector = std::get_if<wire::TrafficSelectorSubOption>(&sub_option))
    return {{"sub_option", "traffic-selector"},
            {"sub_option_number", 3},
            {"selector", to_json(selector->selector)}};
  const auto& unknown = std::get<wire::UnknownSubOption>(sub_option);
  return {{"sub_option", "unknown"}, {"sub_option_number", unknown.type}, {"data", to_hex(unknown.data)}};
}

namespace {

std::string text_of(const Bytes& octets) { return {octets.begin(), octets.end()}; }

void explain(const wire::NetworkIdentifier& s, Json& out) {
  if (s.utf8) out["network_text"] = text_of(s.network);
  out["access_point_text"] = text_of(s.access_point);
}
void explain(const wire::GeoLocation&, Json&) {}
void explain(const wire::OperatorIdentifier& s, Json& out) {
  using wire::OperatorIdentifier;
  if (s.kind == OperatorIdentifier::kRealm) out["text"] = text_of(s.identifier);
  if (s.kind != OperatorIdentifier::kEnterpriseNumber || s.identifier.size() > 4) return;
  std::uint32_t number = 0;
  for (const auto octet : s.identifier) number = number << 8 | octet;
  out["text"] = std::to_string(number);
}

}  // namespace

Json to_json(const wire::AccessNetworkSubOption& sub_option) {
  return std::visit(
      []<class T>(const T& s) -> Json {
        if constexpr (std::is_same_v<T, wire::UnknownSubOption>) {
          return {{"sub_option", "unknown"}, {"sub_option_number", s.type}, {"data", to_hex(s.data)}};
        } else {
          Json out{{"sub_option", T::traits.name}, {"sub_option_number", T::traits.type}};
          FieldJson fields(out);
          T::fields(s, fields);
          explain(s, out);
          return out;
        }
      },
      sub_option);
}

}  // namespace flowmob::cli::decode
