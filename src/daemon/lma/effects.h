// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "core/lma/effect.h"
#include "daemon/host/failure_log.h"
#include "daemon/host/host.h"
#include "daemon/host/mobility_port.h"
#include "daemon/lma/held_packets.h"
#include "daemon/lma/home_networks.h"
#include "platform/dataplane/lma_dataplane.h"
#include "platform/packet_sender.h"

namespace flowmob::daemon {

/// Carries out what the anchor's core asks for. Every effect is idempotent; a failure is logged once and
/// given back. Records are written a batch at a time (docs/adr/0051).
class LmaEffects {
 public:
  LmaEffects(Host& host, MobilityPort& port, dataplane::LmaDataplane& dataplane, HomeNetworks& routes,
             platform::PacketSender& packets, HeldPackets* held);
  /// Nothing for a record: it is kept when the batch has been.
  std::optional<Result<void>> carry_out(const core::LmaEffect& effect);
  Result<void> end_batch();

  /// What the data plane was asked about flows, and says.
  struct Seen {
    HandoverId handover;
    std::optional<core::FlowWatch> watch;
  };
  std::vector<Seen> take_seen() { return std::exchange(seen_, {}); }
  struct SeenOrder {
    FlowIndex flow;
    std::optional<core::OrderSeen> order;
  };
  std::vector<SeenOrder> take_orders() { return std::exchange(orders_, {}); }

 private:
  Result<void> apply(const core::SendMessage& message) { return port_.send(message); }
  Result<void> apply(const core::SendIcmpv6& error) { return port_.send(error); }
  Result<void> apply(const core::SendPacket& send) { return packets_.send(send.packet); }
  Result<void> apply(const core::Notify& event);
  Result<void> apply(const core::EnsureTunnel& tunnel) { return dataplane_.ensure_tunnel(tunnel); }
  Result<void> apply(const core::RemoveTunnel& tunnel) { return dataplane_.remove_tunnel(tunnel); }
  Result<void> apply(const core::InstallNode& node) { return dataplane_.install_node(node); }
  Result<void> apply(const core::RemoveNode& node) { return dataplane_.remove_node(node); }
  Result<void> apply(const core::InstallSession& session) { return dataplane_.install_session(session); }
  Result<void> apply(const core::RemoveSession& session) { return dataplane_.remove_session(session); }
  Result<void> apply(const core::InstallFlow& flow) { return dataplane_.install_flow(flow); }
  Result<void> apply(const core::RemoveFlow& flow) { return dataplane_.remove_flow(flow); }
  Result<void> apply(const core::WatchFlow& watch) { return dataplane_.watch_flow(watch); }
  Result<void> apply(const core::WatchSession& watch) { return dataplane_.watch_session(watch); }
  Result<void> apply(const core::ReadWatch& read);
  Result<void> apply(const core::EndWatch& watch) { return dataplane_.end_watch(watch.what); }
  Result<void> apply(const core::AdjustOrder& order) { return dataplane_.adjust_order(order); }
  Result<void> apply(const core::ReadOrder& read);
  Result<void> apply(const core::EndOrder& order) { return dataplane_.end_order(order.flow); }
  Result<void> apply(const core::SendBySession& send);
  Result<void> apply(const core::EnsureRoute& route) { return routes_.ipv6.ensure(route); }
  Result<void> apply(const core::RemoveRoute& route) { return routes_.ipv6.remove(route); }
  Result<void> apply(const core::EnsureIpv4Route& route) { return routes_.ipv4.ensure(route); }
  Result<void> apply(const core::RemoveIpv4Route& route) { return routes_.ipv4.remove(route); }
  Result<void> apply(const core::PersistNode& node);
  Result<void> apply(const core::ForgetNode& node);

  Host& host_;
  MobilityPort& port_;
  dataplane::LmaDataplane& dataplane_;
  HomeNetworks& routes_;
  platform::PacketSender& packets_;
  HeldPackets* held_;  ///< nullptr: there is no interface for them
  FailureLog failures_;
  std::vector<Seen> seen_;
  std::vector<SeenOrder> orders_;
};

}  // namespace flowmob::daemon
