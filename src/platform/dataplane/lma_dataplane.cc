// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/lma_dataplane.h"

#include <algorithm>

#include "dataplane/lma.skel.h"
#include "platform/dataplane/copy_secret.h"

namespace flowmob::dataplane {
namespace {

PinnedDataplane::Options limits(const LmaDataplaneOptions& options) {
  const auto n = options.max_nodes;
  return {options.bpf_dir,
          {{"nodes", n},
           {"rules", n},
           {"flows", n},
           {"sessions", n},
           {"uplink", n},
           {"flow_counters", n},
           {"session_counters", n},
           {"spreads", n},
           {"flow_cache", options.max_cached_flows},
           {"choices", options.max_cached_flows}},
          {"flow_cache", "choices", "fragments", "icmp_budget", "seen", "turns", "xdp_links", "xdp_next_hops",
           "xdp_routes"},
          {"lma_xdp"}};
}

/// Where an interface leads both ways, what comes out of a tunnel may go into another at once.
std::vector<Attachment> attachments(const LmaDataplaneOptions& options) {
  std::vector<Attachment> all;
  for (const auto& name : options.access_interfaces) {
    all.push_back({name, Hook::Ingress, "lma_uplink", 0});
    all.push_back({name, Hook::Egress, "lma_local", 0});
  }
  for (const auto& name : options.core_interfaces) all.push_back({name, Hook::Ingress, "lma_downlink", 1});
  return all;
}

}  // namespace

Result<std::unique_ptr<LmaDataplane>> LmaDataplane::open(const LmaDataplaneOptions& options) {
  auto pinned = PinnedDataplane::load(PinnedDataplane::Program::of<lma_bpf>("lma"), limits(options));
  if (!pinned) return tl::unexpected(pinned.error());
  std::unique_ptr<LmaDataplane> opened(new LmaDataplane(options, std::move(*pinned)));
  auto ready = opened->rows_.set_local(options.local, options.local_ipv4)
                   .and_then([&] { return opened->rows_.end_watches(); })
                   .and_then([&] { return opened->rows_.end_orders(); })
                   .and_then([&] { return set_copy_secret(opened->object()); })
                   .and_then([&] { return opened->attach(); });
  if (!ready) return tl::unexpected(ready.error());
  return opened;
}

Result<void> LmaDataplane::teardown(const LmaDataplaneOptions& options) {
  if (auto detached = FastLane::detach(options.bpf_dir); !detached) return detached;
  return PinnedDataplane::teardown(options.bpf_dir, attachments(options));
}

std::vector<Attachment> LmaDataplane::all_attachments() const {
  auto all = attachments(options_);
  if (!hold_interface_.empty()) all.push_back({hold_interface_, Hook::Ingress, "lma_released", 0});
  return all;
}

std::vector<FastLane::Interface> LmaDataplane::fast_lane_interfaces() const {
  const auto wanted = [this](const std::string& name) {
    const auto found = options_.datapaths.find(name);
    return found == options_.datapaths.end() ? options_.datapath : found->second;
  };
  const auto& mags = options_.access_interfaces;
  std::vector<FastLane::Interface> all;
  for (const auto& name : options_.core_interfaces)
    all.push_back({name, true, std::ranges::count(mags, name) != 0, wanted(name)});
  for (const auto& name : mags)
    if (std::ranges::count(options_.core_interfaces, name) == 0)
      all.push_back({name, false, true, wanted(name)});
  return all;
}

/// The program stands before packets are sent there.
Result<void> LmaDataplane::hold_at(const std::string& interface) {
  const auto index = interface_index(interface);
  if (!index) return tl::unexpected(index.error());
  hold_interface_ = interface;
  return pinned_.attach(all_attachments(), interface).map([&] { rows_.set_hold_interface(*index); });
}

Result<void> LmaDataplane::attach() {
  auto attached = pinned_.attach(all_attachments());
  const auto fast = fast_lane_.attach(fast_lane_interfaces());
  if (attached) attached = fast;
  for (const auto& name : options_.access_interfaces)
    if (const auto index = interface_index(name)) {
      auto known = rows_.set_copy_interface(*index);
      return attached ? known : attached;
    }
  return attached;
}

std::optional<Traffic> LmaDataplane::flow_traffic(FlowIndex flow) const {
  const auto each_cpu = rows_.flow_traffic(flow);
  if (!each_cpu) return std::nullopt;
  std::vector<fm_traffic> parts;
  for (const auto& part : *each_cpu) parts.push_back(part.traffic);
  return sum(parts);
}

std::optional<Traffic> LmaDataplane::session_traffic(SessionId session) const {
  const auto each_cpu = rows_.session_traffic(session);
  return each_cpu ? std::optional(sum(*each_cpu)) : std::nullopt;
}

}  // namespace flowmob::dataplane
