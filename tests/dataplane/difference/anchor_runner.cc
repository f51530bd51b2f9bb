// SPDX-License-Identifier: Apache-2.0
#include "anchor_runner.h"

#include "base/ipv4.h"

namespace flowmob::dataplane::testing {
namespace {

LmaDataplaneOptions anchor_options() {
  LmaDataplaneOptions options{bpf_directory(), {"core0"}, {"acc1", "acc2"}, ip(kAnchor), 4096, 4096};
  options.local_ipv4 = Ipv4Address::parse(kAnchor4).value();
  return options;
}

Result<void> ensure_tunnels(LmaDataplane& plane) {
  const auto mapped = [](std::string_view text) { return to_mapped(Ipv4Address::parse(text).value()); };
  Result<void> done = plane.ensure_tunnel({mapped(kAnchor4), mapped(kGateway4)});
  for (const auto gateway : {kGateway1, kGateway2, kUnreachable})
    if (done) done = plane.ensure_tunnel({ip(kAnchor), ip(gateway)});
  return done;
}

}  // namespace

Result<std::unique_ptr<TcAnchorRunner>> TcAnchorRunner::open() {
  auto plane = LmaDataplane::open(anchor_options());
  if (!plane) return tl::unexpected(plane.error());
  if (auto done = ensure_tunnels(**plane); !done) return tl::unexpected(done.error());
  return std::unique_ptr<TcAnchorRunner>(new TcAnchorRunner(std::move(*plane)));
}

TcAnchorRunner::~TcAnchorRunner() { EXPECT_TRUE(LmaDataplane::teardown(anchor_options())); }

Result<void> TcAnchorRunner::remove(const World& world) {
  Result<void> done;
  for (const auto& node : world.nodes)
    if (done) done = plane_->remove_node({node.node, node.prefixes, node.ipv4});
  for (const auto& flow : world.flows)
    if (done) done = plane_->remove_flow({flow.flow});
  for (const auto& s : world.sessions)
    if (done) done = plane_->remove_session({s.session, s.mag, s.prefixes, false, s.ipv4});
  return done;
}

/// The cache of flows stays: what is in it must not count for other rules.
Result<void> TcAnchorRunner::install(const World& world) {
  auto done = remove(installed_);
  installed_ = world;
  for (const auto& session : world.sessions)
    if (done) done = plane_->install_session(session);
  BpfMap<std::uint32_t, fm_flow_row> flows(plane_->object(), "flows");
  for (const auto& flow : world.flows) {
    if (done) done = plane_->install_flow(flow);
    if (done && world.drops(flow.flow))
      done = flows.set(flow.flow.value, {flow.session.value, FM_ACTION_DROP});
  }
  for (const auto& node : world.nodes)
    if (done) done = plane_->install_node(node);
  clear_map<fm_fragment_key, fm_fragment_row>(plane_->object(), "fragments");
  clear_map<fm_flow_key, fm_choice>(plane_->object(), "choices");
  packets_.clear();
  return done;
}

FlowIndex TcAnchorRunner::flow_since() {
  FlowIndex counted;
  for (const auto& flow : installed_.flows) {
    const auto traffic = plane_->flow_traffic(flow.flow);
    if (!traffic) continue;
    const auto packets = traffic->down.packets + traffic->up.packets;
    if (packets != std::exchange(packets_[flow.flow], packets)) counted = flow.flow;
  }
  return counted;
}

Actual TcAnchorRunner::run(Way way, const Frame& frame) {
  const auto& object = plane_->object();
  renew_budget(object, "icmp_budget");
  auto outcome = way == Way::Downlink ? testing::run(object, "lma_downlink", "core0", frame)
                                      : testing::run(object, "lma_uplink", "acc1", frame);
  const auto counted = outcome.verdict == Verdict::Drop ? FlowIndex{} : flow_since();
  return {outcome.verdict, drops_.since(), std::move(outcome.frame), counted};
}

}  // namespace flowmob::dataplane::testing
