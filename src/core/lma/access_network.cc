// SPDX-License-Identifier: Apache-2.0
#include "core/lma/access_network.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

/// The first of a kind: each may stand there once (RFC 6757 section 3.1).
template <class T>
const T* find_in(const wire::AccessNetworkIdentifier& network) {
  for (const auto& one : network.sub_options)
    if (const auto* found = std::get_if<T>(&one)) return found;
  return nullptr;
}

/// A number of as many octets as there are; nobody has one of more than four.
std::string enterprise_number(const Bytes& octets) {
  std::uint64_t number = 0;
  if (octets.size() > sizeof(number)) return to_hex(octets);
  for (const auto octet : octets) number = number << 8 | octet;
  return std::to_string(number);
}

std::string degrees(std::int32_t units) { return fmt::format("{:.5f}", static_cast<double>(units) / 32768); }

bool is_listed(const std::vector<std::string>& permitted, const std::optional<std::string>& name) {
  return permitted.empty() || (name && std::ranges::find(permitted, *name) != permitted.end());
}

}  // namespace

Shared<wire::MobilityOptions> notes_of(const wire::MobilityOptions& options) {
  wire::MobilityOptions kept;
  if (const auto* network = wire::find<wire::AccessNetworkIdentifier>(options)) kept.emplace_back(*network);
  for (const auto& option : options)
    if (std::holds_alternative<wire::VendorSpecific>(option)) kept.push_back(option);
  return kept.empty() ? Shared<wire::MobilityOptions>{} : Shared<wire::MobilityOptions>(std::move(kept));
}

const wire::AccessNetworkIdentifier* access_network_in(const Shared<wire::MobilityOptions>& notes) {
  return notes ? wire::find<wire::AccessNetworkIdentifier>(*notes) : nullptr;
}

std::optional<std::string> network_name(const wire::AccessNetworkIdentifier& network) {
  const auto* said = find_in<wire::NetworkIdentifier>(network);
  return said ? std::optional(to_octet_string(said->network)) : std::nullopt;
}

std::optional<std::string> operator_name(const wire::AccessNetworkIdentifier& network) {
  const auto* said = find_in<wire::OperatorIdentifier>(network);
  if (!said) return std::nullopt;
  if (said->kind == wire::OperatorIdentifier::kEnterpriseNumber) return enterprise_number(said->identifier);
  return to_octet_string(said->identifier);
}

bool permits_network(const AccessRule& rule, const wire::AccessNetworkIdentifier* network) {
  if (!network) return rule.networks.empty() && rule.operators.empty();
  return is_listed(rule.networks, network_name(*network)) &&
         is_listed(rule.operators, operator_name(*network));
}

Json access_network_json(const wire::AccessNetworkIdentifier* network) {
  if (!network) return {};
  Json json = Json::object();
  if (const auto name = network_name(*network)) json["network"] = escaped(*name);
  const auto* said = find_in<wire::NetworkIdentifier>(*network);
  if (said && !said->access_point.empty())
    json["access_point"] = escaped(to_octet_string(said->access_point));
  if (const auto* where = find_in<wire::GeoLocation>(*network))
    json["location"] = degrees(where->latitude) + "," + degrees(where->longitude);
  if (const auto owner = operator_name(*network)) json["operator"] = escaped(*owner);
  return json;
}

}  // namespace flowmob::core
