// SPDX-License-Identifier: Apache-2.0
// What a virtual interface costs that is made in user space: a TUN interface whose packets this program takes
// to a member link and back, whole segments of TCP at a time (64 KiB, as virtio's header describes them):
//   tun-forwarder TUN MEMBER-NAMESPACE MEMBER ROUTER-MAC
// The member lives in a network namespace of its own, so that the kernel has no part in what comes by it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

constexpr std::size_t kLargest = 1 << 17;

void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what + ": " + std::strerror(errno));
}

/// struct virtio_net_hdr; linux/virtio_net.h is not C++.
struct Facts {
  std::uint8_t flags, gso_type;
  std::uint16_t hdr_len, gso_size, csum_start, csum_offset;
};
constexpr std::uint8_t kNeedsChecksum = 1, kNoSegments = 0;

struct Ethernet {
  std::array<std::uint8_t, 6> to{}, from{};
  std::uint16_t type = htons(ETHERTYPE_IPV6);
};
static_assert(sizeof(Ethernet) == 14);

/// Of both ends, each with virtio's header in front of every packet.
struct Ends {
  int tun = -1, member = -1;
  Ethernet header;
};

int open_tun(const char* name) {
  const int fd = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  require(fd >= 0, "/dev/net/tun");
  ::ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  require(::ioctl(fd, TUNSETIFF, &request) == 0, "TUNSETIFF");
  require(::ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) == 0, "TUNSETOFFLOAD");
  return fd;
}

void enter(const char* network_namespace) {
  const int fd = ::open(network_namespace, O_RDONLY | O_CLOEXEC);
  require(fd >= 0 && ::setns(fd, CLONE_NEWNET) == 0, network_namespace);
  ::close(fd);
}

int open_member(const char* name, Ethernet& header) {
  const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  require(fd >= 0, "a packet socket");
  ::ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  require(::ioctl(fd, SIOCGIFHWADDR, &request) == 0, name);
  std::memcpy(header.from.data(), request.ifr_hwaddr.sa_data, header.from.size());
  const int yes = 1, buffer = 16 << 20;
  require(::setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof yes) == 0, "PACKET_VNET_HDR");
  require(::setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) == 0,
          "PACKET_IGNORE_OUTGOING");
  require(::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) == 0, "SO_RCVBUFFORCE");
  ::sockaddr_ll here{};
  here.sll_family = AF_PACKET;
  here.sll_protocol = htons(ETH_P_IPV6);
  here.sll_ifindex = static_cast<int>(::if_nametoindex(name));
  require(::bind(fd, reinterpret_cast<const ::sockaddr*>(&here), sizeof here) == 0, "bind");
  return fd;
}

/// Where the checksum is depends on whether there is an Ethernet header before the packet.
void shift(Facts& facts, int octets) {
  if (facts.flags & kNeedsChecksum) facts.csum_start = static_cast<std::uint16_t>(facts.csum_start + octets);
  if (facts.gso_type != kNoSegments) facts.hdr_len = static_cast<std::uint16_t>(facts.hdr_len + octets);
}

/// What a write refuses is lost, as on any link.
[[noreturn]] void up(const Ends& ends) {
  std::string packet(kLargest, '\0');
  Facts facts{};
  Ethernet header = ends.header;
  for (;;) {
    std::array<::iovec, 2> in{{{&facts, sizeof facts}, {packet.data(), packet.size()}}};
    const auto octets = ::readv(ends.tun, in.data(), in.size());
    require(octets >= static_cast<ssize_t>(sizeof facts), "reading from the TUN interface");
    shift(facts, sizeof header);
    std::array<::iovec, 3> out{{{&facts, sizeof facts},
                                {&header, sizeof header},
                                {packet.data(), static_cast<std::size_t>(octets) - sizeof facts}}};
    (void)!::writev(ends.member, out.data(), out.size());
  }
}

[[noreturn]] void down(const Ends& ends) {
  std::string packet(kLargest, '\0');
  Facts facts{};
  Ethernet header;
  for (;;) {
    std::array<::iovec, 3> in{
        {{&facts, sizeof facts}, {&header, sizeof header}, {packet.data(), packet.size()}}};
    const auto octets = ::readv(ends.member, in.data(), in.size());
    if (octets < static_cast<ssize_t>(sizeof facts + sizeof header)) continue;
    shift(facts, -static_cast<int>(sizeof header));
    std::array<::iovec, 2> out{
        {{&facts, sizeof facts},
         {packet.data(), static_cast<std::size_t>(octets) - sizeof facts - sizeof header}}};
    (void)!::writev(ends.tun, out.data(), out.size());
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 5) throw std::runtime_error("usage: tun-forwarder TUN MEMBER-NAMESPACE MEMBER ROUTER-MAC");
  Ends ends;
  const auto* router = ::ether_aton(argv[4]);
  require(router != nullptr, argv[4]);
  std::memcpy(ends.header.to.data(), router, ends.header.to.size());
  ends.tun = open_tun(argv[1]);
  enter(argv[2]);
  ends.member = open_member(argv[3], ends.header);
  std::puts("ready");
  std::fflush(stdout);
  std::thread other([&ends] { down(ends); });
  up(ends);
} catch (const std::exception& error) {
  std::fprintf(stderr, "tun-forwarder: %s\n", error.what());
  return 1;
}
