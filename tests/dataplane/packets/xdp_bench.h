// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>
#include <unistd.h>

#include "dataplane/abi/xdp.h"
#include "lma_bench.h"
#include "packet_ipv4.h"

namespace flowmob::dataplane::testing {

constexpr std::string_view kNextHop1Mac = "02:00:00:00:0a:01", kNextHop2Mac = "02:00:00:00:0a:02";
constexpr std::string_view kNextHop1 = "2001:db8:1::2", kNextHop2 = "2001:db8:2::2";

/// The anchor with rows for its XDP program, which is run without being attached. Its next hops are known,
/// and need not be asked for.
class XdpBench : public LmaBench {
 protected:
  using NextHops = BpfMap<std::uint32_t, fm_xdp_next_hop>;

  void SetUp() override {
    LmaBench::SetUp();
    ip_command("neigh replace 2001:db8:1::2 lladdr 02:00:00:00:0a:01 dev acc1 nud permanent");
    ip_command("neigh replace 2001:db8:2::2 lladdr 02:00:00:00:0a:02 dev acc2 nud permanent");
    set_link("core0", kCoreMac, FM_XDP_FROM_CORE | FM_XDP_SENDS);
    set_link("acc1", kAccess1Mac, FM_XDP_FROM_MAGS | FM_XDP_SENDS);
    set_link("acc2", kAccess2Mac, FM_XDP_FROM_MAGS | FM_XDP_SENDS);
    ask_in(std::chrono::hours(1));
    const std::optional own(ip4(kNode4));
    must(lma_->install_session({kSession1, kNodeIndex, ip(kLma), ip(kMag1), {prefix(kPrefix)}, kMtu, own}));
    must(lma_->install_session({kSession2, kNodeIndex, ip(kLma), ip(kMag2), {prefix(kPrefix)}, kMtu, own}));
    install_rules_for_both();
  }
  void TearDown() override {
    LmaBench::TearDown();
    ip_command("neigh flush dev acc1 nud permanent");
    ip_command("neigh flush dev acc2 nud permanent");
  }

  void install_rules_for_both() {
    wire::TrafficSelector6 selector;
    selector.source_port = {5004, 5005};
    must(lma_->install_node(
        {kNodeIndex, {prefix(kPrefix)}, kDefault, 1, {{10, kVideo, selector}}, ip4(kNode4)}));
  }
  void set_link(std::string_view interface, std::string_view address, unsigned flags) {
    fm_xdp_link row{};
    std::ranges::copy(mac(address).octets, row.mac.octets);
    row.flags = static_cast<__u16>(flags);
    BpfMap<std::uint32_t, fm_xdp_link> links(lma_->object(), "xdp_links");
    must(links.set(index_of(interface), row));
  }
  static std::uint32_t row_of(const fm_xdp_next_hop& hop) {
    const auto half = [&](std::size_t from) {
      std::uint64_t number = 0;
      for (std::size_t i = from; i < from + 8; ++i) number = number << 8 | hop.address.octets[i];
      return number;
    };
    return fm_xdp_next_hop_row(half(0), half(8), hop.interface);
  }
  static fm_xdp_next_hop hop(std::string_view address, std::string_view interface) {
    fm_xdp_next_hop made{};
    std::ranges::copy(ip(address).octets, made.address.octets);
    made.interface = index_of(interface);
    return made;
  }
  /// When the kernel is due to get a packet for either next hop.
  void ask_in(std::chrono::nanoseconds wait) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto at = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec) + wait -
                    std::chrono::nanoseconds(FM_XDP_ASK_NS);
    NextHops hops(lma_->object(), "xdp_next_hops");
    for (auto next : {hop(kNextHop1, "acc1"), hop(kNextHop2, "acc2")}) {
      next.asked = static_cast<std::uint64_t>(at.count());
      must(hops.set(row_of(next), next));
    }
  }

  /// Behind which routes and neighbours are asked for anew.
  static void pass_a_tick() { ::usleep(30'000); }
  XdpOutcome by_xdp(const Bytes& sent) const { return run_xdp(lma_->object(), "lma_xdp", "core0", sent); }
  Outcome by_tc(const Bytes& sent) const { return run(lma_->object(), "lma_downlink", "core0", sent); }
  static Bytes framed(const Packet& packet) { return frame(kCoreMac, kPeerMac, packet.build()); }
  static Bytes framed(const Packet4& packet) { return frame4(kCoreMac, kPeerMac, packet.build()); }

  /// XDP leaves it, octet by octet, to tc.
  ::testing::AssertionResult is_left(const Bytes& sent) const {
    const auto outcome = by_xdp(sent);
    if (outcome.redirected) return ::testing::AssertionFailure() << "it was redirected";
    if (outcome.frame != sent) return ::testing::AssertionFailure() << "it was changed";
    return ::testing::AssertionSuccess();
  }
};

/// What is behind the Ethernet header.
inline Bytes packet_of(const Bytes& frame) { return Bytes(frame.begin() + 14, frame.end()); }

}  // namespace flowmob::dataplane::testing
