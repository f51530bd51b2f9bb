// SPDX-License-Identifier: Apache-2.0
#include "daemon/lma/held_packets.h"

#include <cstring>

#include "platform/clock.h"

namespace flowmob::daemon {
namespace {

/// Taken in one go: messages have their turn between.
constexpr int kHeldBurst = 256;
constexpr std::size_t kHoldHeader = platform::HoldDevice::kHeader;

/// Each way of a flow by itself.
std::uint64_t queue_of(const fm_held& held) {
  return std::uint64_t{held.flow} << 1 | (held.kind == FM_HELD_UPLINK ? 1U : 0U);
}

}  // namespace

Result<std::unique_ptr<HeldPackets>> HeldPackets::open(platform::EventLoop& loop) {
  auto device = platform::HoldDevice::open();
  if (!device) return tl::unexpected(device.error());
  std::unique_ptr<HeldPackets> held(new HeldPackets(std::move(*device)));
  auto watch = loop.watch(held->device_.fd(), [packets = held.get()] { packets->receive(); });
  if (!watch) return tl::unexpected(watch.error());
  held->watch_ = std::move(*watch);
  held->timer_ = loop.make_timer([packets = held.get()] { packets->release(); });
  return held;
}

/// What is not ours is the kernel's own, about an interface that nobody asked it to speak for.
void HeldPackets::receive() {
  for (int i = 0; i < kHeldBurst; ++i) {
    auto frame = device_.receive();
    if (!frame || !*frame) break;
    const auto now = platform::SystemClock::now().monotonic;
    if ((*frame)->size() <= kHoldHeader) continue;
    const auto held = held_of(ByteView(**frame).subspan(kHoldHeader));
    if (held) queue_.put(now, queue_of(*held), release_of(*held, now), std::move(**frame));
  }
  release();
}

void HeldPackets::release() {
  while (const auto frame = queue_.take(platform::SystemClock::now().monotonic))
    static_cast<void>(device_.send(*frame));
  if (const auto next = queue_.next_deadline())
    timer_.arm(*next);
  else
    timer_.cancel();
}

Result<void> HeldPackets::send(SessionId session, ByteView packet) const {
  const fm_held held{FM_HELD_MARK, FM_HELD_BY_SESSION, 0, session.value, 0};
  Bytes frame(kHoldHeader + sizeof held);
  std::memcpy(frame.data() + kHoldHeader, &held, sizeof held);
  append(frame, Bytes{0x86, 0xdd});
  append(frame, packet);
  return device_.send(frame);
}

}  // namespace flowmob::daemon
