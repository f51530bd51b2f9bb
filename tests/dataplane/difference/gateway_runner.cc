// SPDX-License-Identifier: Apache-2.0
#include "gateway_runner.h"

#include "base/ipv4.h"
#include "platform/dataplane/cut_queue.h"

namespace flowmob::dataplane::testing {
namespace {

MagDataplaneOptions gateway_options() {
  MagDataplaneOptions options{bpf_directory(), {"acc1"}, {"core0"}, ip(kGateway1), false, 64};
  options.care_of = {ip(kGateway2), to_mapped(Ipv4Address::parse(kGateway4).value())};
  return options;
}

/// Prefixes that are no /64 are of the network behind the node. Attachments have their nodes' numbers.
Host host_of(const core::InstallSession& session) {
  Host host;
  host.attachment = SessionId{session.node.value};
  host.interface = InterfaceIndex{index_of("core0")};
  host.node = link_address_of(session.node);
  host.router = mac(kLinkRouter);
  for (const auto& prefix : session.prefixes)
    (prefix.length == 64 ? host.prefixes : host.delegated).push_back(prefix);
  host.mag = session.mag;
  host.lma = session.lma;
  host.mtu = session.mtu;
  if (session.ipv4) host.ipv4 = core::Ipv4Home{{*session.ipv4, 24}, Ipv4Address::parse(kLinkRouter4).value()};
  host.tunnelling = session.tunnelling;
  return host;
}

}  // namespace

Result<std::unique_ptr<TcGatewayRunner>> TcGatewayRunner::open() {
  auto plane = MagDataplane::open(gateway_options());
  if (!plane) return tl::unexpected(plane.error());
  std::unique_ptr<TcGatewayRunner> runner(new TcGatewayRunner(std::move(*plane)));
  auto queue = open_cut_queue(runner->plane_->object(), [](SessionId, std::size_t, ByteView) {});
  if (!queue) return tl::unexpected(queue.error());
  runner->to_cut_ = std::move(*queue);
  return runner;
}

TcGatewayRunner::~TcGatewayRunner() { EXPECT_TRUE(MagDataplane::teardown(gateway_options())); }

Result<void> TcGatewayRunner::install(const World& world) {
  Result<void> done;
  for (const auto& host : installed_)
    if (done) done = plane_->remove_host(host);
  installed_.clear();
  for (const auto& session : attachments(world)) {
    installed_.push_back(host_of(session));
    if (done) done = plane_->install_host(installed_.back());
  }
  clear_map<fm_fragment_key, fm_fragment_row>(plane_->object(), "fragments");
  packets_.clear();
  return done;
}

FlowIndex TcGatewayRunner::attachment_since() {
  FlowIndex counted;
  for (const auto& host : installed_) {
    const auto traffic = plane_->attachment_traffic(host.attachment);
    if (!traffic) continue;
    const auto packets = traffic->down.packets + traffic->up.packets;
    if (packets != std::exchange(packets_[host.attachment], packets))
      counted = FlowIndex{host.attachment.value};
  }
  return counted;
}

Actual TcGatewayRunner::run(Way way, const Frame& frame) {
  const auto& object = plane_->object();
  renew_budget(object, "icmp_budget");
  renew_budget(object, "cut_budget");
  auto outcome = way == Way::GatewayDownlink ? testing::run(object, "mag_downlink", "acc1", frame)
                                             : testing::run(object, "mag_uplink", "core0", frame);
  to_cut_->take();
  return {outcome.verdict, drops_.since(), std::move(outcome.frame), attachment_since()};
}

}  // namespace flowmob::dataplane::testing
