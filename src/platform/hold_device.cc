// SPDX-License-Identifier: Apache-2.0
#include "platform/hold_device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "platform/errno_error.h"
#include "platform/sysctl.h"

namespace flowmob::platform {
namespace {

constexpr const char* kHoldName = "fmhold%d";
constexpr int kHoldQueue = 32768;  ///< packets that wait to be read
constexpr int kHoldMtu = 65521;    ///< whatever the other interfaces have
constexpr std::size_t kLongestHeld = HoldDevice::kHeader + 14 + 65536;

template <class Value>
Result<void> set(int fd, unsigned long request, Value value) {
  if (::ioctl(fd, request, value) == 0) return {};
  return fail_errno("hold-device-failed", "interface for packets that wait");
}

Result<std::string> create(int fd) {
  ::ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  std::strncpy(request.ifr_name, kHoldName, IFNAMSIZ - 1);
  if (::ioctl(fd, TUNSETIFF, &request) == 0) return std::string(request.ifr_name);
  if (errno == EPERM) return fail("not-permitted", "an interface needs root (CAP_NET_ADMIN)");
  return fail_errno("hold-device-failed", "interface for packets that wait");
}

/// It has no address, and nothing but ours is to come by it.
Result<void> prepare(int fd, const std::string& name) {
  const UniqueFd socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ::ifreq request{};
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  const auto ask = [&](unsigned long what) { return set(socket.get(), what, &request); };
  static_cast<void>(set_ipv6(name, Ipv6Setting::DisableIpv6, 1));  // there may be no IPv6 to keep from it
  const unsigned offload = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
  return set(fd, TUNSETOFFLOAD, static_cast<unsigned long>(offload))
      .and_then([&] {
        request.ifr_qlen = kHoldQueue;
        return ask(SIOCSIFTXQLEN);
      })
      .and_then([&] {
        request.ifr_mtu = kHoldMtu;
        return ask(SIOCSIFMTU);
      })
      .and_then([&] {
        request.ifr_flags = IFF_UP;
        return ask(SIOCSIFFLAGS);
      });
}

}  // namespace

Result<HoldDevice> HoldDevice::open() {
  UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail_errno("no-tun", "/dev/net/tun");
  const auto name = create(fd.get());
  if (!name) return tl::unexpected(name.error());
  if (auto done = prepare(fd.get(), *name); !done) return tl::unexpected(done.error());
  const auto index = ::if_nametoindex(name->c_str());
  if (index == 0) return fail_errno("hold-device-failed", *name);
  return HoldDevice(std::move(fd), *name, InterfaceIndex{index});
}

Result<std::optional<Bytes>> HoldDevice::receive() const {
  thread_local std::array<std::uint8_t, kLongestHeld> buffer;
  while (true) {
    const auto count = ::read(fd_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return std::nullopt;
    if (count < 0) return fail_errno("receive-failed", name_);
    return Bytes(buffer.begin(), buffer.begin() + count);
  }
}

Result<void> HoldDevice::send(ByteView header_and_frame) const {
  while (true) {
    if (::write(fd_.get(), header_and_frame.data(), header_and_frame.size()) >= 0) return {};
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return fail("would-block", name_);
    return fail_errno("send-failed", name_);
  }
}

}  // namespace flowmob::platform
