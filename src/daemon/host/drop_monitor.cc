// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/drop_monitor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include "base/address.h"
#include "daemon/host/seen_packet.h"
#include "platform/clock.h"
#include "platform/dataplane/attachment.h"

namespace flowmob::daemon {
namespace {

using dataplane::DropSample;
using platform::Json;

constexpr auto kTellUnsampled = std::chrono::seconds(1);
constexpr std::size_t kEthernetHeader = 14;

bool begins_as(ByteView octets, std::size_t at, std::uint16_t protocol) {
  if (octets.size() <= at) return false;
  return (protocol == 0x86dd && octets[at] >> 4 == 6) || (protocol == 0x0800 && octets[at] >> 4 == 4);
}

/// The IP packet in a frame, which has no link-layer header where its interface has none.
ByteView packet_in(const DropSample& sample) {
  const ByteView octets = sample.octets;
  std::uint16_t type = 0;
  if (octets.size() > kEthernetHeader) type = static_cast<std::uint16_t>(octets[12] << 8 | octets[13]);
  const bool may_be_ethernet = sample.protocol == 0 || type == sample.protocol;
  if (may_be_ethernet && begins_as(octets, kEthernetHeader, type)) return octets.subspan(kEthernetHeader);
  return begins_as(octets, 0, sample.protocol) ? octets : ByteView();
}

}  // namespace

Json describe_drop(const DropSample& sample) {
  Json event{{"reason", sample.reason},
             {"way", sample.came_in ? "in" : "out"},
             {"length", sample.length},
             {"packets", sample.packets},
             {"ethertype", fmt::format("0x{:04x}", sample.protocol)}};
  event.update(describe_packet(packet_in(sample)));
  event["octets"] = to_hex(sample.octets);
  return event;
}

Result<std::unique_ptr<DropMonitor>> DropMonitor::open(Host& host, const dataplane::BpfObject& object) {
  std::unique_ptr<DropMonitor> monitor(new DropMonitor(host));
  auto* const self = monitor.get();
  auto samples = dataplane::DropSamples::open(object, [self](const DropSample& s) { self->deliver(s); });
  if (!samples) return tl::unexpected(samples.error());
  monitor->samples_ = std::move(*samples);
  auto watch = host.loop().watch(monitor->samples_->fd(), [self] { self->samples_->take(); });
  if (!watch) return tl::unexpected(watch.error());
  monitor->watch_ = std::move(*watch);
  monitor->timer_ = host.loop().make_timer([self] { self->tick(); });
  auto handled = host.control().handle_stream(
      "monitor drops", [self](const Json& arguments, const std::shared_ptr<platform::ControlStream>& stream) {
        return self->begin(arguments, stream);
      });
  if (!handled) return tl::unexpected(handled.error());
  return monitor;
}

Result<Json> DropMonitor::begin(const Json& arguments,
                                const std::shared_ptr<platform::ControlStream>& stream) {
  const std::string reason = arguments.value("reason", "");
  if (!reason.empty() && !dataplane::is_drop_reason(reason))
    return fail("no-such-reason", "nothing is dropped for the reason '" + reason + "'");
  const auto now = platform::SystemClock::now().monotonic;
  if (!samples_->is_on()) {
    if (auto on = samples_->turn_on(now); !on) return tl::unexpected(on.error());
    timer_.arm(now + kTellUnsampled);
  }
  stream->on_end = [this, raw = stream.get()] { end(raw); };
  clients_.push_back({stream, reason});
  return Json{{"monitoring", true}};
}

/// It may wait for what is left to say.
void DropMonitor::end(const platform::ControlStream* stream) {
  constexpr int kMostTurns = 100;
  for (int turn = 0; turn < kMostTurns && samples_->take();) ++turn;
  tell_unsampled();
  for (auto client = clients_.begin(); client != clients_.end(); ++client) {
    if (client->stream.get() != stream) continue;
    const auto ending = std::move(*client);
    clients_.erase(client);
    ending.stream->finish();
    break;
  }
  if (!clients_.empty()) return;
  timer_.cancel();
  if (auto off = samples_->turn_off(); !off) spdlog::error("drop samples: {}", off.error().message);
}

void DropMonitor::deliver(const DropSample& sample) {
  Json event;
  for (Client& client : clients_) {
    if (!client.wants(sample.reason)) continue;
    if (!client.stream->has_room()) {
      client.left_out[sample.reason] += 1;
      continue;
    }
    if (event.is_null()) {
      Json fields{{"interface", interface_name(sample.interface)}, {"program", programs(sample)}};
      fields.update(describe_drop(sample));
      event = platform::make_event(wall_time(sample.time), "drop", fields);
    }
    client.stream->send(event);
  }
}

void DropMonitor::tell_unsampled() {
  const auto fresh = samples_->take_unsampled();
  for (Client& client : clients_) {
    for (const auto& [reason, count] : fresh)
      if (client.wants(reason)) client.left_out[reason] += count;
    if (client.left_out.empty() || !client.stream->has_room()) continue;
    for (const auto& [reason, count] : std::exchange(client.left_out, {}))
      client.stream->send(platform::make_event(platform::SystemClock::now().wall, "drops-not-sampled",
                                               {{"reason", reason}, {"packets", count}}));
  }
}

void DropMonitor::tick() {
  programs_.clear();
  tell_unsampled();
  timer_.arm(platform::SystemClock::now().monotonic + kTellUnsampled);
}

/// Several may sit in the same place: one of them it was.
std::string DropMonitor::programs(const DropSample& sample) {
  const std::pair place{sample.interface, sample.came_in};
  const auto known = programs_.find(place);
  if (known != programs_.end()) return known->second;
  const auto hook = sample.came_in ? dataplane::Hook::Ingress : dataplane::Hook::Egress;
  return programs_[place] = fmt::format("{}", fmt::join(dataplane::programs_at(sample.interface, hook), ","));
}

}  // namespace flowmob::daemon
