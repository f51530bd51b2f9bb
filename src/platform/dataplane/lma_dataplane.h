// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/lma/effect.h"
#include "platform/dataplane/fast_lane.h"
#include "platform/dataplane/lma_rows.h"
#include "platform/dataplane/pinned_dataplane.h"

namespace flowmob::dataplane {

struct LmaDataplaneOptions {
  std::filesystem::path bpf_dir;               ///< on a BPF file system; nobody else's
  std::vector<std::string> core_interfaces;    ///< towards correspondents
  std::vector<std::string> access_interfaces;  ///< towards MAGs; one may be both
  Ipv6Address local;                           ///< where tunnels end
  std::uint32_t max_nodes = 1U << 20;
  std::uint32_t max_cached_flows = 1U << 16;
  std::optional<Ipv4Address> local_ipv4 = {};  ///< likewise, of those over IPv4
  Datapath datapath = Datapath::Auto;          ///< of interfaces that are not named here:
  std::map<std::string, Datapath> datapaths = {};
};

/// The anchor's packets. open() takes over what a predecessor left pinned, programs and rows, without losing
/// a packet; the rows that nobody installs again go with sweep(). Call it in the thread, and so in the
/// network namespace, whose interfaces are meant.
class LmaDataplane {
 public:
  static Result<std::unique_ptr<LmaDataplane>> open(const LmaDataplaneOptions& options);
  /// Ends forwarding: detaches and unpins what open() with these options made, by whatever process.
  static Result<void> teardown(const LmaDataplaneOptions& options);

  /// Attaches again, for interfaces that went and came back.
  Result<void> attach();

  Result<void> ensure_tunnel(const core::EnsureTunnel& tunnel) { return rows_.ensure_tunnel(tunnel); }
  Result<void> remove_tunnel(const core::RemoveTunnel& tunnel) { return rows_.remove_tunnel(tunnel); }
  Result<void> install_node(const core::InstallNode& node) { return rows_.install_node(node); }
  Result<void> remove_node(const core::RemoveNode& node) { return rows_.remove_node(node); }
  Result<void> install_session(const core::InstallSession& session) { return rows_.install_session(session); }
  Result<void> remove_session(const core::RemoveSession& session) { return rows_.remove_session(session); }
  Result<void> install_flow(const core::InstallFlow& flow) { return rows_.install_flow(flow); }
  Result<void> remove_flow(const core::RemoveFlow& flow) { return rows_.remove_flow(flow); }

  Result<void> watch_flow(const core::WatchFlow& watch) { return rows_.watch_flow(watch); }
  Result<void> watch_session(const core::WatchSession& watch) { return rows_.watch_session(watch); }
  /// Packets of flows that move in order wait at this interface, which is there by now, for a gap.
  Result<void> hold_at(const std::string& interface);
  Result<void> adjust_order(const core::AdjustOrder& order) { return rows_.adjust_order(order); }
  std::optional<core::OrderSeen> read_order(FlowIndex flow) const { return rows_.read_order(flow); }
  Result<void> end_order(FlowIndex flow) { return rows_.end_order(flow); }
  std::optional<core::FlowWatch> read_watch(const core::Watched& what) const {
    return rows_.read_watch(what);
  }
  Result<void> end_watch(const core::Watched& what) { return rows_.end_watch(what); }

  /// Erases the rows that were not installed since open(): how many.
  Result<std::size_t> sweep() { return rows_.sweep(); }

  /// Packets of these nodes are captured, and of no other.
  Result<void> set_captured(std::set<NodeIndex> nodes) { return rows_.set_captured(std::move(nodes)); }
  std::optional<NodeIndex> node_of(SessionId session) const { return rows_.node_of(session); }

  std::optional<Traffic> flow_traffic(FlowIndex flow) const;
  std::optional<Traffic> session_traffic(SessionId session) const;
  std::vector<DropCount> drops() const { return pinned_.drops(); }

  /// What forwards, by interface, and why it does.
  const std::map<std::string, DatapathInUse>& datapaths() const { return fast_lane_.in_use(); }
  void follow_datapaths() { fast_lane_.follow(); }

  const BpfObject& object() const { return pinned_.object(); }

 private:
  LmaDataplane(LmaDataplaneOptions options, PinnedDataplane pinned)
      : options_(std::move(options)),
        pinned_(std::move(pinned)),
        rows_(pinned_.object()),
        fast_lane_(pinned_.object()) {}

  std::vector<Attachment> all_attachments() const;
  std::vector<FastLane::Interface> fast_lane_interfaces() const;

  LmaDataplaneOptions options_;
  std::string hold_interface_;  ///< empty: none
  PinnedDataplane pinned_;
  LmaRows rows_;
  FastLane fast_lane_;
};

}  // namespace flowmob::dataplane
