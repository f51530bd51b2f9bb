// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/mn/own_address.h"
#include "daemon/config/settings.h"
#include "daemon/mn/former_device.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// The virtual interface, as one of the kernel's devices (docs/adr/0070). Its program takes every packet that
/// leaves it, and what arrives on members is put into it, whatever the device would have done by itself. It
/// has a link-local address of its own, from which a DHCPv6 client on it speaks; others are the members'.
///
/// A veth's other end, NAME-peer, only keeps the carrier up. Of a bridge, a bond or a team the members are
/// ports: the kernel gives them no addresses then.
class VirtualInterface {
 public:
  struct Plan {
    std::string name;
    MacAddress mac;
    VifBackend backend = VifBackend::Veth;
    std::filesystem::path record;  ///< how one that was there before us was
  };
  VirtualInterface(platform::Netlink& netlink, Plan plan)
      : netlink_(netlink), plan_(std::move(plan)), former_(netlink, plan_.record) {}

  /// What the record says was made or taken: it is ours, whatever the plan says by now.
  struct OnRecord {
    std::string name;
    VifBackend backend;
  };
  std::optional<OnRecord> on_record() const;
  /// "interface-changed": the record has another one than the plan.
  Result<void> check_record() const;

  /// Makes it, or takes it over: an earlier run's or, other than a veth, anybody's that has no ports but
  /// members, or `former` ones, and (`is_ours` by an earlier run's rows) no global addresses.
  /// "interface-in-use", "foreign-port", "has-global-address", "no-such-backend", "record-failed".
  Result<platform::Link> ensure(const std::vector<std::string>& members,
                                const std::vector<InterfaceIndex>& former, bool is_ours);
  /// One that was there before us stays, with its ports; and as it is unless it `is_ours`: taken by us.
  Result<void> remove(bool is_ours);
  /// Then, when members have left it: its MTU and IPv6 settings, as they were. Where that is not known and it
  /// `is_ours`, those of `default`. "bad-record".
  Result<void> put_back_settings(bool is_ours);
  /// What its packets may have; of IPv6 alone where the device would change its ports' as well.
  Result<void> set_mtu(std::uint32_t mtu);

  Ipv6Address link_local() const { return core::link_local_of_vif(plan_.mac); }
  /// Which it loses when it is set down. Idempotent.
  Result<void> ensure_link_local(InterfaceIndex interface);

  /// Made by this run or an earlier one, by what it looks like.
  static bool is_ours(const platform::Link& link);
  bool has_ports() const { return plan_.backend != VifBackend::Veth; }
  bool is_port(const platform::Link& member);
  /// Idempotent, and nothing without ports. "has-master", "cannot-be-port".
  Result<void> take_port(const platform::Link& member);
  /// Nothing if it is no port of it (any more).
  Result<void> release_port(InterfaceIndex member);

 private:
  bool can_be_taken(const platform::Link& link);
  Result<void> check_ports(const platform::Link& link, const std::vector<std::string>& members,
                           const std::vector<InterfaceIndex>& former);
  Result<void> check_addresses(const platform::Link& link);
  Result<std::vector<platform::Link>> ports_of(const platform::Link& link);
  Result<void> forget_link_local(const platform::Link& link);
  /// Idempotent.
  Result<void> remove_link_local(const platform::Link& link, const Ipv6Address& former);
  Result<void> create();
  Result<void> note_made();
  Result<void> give_back(const platform::Link& link);
  Result<void> bring_up();
  Result<void> join(const platform::Link& member, const platform::Link& own);
  bool sets_ports_up() const {
    return plan_.backend == VifBackend::Bond || plan_.backend == VifBackend::Team;
  }
  bool is_made_by_us(const platform::Link& link) const;

  platform::Netlink& netlink_;
  Plan plan_;
  FormerDevice former_;
};

}  // namespace flowmob::daemon
