// SPDX-License-Identifier: Apache-2.0
// Two MAGs that bring Proxy Binding Updates to an anchor as fast as it answers them:
//   pbu-load LMA MAG1 MAG2 NODES MOST WINDOW PID
// registers NODES mobile nodes through MAG1, refreshes MOST of them in no order, then hands those over to
// MAG2. WINDOW requests are on their way at a time; one that is not answered within a second is sent anew.
// PID is the anchor's: its processor time is told apart from ours. Prints JSON: each figure is the median of
// twenty parts of a phase.
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "wire/mobility_header.h"

namespace flowmob {
namespace {

constexpr std::size_t kBatch = 64, kMostOctets = 512, kParts = 20;
constexpr double kPatience = 1;

using Steady = std::chrono::steady_clock;

double wall_time() { return std::chrono::duration<double>(Steady::now().time_since_epoch()).count(); }
double seconds(timespec t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9; }

/// What has passed on three clocks: the wall's, our processor's and the anchor's.
struct Clocks {
  double wall = 0, ours = 0, anchor = 0;

  static Clocks now(const std::string& anchor) {
    timespec ours{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ours);
    double nanoseconds = 0;
    std::ifstream("/proc/" + anchor + "/schedstat") >> nanoseconds;
    return {wall_time(), seconds(ours), nanoseconds / 1e9};
  }
};

::sockaddr_in6 to_socket_address(const Ipv6Address& address) {
  ::sockaddr_in6 result{};
  result.sin6_family = AF_INET6;
  std::memcpy(&result.sin6_addr, address.octets.data(), sizeof result.sin6_addr);
  return result;
}

/// A raw socket for Mobility Headers between one MAG and the anchor.
class Mag {
 public:
  Mag(const Ipv6Address& address, const Ipv6Address& lma) : address_(address), lma_(lma) {
    fd_ = ::socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, wire::kMobilityHeaderProtocol);
    const auto local = to_socket_address(address), remote = to_socket_address(lma);
    constexpr int kNoChecksum = -1, kQueue = 16 << 20;
    const bool open = fd_ >= 0 && bind(fd_, reinterpret_cast<const ::sockaddr*>(&local), sizeof local) == 0 &&
                      connect(fd_, reinterpret_cast<const ::sockaddr*>(&remote), sizeof remote) == 0 &&
                      setsockopt(fd_, IPPROTO_IPV6, IPV6_CHECKSUM, &kNoChecksum, sizeof kNoChecksum) == 0 &&
                      setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &kQueue, sizeof kQueue) == 0;
    if (!open) throw std::runtime_error("no socket for " + address.to_string());
  }

  int fd() const { return fd_; }
  void put(const wire::ProxyBindingUpdate& update) {
    waiting_.push_back(wire::encode(update, address_, lma_));
    if (waiting_.size() == kBatch) flush();
  }
  void flush() {
    std::array<::iovec, kBatch> vectors{};
    std::array<::mmsghdr, kBatch> messages{};
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      vectors[i] = {waiting_[i].data(), waiting_[i].size()};
      messages[i].msg_hdr.msg_iov = &vectors[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    // what does not fit is sent anew when its answer does not come
    if (!waiting_.empty()) sendmmsg(fd_, messages.data(), static_cast<unsigned>(waiting_.size()), 0);
    waiting_.clear();
  }
  /// Calls back with every answer that has come.
  template <class Take>
  void receive(Take take) {
    std::array<std::array<std::uint8_t, kMostOctets>, kBatch> buffers;
    std::array<::iovec, kBatch> vectors{};
    std::array<::mmsghdr, kBatch> messages{};
    for (std::size_t i = 0; i < kBatch; ++i) {
      vectors[i] = {buffers[i].data(), kMostOctets};
      messages[i].msg_hdr.msg_iov = &vectors[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = recvmmsg(fd_, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < count; ++i)
      take(ByteView(buffers[static_cast<std::size_t>(i)])
               .first(messages[static_cast<std::size_t>(i)].msg_len));
  }

 private:
  Ipv6Address address_, lma_;
  int fd_ = -1;
  std::vector<Bytes> waiting_;
};

wire::ProxyBindingUpdate update_of(std::size_t node, wire::HandoffIndicator indicator) {
  wire::ProxyBindingUpdate update;
  update.acknowledge = update.proxy = true;
  update.lifetime = 900;
  const std::string name = fmt::format("mn{:07}@example.net", node);
  const auto octet = [node](unsigned shift) { return static_cast<std::uint8_t>(node >> shift); };
  const auto time = std::chrono::system_clock::now().time_since_epoch();
  update.options = {wire::MobileNodeIdentifier{1, Bytes(name.begin(), name.end())},
                    wire::HomeNetworkPrefixOption{},
                    wire::HandoffIndicatorOption{indicator},
                    wire::AccessTechnologyTypeOption{wire::AccessTechnology::Wlan},
                    wire::MnLinkLayerIdentifier{Bytes{2, 0, 0, octet(16), octet(8), octet(0)}},
                    wire::TimestampOption::from_wall(WallTime(time))};
  return update;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

/// One kind of request for many nodes. A request is known by its sequence number.
class Phase {
 public:
  Phase(Mag& mag, wire::HandoffIndicator indicator, std::vector<std::size_t> nodes, std::size_t window,
        std::string anchor)
      : mag_(mag),
        indicator_(indicator),
        nodes_(std::move(nodes)),
        window_(window),
        anchor_(std::move(anchor)) {}

  std::string run() {
    next_mark_ = nodes_.size() / kParts;
    marks_.push_back(Clocks::now(anchor_));
    while (answered_ < nodes_.size()) {
      while (sent_ < nodes_.size() && sent_ - answered_ < window_) send(sent_++);
      mag_.flush();
      await();
    }
    return json();
  }

 private:
  struct Request {
    std::size_t node = 0;
    double sent = 0;
    bool open = false;
  };

  void send(std::size_t node) {
    Request& request = requests_[++sequence_];
    if (request.open) throw std::runtime_error("more requests than sequence numbers");
    request = {node, wall_time(), true};
    auto update = update_of(nodes_[node], indicator_);
    update.sequence = sequence_;
    mag_.put(update);
  }

  void await() {
    ::pollfd wanted{mag_.fd(), POLLIN, 0};
    if (poll(&wanted, 1, 100) == 0) return send_anew();
    mag_.receive([this](ByteView answer) { take(answer); });
  }

  void take(ByteView answer) {
    constexpr std::uint8_t kAcknowledgement = 6;
    if (answer.size() < 12 || answer[2] != kAcknowledgement) return;
    Request& request = requests_[static_cast<std::size_t>(answer[8] << 8 | answer[9])];
    if (!request.open) return;
    request.open = false;
    if (answer[6] >= 128) ++refused_;
    if (++answered_ != next_mark_) return;
    marks_.push_back(Clocks::now(anchor_));
    next_mark_ = nodes_.size() * marks_.size() / kParts;
  }

  void send_anew() {
    const double late = wall_time() - kPatience;
    for (auto& request : requests_)
      if (request.open && request.sent < late) {
        request.open = false;
        ++sent_anew_;
        send(request.node);
      }
  }

  std::string json() const {
    std::vector<double> rates, anchor, ours;
    const double each = static_cast<double>(nodes_.size()) / kParts;
    for (std::size_t i = 1; i < marks_.size(); ++i) {
      rates.push_back(each / (marks_[i].wall - marks_[i - 1].wall));
      anchor.push_back((marks_[i].anchor - marks_[i - 1].anchor) / each * 1e6);
      ours.push_back((marks_[i].ours - marks_[i - 1].ours) / each * 1e6);
    }
    return fmt::format(
        R"({{"per_second": {:.0f}, "lowest": {:.0f}, "highest": {:.0f}, "anchor_us": {:.2f}, "generator_us": {:.2f}, )"
        R"("messages": {}, "refused": {}, "sent_anew": {}}})",
        median(rates), std::ranges::min(rates), std::ranges::max(rates), median(anchor), median(ours),
        nodes_.size(), refused_, sent_anew_);
  }

  Mag& mag_;
  wire::HandoffIndicator indicator_;
  std::vector<std::size_t> nodes_;
  std::size_t window_;
  std::string anchor_;
  std::vector<Request> requests_ = std::vector<Request>(65536);
  std::uint16_t sequence_ = 0;
  std::size_t sent_ = 0, answered_ = 0, next_mark_ = 0, refused_ = 0, sent_anew_ = 0;
  std::vector<Clocks> marks_;
};

int run(char** argument) {
  const auto lma = Ipv6Address::parse(argument[0]).value();
  Mag first(Ipv6Address::parse(argument[1]).value(), lma),
      second(Ipv6Address::parse(argument[2]).value(), lma);
  const std::size_t window = std::stoul(argument[5]);
  std::vector<std::size_t> nodes(std::stoul(argument[3]));
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i] = i;
  std::mt19937_64 random(42);
  const auto some = [&] {
    auto chosen = nodes;
    std::ranges::shuffle(chosen, random);
    chosen.resize(std::min<std::size_t>(chosen.size(), std::stoul(argument[4])));
    return chosen;
  };
  using enum wire::HandoffIndicator;
  const std::string anchor = argument[6];
  const auto registration = Phase(first, NewInterface, nodes, window, anchor).run();
  const auto refresh = Phase(first, NoChange, some(), window, anchor).run();
  const auto handover = Phase(second, HandoffBetweenMags, some(), window, anchor).run();
  fmt::print(R"({{"bindings": {}, "registration": {}, "refresh": {}, "handover": {}}})"
             "\n",
             nodes.size(), registration, refresh, handover);
  return 0;
}

}  // namespace
}  // namespace flowmob

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fputs("usage: pbu-load LMA MAG1 MAG2 NODES MOST WINDOW PID\n", stderr);
    return 2;
  }
  try {
    return flowmob::run(argv + 1);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pbu-load: %s\n", error.what());
    return 1;
  }
}
