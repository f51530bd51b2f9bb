// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/mn/address_table.h"
#include "core/mn/logical_interface.h"
#include "core/mn/member.h"

namespace flowmob::core {

struct MnStatistics {
  std::uint64_t received = 0;  ///< advertisements
  std::uint64_t accepted = 0;
  std::uint64_t solicited = 0;  ///< solicitations sent
  std::uint64_t questions = 0;  ///< to routers, whether they are there
  std::uint64_t answers = 0;
  std::uint64_t answered = 0;  ///< questions of neighbours about members' link-local addresses
  std::map<std::string, std::uint64_t, std::less<>> drops;

  void drop(std::string_view reason) {
    const auto found = drops.find(reason);
    ++(found == drops.end() ? drops.emplace(reason, 0).first : found)->second;
  }
};

/// Whom an event is about.
inline Json about(const MemberState& member) {
  return {{"interface", member.config.interface}, {"number", member.number}};
}

/// None on a link without addresses. There has to be a router.
inline Json written_router_mac(const MemberState& member) {
  return member.config.raw_ip ? Json() : Json(member.router->mac.to_string());
}

/// And which router it has. There has to be one.
inline Json about_router(const MemberState& member) {
  Json fields = about(member);
  fields["router"] = member.router->address.to_string();
  fields["router_mac"] = written_router_mac(member);
  return fields;
}

/// Every input changes members and addresses; update() then compares what should stand outside with what was
/// asked for last, and asks for the difference.
class LogicalInterface::Impl {
 public:
  explicit Impl(MnConfig config);

  void handle_link(Now now, InterfaceIndex interface, bool up);
  void handle_neighbor_discovery(Now now, const PacketMeta& meta, ByteView icmpv6);
  void adopt_address(Now now, const EnsureAddress& address);
  void handle_timeout(Now now);
  void handle_effect_result(EffectId id, const Result<void>& outcome);
  void reinstall(Now now);
  Result<void> reconfigure(Now now, MnConfig config, Duration drain);
  std::optional<TimePoint> poll_timeout() const;
  std::optional<MnEffect> poll_effect();

  const MnConfig& config() const { return config_; }
  Json links(Now now) const;
  Json statistics() const;

 private:
  struct Told {
    std::map<std::uint32_t, InstallMember> members;
    std::optional<std::uint32_t> default_member;
    std::optional<std::uint32_t> mtu;
    std::optional<EnsureDefaultRouter> router;
    std::map<Ipv6Address, AddressTable::Standing> addresses;
  };

  Result<void> number(MnConfig& config);
  void change_members(Now now, Duration drain);
  bool let_go(TimePoint now);
  MemberState* find(InterfaceIndex interface);
  MemberState* find(const std::string& interface);
  bool hear_of_own(TimePoint now, const PacketMeta& meta, ByteView icmpv6);
  bool give_up_own(TimePoint now, MemberState& member);
  void speak_of_own(TimePoint now);
  bool answer_neighbor(TimePoint now, MemberState& member, const PacketMeta& meta, ByteView icmpv6);
  bool take_answer(TimePoint now, const PacketMeta& meta, ByteView icmpv6);
  bool can_ask(const MemberState& member) const;
  void ask_router(const MemberState& member, EffectId id);
  void watch_router(TimePoint now, MemberState& member);
  void check_address(TimePoint now, MemberState& member);
  bool can_carry(const MemberState& member) const;
  const MemberState* default_member() const;
  const MemberState* default_router_member() const;

  void update(TimePoint now);
  void update_members();
  void update_default_member();
  void update_mtu();
  void update_source(const AddressTable::Standing& address, std::uint32_t told);
  void update_addresses(TimePoint now);
  void update_router();
  MacAddress mac_of_router(const MemberState& member) const;
  void solicit(TimePoint now);
  template <class Action>
  void ask(Action action) {
    effects_.push_back({EffectId{}, std::move(action)});
  }
  void notify(std::string event, Json fields) { ask(Notify{std::move(event), std::move(fields)}); }

  MnConfig config_;
  std::vector<MemberState> members_;  ///< in the order of preference, behind them those that leave
  AddressTable addresses_;
  bool taken_over_ = false;  ///< from an earlier run, and no router heard yet
  Told told_;
  MnStatistics statistics_;
  std::deque<MnEffect> effects_;
};

}  // namespace flowmob::core
