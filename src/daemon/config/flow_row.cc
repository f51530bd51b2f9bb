// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/flow_row.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/ipv4.h"
#include "daemon/config/rules.h"

namespace flowmob::daemon::config {
namespace {

using core::FlowTemplate;

template <auto Member>
constexpr auto kSelector = [](FlowRow& row) -> auto& {
  return row.flow.selector.*Member;
};

using Selector = wire::TrafficSelector6;

template <class Optional, class Number>
Rule<Optional> up_to(Number largest) {
  return {fmt::format("at most {}", largest),
          [largest](const Optional& range) { return !range || range->last <= largest; }};
}

}  // namespace

Section<FlowRow> flow_section(std::string title) {
  using K = Keys<FlowRow>;
  return {std::move(title),
          {K::required("name", via<&FlowRow::flow, &FlowTemplate::name>,
                       "what `flowmob flow move` and tables call this flow", label()),
           K::required(
               "priority", via<&FlowRow::flow, &FlowTemplate::priority>,
               "the flow's place in the order of matching, smallest first; each once among the flows that "
               "a node may use (RFC 6089 FID-PRI)",
               between<std::uint16_t>(1, 65535)),
           K::optional("protocol", &FlowRow::protocol, "the transport protocol",
                       {ValueType<NextHeader>::expected(), {}}),
           K::optional("source", kSelector<&Selector::source>, "the correspondent's addresses"),
           K::optional("destination", kSelector<&Selector::destination>, "the mobile node's addresses"),
           K::optional("source_port", kSelector<&Selector::source_port>, "the correspondent's ports"),
           K::optional("destination_port", kSelector<&Selector::destination_port>, "the mobile node's ports"),
           K::optional("spi", kSelector<&Selector::spi>, "the security parameter indices of IPsec"),
           K::optional("flow_label", kSelector<&Selector::flow_label>, "the IPv6 flow labels",
                       up_to<std::optional<wire::Range<std::uint32_t>>>(0xfffffu)),
           K::optional("dscp", kSelector<&Selector::traffic_class>, "the DS field's values",
                       up_to<std::optional<wire::Range<std::uint8_t>>>(63u))}};
}

void check_flow(const Element<FlowRow>& flow, const char* otherwise, Diagnostics& diagnostics) {
  constexpr std::uint8_t kIcmpv6 = 58;
  const auto& selector = flow.value.flow.selector;
  const auto& protocol = flow.value.protocol;
  constexpr std::array<std::string_view, 4> kOthers{"name", "priority", "at_attachment", "also_by"};
  const bool has_condition = std::ranges::any_of(*flow.node->as<Table>(), [&](const Member& member) {
    return std::ranges::find(kOthers, member.key) == kOthers.end();
  });
  if (!has_condition)
    diagnostics.add(flow.node->at, "the flow has no condition: it would match everything", otherwise);
  const auto& source = selector.source;
  const auto& destination = selector.destination;
  const bool is_ipv4 = (source && is_mapped(source->first)) || (destination && is_mapped(destination->first));
  if (source && destination && is_mapped(source->first) != is_mapped(destination->first))
    diagnostics.add(flow.at("destination"), "source and destination are of different families",
                    "both of one");
  if (is_ipv4 && selector.flow_label)
    diagnostics.add(flow.at("flow_label"), "IPv4 has no flow labels", "addresses of IPv6, or no flow label");
  const bool has_port = selector.source_port || selector.destination_port;
  if (protocol && has_port && protocol->number == kIcmpv6)
    diagnostics.add(flow.at("protocol"), "ICMPv6 has no ports", "a protocol with ports, or no ports");
}

core::FlowTemplate flow_of(const FlowRow& row) {
  core::FlowTemplate flow = row.flow;
  if (const auto& protocol = row.protocol)
    flow.selector.next_header = wire::Range<std::uint8_t>{protocol->number, protocol->number};
  return flow;
}

}  // namespace flowmob::daemon::config
