// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/selectors.h"

#include <algorithm>

#include "daemon/config/protocol_values.h"

namespace flowmob::daemon::config {
namespace {

using Selector = wire::TrafficSelector6;
using Addresses = std::vector<wire::Range<Ipv6Address>>;

std::optional<Addresses> sources_of(const MatchRow& match, const NamedPrefixes& names) {
  if (!match.source && !match.source_name) return std::nullopt;
  Addresses all;
  if (match.source) all = match.source->values;
  if (!match.source_name) return all;
  for (const auto& name : match.source_name->values)
    if (const auto known = names.find(name); known != names.end())
      for (const auto& prefix : known->second) all.push_back(range_of(prefix));
  return all;
}

template <class T>
std::optional<std::vector<T>> values_of(const std::optional<OneOrMore<T>>& held) {
  return held ? std::optional(held->values) : std::nullopt;
}

std::optional<std::vector<wire::Range<std::uint8_t>>> protocols_of(const MatchRow& match) {
  if (!match.protocol) return std::nullopt;
  std::vector<wire::Range<std::uint8_t>> all;
  for (const auto& protocol : match.protocol->values) all.push_back({protocol.number, protocol.number});
  return all;
}

/// Visits each field that a match may have, with its alternatives; nothing: the field is free.
template <class Visit>
void each_field_of(const MatchRow& match, const NamedPrefixes& names, Visit visit) {
  visit(&Selector::next_header, protocols_of(match));
  visit(&Selector::source, sources_of(match, names));
  visit(&Selector::destination, values_of(match.destination));
  visit(&Selector::source_port, values_of(match.source_port));
  visit(&Selector::destination_port, values_of(match.destination_port));
  visit(&Selector::spi, values_of(match.spi));
  visit(&Selector::flow_label, values_of(match.flow_label));
  visit(&Selector::traffic_class, values_of(match.dscp));
}

}  // namespace

std::size_t count_selectors(const MatchRow& match, const NamedPrefixes& names) {
  constexpr std::size_t kEnough = 1'000'000;
  std::size_t count = 1;
  each_field_of(match, names, [&](auto, const auto& values) {
    if (values) count = std::min(kEnough, count * values->size());
  });
  return count;
}

std::vector<Selector> make_selectors(const MatchRow& match, const NamedPrefixes& names) {
  std::vector<Selector> all{Selector{}};
  each_field_of(match, names, [&](auto field, const auto& values) {
    if (!values) return;
    std::vector<Selector> next;
    for (const auto& selector : all)
      for (const auto& value : *values) (next.emplace_back(selector).*field) = value;
    all = std::move(next);
  });
  return all;
}

}  // namespace flowmob::daemon::config
