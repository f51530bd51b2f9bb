// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "dataplane/abi/vif.h"
#include "platform/dataplane/pinned_dataplane.h"
#include "wire/traffic_selector.h"

namespace flowmob::dataplane {

/// Of which sockets on this node a rule is; the first packet that tells decides (docs/adr/0073).
struct VifSender {
  std::optional<wire::Range<std::uint32_t>> uids{};
  std::filesystem::path cgroup{};  ///< its directory; those below it, too
  std::uint64_t cgroup_id{};       ///< one that is made anew in the same place is another
  bool is_nobody = false;          ///< there is no such user or cgroup
  friend bool operator==(const VifSender&, const VifSender&) = default;
};

/// What the node does with some flows, whatever the anchor decides: each packet by every member at once
/// (docs/adr/0059), all by the first of some members that is up (docs/adr/0062), or each 5-tuple by one of
/// them.
struct VifRule {
  wire::TrafficSelector6 selector;      ///< marks are those of what the node sends
  std::vector<std::uint32_t> prefer{};  ///< numbers of members, the best first; empty: by every member
  std::vector<std::uint16_t> shares{};  ///< of each of these, at most Spread::kMostLinks; empty: by the first
  bool is_absent = false;               ///< those it prefers are no members: by the default
  VifSender sender{};                   ///< what it has to have been sent by, too
  friend bool operator==(const VifRule&, const VifRule&) = default;
};

struct VifDataplaneOptions {
  std::filesystem::path bpf_dir;     ///< on a BPF file system; nobody else's
  std::string interface;             ///< the virtual interface
  std::vector<std::string> members;  ///< by their numbers, from 0; empty: nobody has it
  bool reflect = true;               ///< uplink follows the link that the flow's downlink last came by
  Duration hold = std::chrono::milliseconds(100);  ///< no return to the link just left before this
  std::uint32_t max_flows = 1U << 14;
  std::vector<VifRule> rules{};  ///< the first that matches a flow counts
  bool has_ports = false;        ///< the members; such a device may change its link-layer address
  Ipv6Address link_local = {};   ///< of the virtual interface; others are members'. Unspecified: it has none
};

struct Member {
  std::uint32_t number{};
  InterfaceIndex interface;
  MacAddress mac;  ///< source of what leaves by it
  bool up = false;
  MacAddress router{};  ///< where members have different routers; zero: as the stack resolved it
  bool raw_ip = false;  ///< a link without a link-layer header; `router` is what the stack takes for it
};

/// A flow as it was last seen. Source: the correspondent.
struct VifFlow {
  Ipv6Address source, destination;
  std::uint8_t protocol{};
  std::uint16_t source_port{}, destination_port{};  ///< zero where the protocol has none
  std::uint32_t member{};
  std::uint32_t moves{};
  Duration idle{};
  Traffic traffic;
  std::optional<std::size_t> rule{};  ///< that has matched, by its place among the present ones
};

/// The mobile node's packets: each flow on its member link. open() takes over what a predecessor left.
class VifDataplane {
 public:
  static Result<std::unique_ptr<VifDataplane>> open(const VifDataplaneOptions& options);
  static Result<void> teardown(const VifDataplaneOptions& options);
  /// The numbers of members in what a predecessor left in this directory: open() takes flows for those of the
  /// same number's member. Nothing where there is no predecessor.
  static std::vector<Member> left_in(const std::filesystem::path& bpf_dir);

  /// Attaches again, for interfaces that went and came back.
  Result<void> attach() const;

  /// Idempotent; a member that is down gets no packet. "no-such-member".
  Result<void> set_member(const Member& member);
  /// One more, under a number that is free: its packets are ours from now on. set_member() has to come first.
  Result<void> add_member(std::uint32_t number, const std::string& interface);
  /// Its packets are not ours any more, its number is free, and flows that had it have the default member.
  Result<void> remove_member(std::uint32_t number);
  /// Takes our program off an interface, whatever it is called by now. "tc-detach".
  static Result<void> leave(InterfaceIndex interface);
  /// For flows not yet seen on any link, and while a flow's own member is down.
  Result<void> set_default_member(std::uint32_t number);
  /// What is sent from the prefix begins by one of these members, a bit for each; none: by any.
  Result<void> set_source(const Ipv6Prefix& prefix, std::uint32_t members);
  /// Of a predecessor's all others.
  Result<void> forget_sources_but(const std::vector<Ipv6Prefix>& prefixes);
  /// Instead of those of the options: all of them, or none, and the former ones hold. "too-many-rules",
  /// "no-such-member", "cgroup": one cannot be opened that is there, "bpf-map".
  Result<void> set_rules(std::vector<VifRule> rules);
  /// The virtual interface's link-layer address has changed.
  Result<void> refresh_interface();

  /// Whether the packets of the virtual interface are captured.
  Result<void> set_captured(bool on);

  const std::vector<VifRule>& rules() const { return options_.rules; }
  std::vector<VifFlow> flows() const;
  std::vector<DropCount> drops() const { return pinned_.drops(); }

  const BpfObject& object() const { return pinned_.object(); }

 private:
  static constexpr std::uint32_t kConfigRow = 0;
  static std::vector<Attachment> attachments(const VifDataplaneOptions& options);
  VifDataplane(VifDataplaneOptions options, PinnedDataplane pinned);
  Result<void> forget_former_members();
  Result<void> forget_member(std::uint32_t number);
  void give_flows_away(std::uint32_t number);
  bool is_in_use(InterfaceIndex interface) const;
  std::uint32_t heir_of(std::uint32_t number) const;
  std::uint32_t heir_of_flow(const fm_flow_key& key, std::uint32_t heir) const;
  Result<void> write_rules();
  Result<void> write_rule(std::uint32_t row, std::uint32_t order, const VifRule& rule);
  Result<void> write_sender(std::uint32_t row, const VifRule& rule, fm_rule& written);
  Result<void> write_cgroup(std::uint32_t row, const VifSender& sender);
  Result<void> forget_cgroups(std::uint32_t first);

  VifDataplaneOptions options_;
  bool is_captured_ = false;
  PinnedDataplane pinned_;
  BpfMap<std::uint32_t, fm_vif_config> config_;
  BpfMap<std::uint32_t, fm_address_number> link_local_;
  BpfMap<std::uint32_t, fm_member_row> members_;
  BpfMap<std::uint64_t, fm_vif_source> sources_;
  BpfMap<fm_flow_key, fm_vif_flow> flows_;
  BpfMap<std::uint32_t, fm_vif_rule_set> rule_set_;
  BpfMap<std::uint32_t, fm_rule> rules_;
  BpfMap<std::uint32_t, fm_vif_preference> preferences_;
  BpfMap<std::uint32_t, fm_vif_sender> senders_;
  BpfMap<std::uint32_t, std::uint32_t> cgroups_;
};

}  // namespace flowmob::dataplane
