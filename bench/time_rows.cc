// SPDX-License-Identifier: Apache-2.0
#include "bench/time_rows.h"

#include <fmt/format.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "platform/dataplane/bpf_map.h"

namespace flowmob::bench {
namespace {

constexpr std::string_view kInterface = "core0", kMac = "02:00:00:00:00:c0";
constexpr std::array<std::uint8_t, 6> kMacOctets{2, 0, 0, 0, 0, 0xc0}, kPeer{2, 0, 0, 0, 0, 0xff};
const Ipv6Address kLma = *Ipv6Address::parse("2001:db8:f::1"), kMag = *Ipv6Address::parse("2001:db8:a::1"),
                  kCorrespondent = *Ipv6Address::parse("2001:db8:c::10");
constexpr std::uint64_t kPrefixes = 0x2001'0db8'8000'0000;
constexpr std::uint64_t kPorts = 32768;

void must(const Result<void>& done) {
  if (!done) throw std::runtime_error(done.error().message);
}

void ip(const std::string& line) {
  if (std::system(("ip " + line).c_str()) != 0) throw std::runtime_error("ip " + line);
}

std::uint32_t interface_index() {
  static const std::uint32_t index = ::if_nametoindex(std::string(kInterface).c_str());
  return index;
}

void put(std::uint8_t* to, std::uint64_t value, int octets) {
  for (int i = octets; i-- > 0; value >>= 8) to[i] = static_cast<std::uint8_t>(value);
}

Ipv6Prefix prefix_of(std::uint32_t binding) {
  Ipv6Address address;
  put(address.octets.data(), kPrefixes + binding, 8);
  return Ipv6Prefix::truncated(address, 64);
}

/// Of all that the kernel keeps for itself: slabs, per CPU, and in tables of many pages.
std::uint64_t kernel_memory() {
  std::ifstream file("/proc/meminfo");
  std::uint64_t sum = 0;
  for (std::string name, rest; file >> name && std::getline(file, rest);)
    if (name == "SUnreclaim:" || name == "Percpu:" || name == "VmallocUsed:") sum += std::stoull(rest) * 1024;
  return sum;
}

/// What the anchor's XDP program knows of interfaces, where it has one.
void name_interfaces(const dataplane::BpfObject& object) {
  struct Link {
    std::array<std::uint8_t, 6> mac;
    std::uint16_t flags;
  };
  constexpr std::uint16_t kFromCore = 1, kSends = 4;
  if (object.map_fd("xdp_links") < 0) return;
  dataplane::BpfMap<std::uint32_t, Link> links(object, "xdp_links");
  must(links.set(interface_index(), {kMacOctets, kFromCore | kSends}));
  must(links.set(::if_nametoindex("acc1"), {{}, kSends}));
}

constexpr const char* kBindingMaps[] = {"nodes",  "flows",         "sessions",
                                        "uplink", "flow_counters", "session_counters"};

}  // namespace

void make_network() {
  if (::unshare(CLONE_NEWNET) != 0) throw std::runtime_error("no network namespace: not root?");
  if (std::system("mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf") != 0 ||
      std::system("sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.forwarding=1") != 0)
    throw std::runtime_error("no BPF file system, or no IPv6");
  ip("link set lo up");
  ip(fmt::format("link add {0} address {1} type veth peer name {0}-peer", kInterface, kMac));
  ip("link add acc1 type veth peer name acc1-peer");
  for (const char* name : {"core0", "core0-peer", "acc1", "acc1-peer"})
    ip(fmt::format("link set {} up", name));
  ip("address add 2001:db8:1::1/64 dev acc1 nodad");
  ip("neigh add 2001:db8:1::2 lladdr 02:00:00:00:00:a2 dev acc1 nud permanent");
  ip("route add 2001:db8:a::/64 via 2001:db8:1::2");
}

std::uint32_t run_once(const Subject& subject, Frame& frame, std::uint32_t repeat) {
  static __sk_buff buffer{};
  static xdp_md frame_context{};
  buffer.ifindex = frame_context.ingress_ifindex = interface_index();
  frame_context.data_end = static_cast<__u32>(frame.size());
  bpf_attr attributes{};
  attributes.test.prog_fd = static_cast<__u32>(subject.program);
  attributes.test.data_in = reinterpret_cast<std::uintptr_t>(frame.data());
  attributes.test.data_size_in = static_cast<__u32>(frame.size());
  attributes.test.repeat = repeat;
  attributes.test.ctx_in = subject.xdp ? reinterpret_cast<std::uintptr_t>(&frame_context)
                                       : reinterpret_cast<std::uintptr_t>(&buffer);
  attributes.test.ctx_size_in = subject.xdp ? sizeof(frame_context) : sizeof(buffer);
  if (::syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attributes, sizeof(attributes)) != 0)
    throw std::runtime_error(fmt::format("the program did not run: {}", std::strerror(errno)));
  return attributes.test.duration;
}

Anchor::Anchor(const Layout& layout) {
  static int number = 0;
  options_.bpf_dir = fmt::format("/sys/fs/bpf/fm-{}-time{}", ::getpid(), ++number);
  options_.local = kLma;
  options_.max_nodes = std::max(1U << 20, layout.bindings);
  options_.max_cached_flows = layout.cached;
  auto opened = dataplane::LmaDataplane::open(options_);
  if (!opened) throw std::runtime_error(opened.error().message);
  lma_ = std::move(*opened);
  name_interfaces(object());
  must(lma_->ensure_tunnel({kLma, kMag}));
  std::uint64_t tables = 0;
  for (const char* map : kBindingMaps) tables += memory_of(map);
  const auto before = kernel_memory();
  fill(layout);
  memory_of_rows_ = static_cast<double>(kernel_memory() - before) / layout.bindings;
  memory_per_binding_ = memory_of_rows_ + static_cast<double>(tables) / layout.bindings;
}

Anchor::~Anchor() { static_cast<void>(dataplane::LmaDataplane::teardown(options_)); }

void Anchor::fill(const Layout& layout) {
  for (std::uint32_t binding = 0; binding < layout.bindings; ++binding) {
    const SessionId session{binding + 1};
    const FlowIndex flow{binding + 1};
    const NodeIndex node{binding + 1};
    core::InstallNode classifier{node, {prefix_of(binding)}, flow, 1, {}};
    for (std::uint32_t rule = 0; rule < layout.rules; ++rule) {
      wire::TrafficSelector6 selector;
      selector.next_header = {17, 17};
      selector.source_port = {static_cast<std::uint16_t>(5004 + rule),
                              static_cast<std::uint16_t>(5004 + rule)};
      classifier.rules.push_back({rule, flow, selector});
    }
    must(lma_->install_session({session, node, kLma, kMag, {prefix_of(binding)}, 1460}));
    must(lma_->install_flow({flow, node, session}));
    must(lma_->install_node(classifier));
  }
}

std::uint64_t Anchor::memory_of(const std::string& map) const {
  std::ifstream file(fmt::format("/proc/self/fdinfo/{}", object().map_fd(map)));
  for (std::string name, value; file >> name >> value;)
    if (name == "memlock:") return std::stoull(value);
  throw std::runtime_error("the kernel does not say what the map " + map + " takes");
}

Frame frame_of(std::uint64_t flow, std::uint32_t binding) {
  Frame frame{};
  std::uint8_t* at = frame.data();
  std::ranges::copy(kMacOctets, at);
  std::ranges::copy(kPeer, at + 6);
  put(at + 12, 0x86dd, 2);
  put(at + 14, 0x6000'0000, 4);
  put(at + 18, FRAME_SHORT - 14 - 40, 2);
  at[20] = 17;
  at[21] = 64;
  std::ranges::copy(kCorrespondent.octets, at + 22);
  put(at + 34, flow / kPorts, 4);
  put(at + 38, kPrefixes + binding, 8);
  put(at + 46, 0x77, 8);
  put(at + 54, 20000 + flow % kPorts, 2);
  put(at + 56, 4000, 2);
  put(at + 58, FRAME_SHORT - 14 - 40, 2);
  return frame;
}

Choice::Choice(std::uint64_t flows, bool zipf) : flows_(flows) {
  double sum = 0;
  for (std::uint64_t rank = 1; zipf && rank <= flows; ++rank)
    cumulative_.push_back(sum += 1 / static_cast<double>(rank));
}

std::uint64_t Choice::operator()(std::mt19937_64& random) const {
  if (cumulative_.empty()) return random() % flows_;
  const double at = std::uniform_real_distribution<>(0, cumulative_.back())(random);
  const auto found = std::ranges::lower_bound(cumulative_, at) - cumulative_.begin();
  return std::min(static_cast<std::uint64_t>(found), flows_ - 1);
}

}  // namespace flowmob::bench
