// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/capture_service.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/address.h"
#include "daemon/host/seen_packet.h"
#include "platform/clock.h"

namespace flowmob::daemon {

using dataplane::CapturedPacket;
using platform::Json;

namespace {

constexpr auto kLookAgain = std::chrono::seconds(1);
constexpr std::int64_t kUsualOctets = 192;

}  // namespace

Result<std::unique_ptr<CaptureService>> CaptureService::open(Host& host, const dataplane::BpfObject& object,
                                                             Nodes nodes) {
  std::unique_ptr<CaptureService> service(new CaptureService(host, std::move(nodes)));
  auto* const self = service.get();
  auto capture =
      dataplane::PacketCapture::open(object, [self](const CapturedPacket& p) { self->deliver(p); });
  if (!capture) return tl::unexpected(capture.error());
  service->capture_ = std::move(*capture);
  auto watch = host.loop().watch(service->capture_->fd(), [self] { self->capture_->take(); });
  if (!watch) return tl::unexpected(watch.error());
  service->watch_ = std::move(*watch);
  service->timer_ = host.loop().make_timer([self] { self->tick(); });
  auto handled = host.control().handle_stream(
      "capture", [self](const Json& arguments, const std::shared_ptr<platform::ControlStream>& stream) {
        return self->begin(arguments, stream);
      });
  if (!handled) return tl::unexpected(handled.error());
  return service;
}

CaptureService::~CaptureService() {
  if (!marked_.empty()) (void)nodes_.mark({});
}

Result<Json> CaptureService::begin(const Json& arguments,
                                   const std::shared_ptr<platform::ControlStream>& stream) {
  const auto snaplen = arguments.value("snaplen", kUsualOctets);
  if (snaplen < 1 || snaplen > std::int64_t{dataplane::PacketCapture::kMostOctets})
    return fail("bad-argument", "'snaplen' has to be from 1 to 256");
  const std::string mn = arguments.value("mn", "");
  auto numbers = nodes_.find(mn);
  if (!numbers) return tl::unexpected(numbers.error());
  stream->on_end = [this, raw = stream.get()] { end(raw); };
  tell_lost();  // what was lost before is not this client's
  clients_.push_back({stream, mn, static_cast<std::size_t>(snaplen), std::move(*numbers)});
  if (auto marked = mark(); !marked) {
    clients_.pop_back();
    return tl::unexpected(marked.error());
  }
  if (clients_.size() == 1) timer_.arm(platform::SystemClock::now().monotonic + kLookAgain);
  return Json{{"capturing", true}, {"snaplen", snaplen}};
}

Result<void> CaptureService::mark() {
  Numbers wanted;
  for (const Client& client : clients_) wanted.insert(client.numbers.begin(), client.numbers.end());
  if (wanted == marked_) return {};
  return nodes_.mark(wanted).map([&] { marked_ = std::move(wanted); });
}

/// It may wait for what is left to say.
void CaptureService::end(const platform::ControlStream* stream) {
  constexpr int kMostTurns = 1000;
  for (int turn = 0; turn < kMostTurns && capture_->take();) ++turn;
  tell_lost();
  const auto client = std::ranges::find(clients_, stream, [](const Client& c) { return c.stream.get(); });
  if (client == clients_.end()) return;
  client->stream->finish();
  clients_.erase(client);
  if (auto marked = mark(); !marked) spdlog::error("capture: {}", marked.error().message);
  if (clients_.empty()) timer_.cancel();
}

void CaptureService::deliver(const CapturedPacket& packet) {
  for (Client& client : clients_) {
    if (!client.numbers.contains(packet.node)) continue;
    if (client.stream->has_room())
      client.stream->send(event_of(packet, client));
    else
      ++client.lost;
  }
}

Json CaptureService::event_of(const CapturedPacket& packet, const Client& client) {
  const WallTime time = wall_time(packet.time);
  Json fields{{"time_ns", time.time_since_epoch().count()},
              {"mn", client.mn},
              {"interface", interface_name(packet.interface)},
              {"direction", packet.up ? "up" : "down"}};
  fields.update(nodes_.describe(packet));
  fields["length"] = packet.length;
  fields.update(describe_packet(packet.octets));
  fields["octets"] = to_hex(packet.octets.first(std::min(packet.octets.size(), client.snaplen)));
  return platform::make_event(time, "packet", fields);
}

/// Whose packets they were nobody knows: every client is told.
void CaptureService::tell_lost() {
  const auto lost = capture_->take_lost();
  for (Client& client : clients_) {
    client.lost += lost;
    if (client.lost == 0 || !client.stream->has_room()) continue;
    client.stream->send(platform::make_event(platform::SystemClock::now().wall, "packets-not-captured",
                                             {{"packets", std::exchange(client.lost, 0)}}));
  }
}

/// A node that has come, or come again, meanwhile has another number.
void CaptureService::tick() {
  for (Client& client : clients_)
    if (auto numbers = nodes_.find(client.mn)) client.numbers = std::move(*numbers);
  if (auto marked = mark(); !marked) spdlog::error("capture: {}", marked.error().message);
  tell_lost();
  timer_.arm(platform::SystemClock::now().monotonic + kLookAgain);
}

}  // namespace flowmob::daemon
