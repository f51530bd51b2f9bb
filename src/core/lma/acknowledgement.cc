// SPDX-License-Identifier: Apache-2.0
#include "core/lma/acknowledgement.h"

#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

using namespace wire;

constexpr std::uint8_t kFlowRefused = 128;  // RFC 6089 section 4.2

/// What says that this is our clock rather than the request's stamp (RFC 5213 section 5.5 items 8 and 9).
bool tells_the_time(BindingStatus status) {
  return status == BindingStatus::TimestampMismatch ||
         status == BindingStatus::TimestampLowerThanPrevAccepted;
}

ProxyBindingAcknowledgement answer(const PbuRequest& r, BindingStatus status, std::uint16_t lifetime) {
  ProxyBindingAcknowledgement a;
  a.status = status;
  a.proxy = true;
  a.sequence = r.update.sequence;
  a.lifetime = lifetime;
  return a;
}

MobilityOption identifier(const PbuRequest& r) {
  return MobileNodeIdentifier{r.mn_id_subtype.value_or(MobileNodeIdentifier::kNai), to_bytes(r.mn_id)};
}

std::vector<MobilityOption> prefixes_of(const MobileNode& node) {
  std::vector<MobilityOption> all;
  for (const auto& prefix : node.prefixes) all.push_back(HomeNetworkPrefixOption::of(prefix));
  return all;
}

std::vector<MobilityOption> prefixes_asked_for(const PbuRequest& r) {
  std::vector<MobilityOption> all;
  for (const auto& option : find_all<HomeNetworkPrefixOption>(r.update.options)) all.push_back(option);
  if (all.empty()) all.push_back(HomeNetworkPrefixOption{});
  return all;
}

template <class Option>
void echo(const PbuRequest& r, MobilityOptions& options) {
  if (const auto* option = find<Option>(r.update.options)) options.push_back(*option);
}

void add_link(const PbuRequest& r, MobilityOptions& options) {
  options.push_back(HandoffIndicatorOption{r.handoff.value_or(HandoffIndicator::Reserved)});
  options.push_back(AccessTechnologyTypeOption{r.technology.value_or(AccessTechnology::Reserved)});
  echo<MnLinkLayerIdentifier>(r, options);
}

void add_refused_flows(const PbuRequest& r, MobilityOptions& options) {
  for (auto flow : find_all<FlowIdentification>(r.update.options)) {
    flow.status = kFlowRefused;
    options.push_back(std::move(flow));
  }
}

/// A request may hold more than an answer can echo; what need not be echoed goes first.
SendMessage send(const PbuRequest& r, ProxyBindingAcknowledgement acknowledgement) {
  SendMessage out{r.meta.destination, r.meta.source, {}};
  MobilityMessage message = std::move(acknowledgement);
  auto& options = std::get<ProxyBindingAcknowledgement>(message).options;
  const auto encoded = [&] { return encode(message, out.source, out.destination); };
  out.mobility_header = encoded();
  if (!out.mobility_header.empty()) return out;
  std::erase_if(options, [](const auto& o) { return std::holds_alternative<FlowIdentification>(o); });
  out.mobility_header = encoded();
  if (!out.mobility_header.empty()) return out;
  bool kept_one = false;
  std::erase_if(options, [&](const auto& o) {
    return std::holds_alternative<HomeNetworkPrefixOption>(o) && std::exchange(kept_one, true);
  });
  out.mobility_header = encoded();
  return out;
}

}  // namespace

SendMessage accept(const PbuRequest& r, const MobileNode& node, const Session& session,
                   std::uint16_t granted) {
  auto message = answer(r, BindingStatus::Accepted, granted);
  auto& options = message.options;
  options = prefixes_of(node);
  options.push_back(identifier(r));
  add_link(r, options);
  if (r.link_local)
    options.push_back(
        LinkLocalAddressOption{r.link_local->is_unspecified() ? session.link_local : *r.link_local});
  echo<TimestampOption>(r, options);
  add_refused_flows(r, options);
  return send(r, std::move(message));
}

SendMessage reject(const PbuRequest& r, BindingStatus status, const std::optional<LastAccepted>& last,
                   WallTime now) {
  auto message = answer(r, status, 0);
  if (status == BindingStatus::SequenceNumberOutOfWindow && last) message.sequence = last->sequence;
  auto& options = message.options;
  options = prefixes_asked_for(r);
  options.push_back(identifier(r));
  add_link(r, options);
  echo<LinkLocalAddressOption>(r, options);
  if (r.timestamp)
    options.push_back(tells_the_time(status) ? TimestampOption::from_wall(now)
                                             : TimestampOption{*r.timestamp});
  return send(r, std::move(message));
}

}  // namespace flowmob::core
