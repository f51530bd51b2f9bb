// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "access.h"
#include "core/mag/mobile_access_gateway.h"
#include "core_pump.h"
#include "effect_faults.h"
#include "flow_notices.h"
#include "mag_tables.h"
#include "network.h"
#include "wire/mobility_header.h"

namespace flowmob::sim {

/// A gateway's machine: its daemon, its data plane, its state store and its access interfaces.
class MagNode {
 public:
  MagNode(World& world, Network& network, AccessNetwork& access, std::size_t number, core::MagConfig config);

  void start();                  ///< the daemon; after a crash it takes over what there is
  void crash() { pump.kill(); }  ///< the daemon alone; rows and records stay
  void lose_power();             ///< the whole machine: rows go too, and nobody can reach it
  void lose_records() { store_.clear(); }
  void regain_power();
  bool is_running() const { return pump.is_running(); }
  bool is_powered() const { return powered_; }

  /// The carrier of an access interface is or was seen by the daemon.
  void set_link(InterfaceIndex interface, bool up);
  bool is_up(InterfaceIndex interface) const { return links_.at(interface).up; }
  std::uint64_t downs(InterfaceIndex interface) const { return links_.at(interface).downs; }
  Result<core::Json> command(std::string_view name, const core::Json& arguments);
  const core::MagConfig& config() const { return config_; }
  const std::map<SessionId, core::AttachmentRecord>& store() const { return store_; }
  /// The wall clock is set.
  void step_clock(Duration by);

  std::vector<std::function<void()>> on_start;  ///< the daemon has started
  std::function<void(const core::InstallHost&, bool is_new)> on_host;
  /// An acknowledgement arrives that grants something.
  std::function<void(const wire::ProxyBindingAcknowledgement&)> on_grant;

  CorePump<core::MobileAccessGateway, core::MagEffect> pump;
  MagTables tables;
  FlowNotices notices;
  EffectFaults faults;

 private:
  void sweep_when_answered();
  void receive(const core::PacketMeta& meta, const Bytes& message);
  void touch(const MacAddress& station);
  void touch_hosts();
  template <class Row>
  bool needs_room(const Row& effect) const;
  Result<void> carry_out(const core::MagEffect& effect);
  Result<void> apply(const core::SendMessage& effect);
  Result<void> apply(const core::SendIcmpv6& effect);
  Result<void> apply(const core::SendPacket& effect);
  Result<void> apply(const core::Notify& effect);
  Result<void> apply(const core::SendNeighborDiscovery& effect);
  Result<void> apply(const core::SendFrame& effect);
  Result<void> apply(const core::SendDhcpToServer& effect);
  Result<void> apply(const core::PersistAttachment& effect);
  Result<void> apply(const core::ForgetAttachment& effect);
  template <class Row>
  Result<void> apply(const Row& effect);
  void check_json(const core::AttachmentRecord& record) const;

  World& world_;
  Network& network_;
  AccessNetwork& access_;
  std::size_t number_;
  core::MagConfig config_;
  bool powered_ = true;
  struct Link {
    bool up = false;
    std::uint64_t downs = 0;  ///< how often it went
  };
  std::map<InterfaceIndex, Link> links_;
  std::map<SessionId, core::AttachmentRecord> store_;
  std::uint64_t last_timestamp_ = 0;
  std::uint64_t persisted_ = 0;
};

}  // namespace flowmob::sim
