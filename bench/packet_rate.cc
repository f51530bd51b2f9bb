// SPDX-License-Identifier: Apache-2.0
// Small UDP packets as fast as one core makes them, and how many arrive:
//   packet-rate send ADDRESS PORT SECONDS PAYLOAD      packet-rate receive PORT
// The receiver prints "PACKETS SECONDS", from the first packet to the last, once half a second passed without
// one.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"

namespace {

using Clock = std::chrono::steady_clock;
constexpr unsigned kBatch = 64;

/// A batch of messages over buffers of its own.
struct Batch {
  explicit Batch(std::size_t octets) : octets_each(octets), payload(kBatch * octets) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      vectors[i] = {payload.data() + i * octets, octets};
      messages[i].msg_hdr.msg_iov = &vectors[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
  std::size_t octets_each;
  std::vector<char> payload;
  std::array<::iovec, kBatch> vectors{};
  std::array<::mmsghdr, kBatch> messages{};
};

int udp_socket() {
  const int fd = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::runtime_error("no UDP socket");
  return fd;
}

::sockaddr_in6 endpoint(const std::string& address, const std::string& port) {
  const auto parsed = flowmob::Ipv6Address::parse(address);
  if (!parsed) throw std::runtime_error("no IPv6 address: " + address);
  ::sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(static_cast<std::uint16_t>(std::stoul(port)));
  std::memcpy(&to.sin6_addr, parsed->octets.data(), sizeof to.sin6_addr);
  return to;
}

int send(const std::string& address, const std::string& port, double seconds, std::size_t octets) {
  const int fd = udp_socket();
  const auto to = endpoint(address, port);
  if (::connect(fd, reinterpret_cast<const ::sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("cannot connect");
  Batch batch(octets);
  unsigned long sent = 0;
  const auto start = Clock::now();
  while (std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
    const int done = ::sendmmsg(fd, batch.messages.data(), kBatch, 0);
    if (done > 0) sent += static_cast<unsigned long>(done);
  }
  std::printf("%lu\n", sent);
  return 0;
}

int receive(const std::string& port) {
  const int fd = udp_socket();
  const auto local = endpoint("::", port);
  if (::bind(fd, reinterpret_cast<const ::sockaddr*>(&local), sizeof local) != 0)
    throw std::runtime_error("cannot bind");
  // A receiver that is scheduled late must not be what limits the path.
  constexpr int kQueue = 16 << 20;
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kQueue, sizeof kQueue) != 0)
    throw std::runtime_error("cannot enlarge the queue: not root?");
  Batch batch(2048);
  unsigned long received = 0;
  Clock::time_point first, last;
  ::timeval patience{10, 0};  // until the first
  while (true) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int count = ::recvmmsg(fd, batch.messages.data(), kBatch, MSG_WAITFORONE, nullptr);
    if (count <= 0) break;
    last = Clock::now();
    if (received == 0) first = last;
    received += static_cast<unsigned long>(count);
    patience = {0, 500000};
  }
  std::printf("%lu %.6f\n", received, std::chrono::duration<double>(last - first).count());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() == 5 && words[0] == "send")
      return send(words[1], words[2], std::stod(words[3]), std::stoul(words[4]));
    if (words.size() == 2 && words[0] == "receive") return receive(words[1]);
    std::fputs("packet-rate send ADDRESS PORT SECONDS PAYLOAD | receive PORT\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "packet-rate: %s\n", error.what());
  }
  return 1;
}
