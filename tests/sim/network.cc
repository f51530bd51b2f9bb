// SPDX-License-Identifier: Apache-2.0
#include "network.h"

#include <fmt/format.h>

#include "wire/mobility_header.h"

namespace flowmob::sim {
namespace {

std::string describe_options(const wire::MobilityOptions& options) {
  std::string text;
  for (const auto& prefix : wire::find_all<wire::HomeNetworkPrefixOption>(options))
    text += " " + prefix.to_prefix().to_string();
  if (const auto* hi = wire::find<wire::HandoffIndicatorOption>(options))
    text += fmt::format(" HI {}", static_cast<int>(hi->indicator));
  if (const auto* service = wire::find<wire::ServiceSelection>(options))
    text += " service " + std::string(service->identifier.begin(), service->identifier.end());
  return text;
}

std::string describe_message(const wire::MobilityMessage& message) {
  if (const auto* pbu = std::get_if<wire::ProxyBindingUpdate>(&message))
    return fmt::format("PBU {} lifetime {}{}", pbu->sequence, pbu->lifetime * 4,
                       describe_options(pbu->options));
  if (const auto* pba = std::get_if<wire::ProxyBindingAcknowledgement>(&message))
    return fmt::format("PBA {} status {} lifetime {}{}", pba->sequence, static_cast<int>(pba->status),
                       pba->lifetime * 4, describe_options(pba->options));
  return fmt::format("MH type {}", wire::type_of(message));
}

}  // namespace

std::string describe(const core::SendMessage& message) {
  const auto decoded = wire::decode(message.mobility_header, message.source, message.destination);
  const std::string what = decoded ? describe_message(*decoded) : decoded.error().code;
  return fmt::format("{} > {} {}", message.source.to_string(), message.destination.to_string(), what);
}

void Network::send(core::SendMessage message) {
  ++world_.tally.messages;
  if (rewrite_) rewrite_(message);
  sent_.push_back(message);
  if (sent_.size() > remembered) sent_.pop_front();
  const bool filtered = filter_ && filter_(message);
  if (filtered || world_.random.chance(faults.loss))
    return world_.trace("net", [&] { return "lost: " + describe(message); });
  deliver_after(transit(), message);
  if (world_.random.chance(faults.duplicate)) deliver_after(transit(), message);
}

Duration Network::transit() {
  Duration delay = faults.delay + world_.random.between({}, faults.jitter);
  if (world_.random.chance(faults.reorder)) delay += world_.random.between({}, faults.held_back);
  return delay;
}

void Network::deliver_after(Duration delay, const core::SendMessage& message) {
  if (unreachable_.contains(message.source)) return;
  world_.queue.after(delay, [this, message] {
    const auto host = hosts_.find(message.destination);
    if (host == hosts_.end() || unreachable_.contains(message.destination)) return;
    world_.trace("net", [&] { return describe(message); });
    core::PacketMeta meta;
    meta.source = message.source;
    meta.destination = message.destination;
    meta.hop_limit = 64;
    host->second(meta, message.mobility_header);
  });
}

}  // namespace flowmob::sim
