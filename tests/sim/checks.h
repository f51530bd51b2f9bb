// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "domain.h"
#include "farewell_checks.h"
#include "lifetime_checks.h"
#include "ownership_checks.h"

namespace flowmob::sim {

/// What has to hold in a domain: after every event, when it has come to rest, and when everybody has left.
/// After an event only the nodes that it touched are looked at; what is judged by time wakes its node.
class Checks {
 public:
  /// Checks from now on after every event.
  explicit Checks(Domain& domain);
  Checks(const Checks&) = delete;
  Checks& operator=(const Checks&) = delete;

  /// Something happened that no signalling can hide, like a link that breaks: the node may lose packets until
  /// then.
  void allow_outage(std::size_t node, Duration span);
  /// The link is on its way out by command: nothing is promised over it.
  void retire(Port port) { retired_[port] = true; }
  void unretire(Port port) { retired_[port] = false; }

  /// LMA, MAGs and nodes agree about who is attached where. For a domain at rest.
  void require_agreement() const;
  /// Nothing is left of anybody: no row, no record, no timer, no entry.
  void require_empty() const;
  /// All that its gateway serves it with.
  bool is_settled(Port port) const;
  bool is_left_over(std::size_t node, std::size_t mag, const Ipv6Prefix& prefix) const;
  /// For packets to and from this address.
  bool is_settled(Port port, const Ipv6Address& address) const;

  Duration tolerance{};  ///< how long a flow may be without delivery, otherwise
  /// And how long if it goes to a gateway that has heard none of the LMA's answers: nobody tells the LMA,
  /// which believes in it until the binding expires.
  Duration belief{};
  /// Interfaces have prefixes of their own: a flow's uplink is where its address is once a packet has come
  /// down that way.
  bool are_links_apart = false;
  bool rows_may_be_incomplete = false;  ///< effects fail, or only some of a crash's were carried out
  LifetimeChecks lifetimes;
  OwnershipChecks ownership;
  FarewellChecks farewells;

 private:
  void after_event();
  void check_node(std::size_t node);
  void check_rows(std::size_t node) const;
  void check_rows_of(NodeIndex index) const;
  void check_flow_row(FlowIndex flow, NodeIndex owner) const;
  bool can_judge_records() const;
  void check_record(std::size_t node) const;
  void check_sessions(const core::NodeRecord& record) const;
  void check_off_link() const;
  void check_guests(const core::NodeRecord& record, std::size_t node) const;
  void check_flows(const core::NodeRecord& record) const;
  void check_nothing_else(const core::NodeRecord& record) const;
  void check_no_rows(std::size_t node, NodeIndex index) const;
  void check_promise(std::size_t node);
  bool is_excused(std::size_t node) const;
  void check_delivery(std::size_t node, const Ipv6Address& address);
  bool is_judged(std::size_t node, const Packet& packet, bool is_down) const;
  bool goes_to_the_deaf(const Packet& packet) const;
  void lost(std::size_t node, bool to_the_deaf, const std::string& what);
  std::vector<Ipv6Address> settled_addresses(std::size_t node);
  void check_port(Port port) const;
  void wake(std::size_t node, Duration when);

  Domain& domain_;
  World& world_;
  struct Settled {
    std::size_t member;
    Ipv6Address address;
    Duration since;
  };
  std::vector<std::vector<Settled>> settled_;  ///< of each node
  std::map<Port, bool> retired_;
  std::map<std::size_t, Duration> outage_until_;
  struct Loss {
    Duration since{};
    bool is_seen = false;  ///< in this event
  };
  std::map<std::pair<std::size_t, bool>, Loss> losses_;  ///< of a node; to the deaf or otherwise
  std::set<std::size_t> unjudged_;                       ///< their records, while effects wait for answers
};

}  // namespace flowmob::sim
