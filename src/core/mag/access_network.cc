// SPDX-License-Identifier: Apache-2.0
#include "core/mag/access_network.h"

#include <fmt/format.h>

#include <charconv>

namespace flowmob::core {
namespace {

std::string degrees(std::int32_t units) { return fmt::format("{:.5f}", static_cast<double>(units) / 32768); }

/// In as few octets as it needs.
Bytes octets_of(std::uint32_t number) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8)
    if (number >> shift != 0 || shift == 0) out.push_back(static_cast<std::uint8_t>(number >> shift));
  return out;
}

wire::OperatorIdentifier operator_of(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size())
    return {wire::OperatorIdentifier::kEnterpriseNumber, octets_of(number)};
  return {wire::OperatorIdentifier::kRealm, Bytes(text.begin(), text.end())};
}

}  // namespace

std::optional<wire::AccessNetworkIdentifier> to_option(const AccessNetwork& network) {
  wire::AccessNetworkIdentifier option;
  if (!network.network.empty())
    option.sub_options.emplace_back(
        wire::NetworkIdentifier{true, Bytes(network.network.begin(), network.network.end()),
                                Bytes(network.access_point.begin(), network.access_point.end())});
  if (network.location) option.sub_options.emplace_back(*network.location);
  if (!network.owner.empty()) option.sub_options.emplace_back(operator_of(network.owner));
  return option.sub_options.empty() ? std::nullopt : std::optional(std::move(option));
}

Json to_json(const AccessNetwork& network) {
  Json json;
  if (!network.network.empty()) json["network"] = network.network;
  if (!network.access_point.empty()) json["access_point"] = network.access_point;
  if (network.location)
    json["location"] = degrees(network.location->latitude) + "," + degrees(network.location->longitude);
  if (!network.owner.empty()) json["operator"] = network.owner;
  return json;
}

}  // namespace flowmob::core
