// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/effect.h"
#include "core/mn/sender.h"
#include "wire/traffic_selector.h"

namespace flowmob::core {

/// What a mobile node's file says of some flows, in the downlink direction: source is the correspondent.
struct MemberRule {
  std::string name;
  std::vector<wire::TrafficSelector6> selectors;  ///< what one of these matches is meant
  std::vector<std::string> prefer;                ///< members, the best first; empty: each packet by all
  std::vector<std::uint16_t> shares = {};  ///< of each of these, of new flows; empty: the first takes all
  std::vector<Sender> senders = {};        ///< and sent by one of these; empty: by whomever
  bool is_redundant() const { return prefer.empty(); }
  std::size_t row_count() const { return selectors.size() * (senders.empty() ? 1 : senders.size()); }
  friend bool operator==(const MemberRule&, const MemberRule&) = default;
};

struct FlowChoiceConfig {
  std::vector<std::string> members;  ///< by number; empty: nobody has it
  bool node_decides = false;         ///< `decider`: else the anchor does, and there is no rule that prefers
  std::vector<MemberRule> rules;
  friend bool operator==(const FlowChoiceConfig&, const FlowChoiceConfig&) = default;
};

/// A mobile node's own word on its flows (docs/adr/0062): rules, and before them what commands have moved.
class FlowChoices {
 public:
  /// Selectors that commands may bring; the data plane has room for no more.
  static constexpr std::size_t kMostMoved = 16;

  /// One row of the data plane, in the order of matching.
  struct Row {
    std::string name;  ///< of the rule, or the 5-tuple that a command named
    bool by_command = false;
    wire::TrafficSelector6 selector;
    std::vector<std::uint32_t> prefer;       ///< numbers of members; empty: by all of them
    std::vector<std::uint16_t> shares = {};  ///< of each of these; empty: by the first that is up
    bool is_absent = false;  ///< of those that it prefers none is a member now: by the default
    Sender sender = {};
    std::uint64_t cgroup_id = 0;  ///< of the sender's cgroup, as it is now
    std::string missing = {};     ///< why nobody can be the sender: the row matches nothing
    bool is_redundant() const { return prefer.empty() && !is_absent; }
    friend bool operator==(const Row&, const Row&) = default;
  };

  explicit FlowChoices(FlowChoiceConfig config) : config_(std::move(config)) {}

  /// What commands have moved stays moved, if its member and its rule are still there.
  void configure(FlowChoiceConfig config);
  /// {"flow": a rule's name or a 5-tuple, "to": a member}. "lma-decides", "no-such-flow", "bad-flow",
  /// "no-such-member", "flow-is-redundant", "too-many-moves", "bad-argument". Nothing is changed by a
  /// refusal.
  Result<Json> move(const Json& arguments);
  /// {"flow"}: its rule counts again, or it follows its downlink. "no-such-flow" and as above.
  Result<Json> release(const Json& arguments);

  /// Cgroups that rules name.
  std::set<std::string> cgroups() const;
  /// Those of them that there are now; one that is made anew has another number.
  void set_cgroups(std::map<std::string, std::uint64_t> ids) { cgroup_ids_ = std::move(ids); }

  /// Users that rules name, other than by number.
  std::set<std::string> users() const;
  /// Those that were looked for; none: nobody has that name.
  void set_users(std::map<std::string, std::optional<std::uint32_t>> uids) { uids_ = std::move(uids); }

  std::vector<Row> rows() const;
  /// [{"rule", "why"}]: those that match nothing: there is no such user or cgroup, or the user is not known
  /// yet.
  Json absent_rules() const;
  const FlowChoiceConfig& config() const { return config_; }

 private:
  struct Moved {
    std::string name;
    std::vector<wire::TrafficSelector6> selectors;  ///< of a 5-tuple; a rule's are its own
    std::string member;
  };
  const MemberRule* find_rule(std::string_view name) const;
  std::size_t row_count(const Moved& moved) const;
  std::string find_user_of(Sender& sender) const;
  void add_rows(std::vector<Row>& rows, const MemberRule& rule, Row row) const;
  std::optional<std::uint32_t> number_of(std::string_view member) const;
  Result<Moved> meant_by(const Json& arguments) const;
  std::size_t rows_moved(std::string_view without) const;

  FlowChoiceConfig config_;
  std::vector<Moved> moved_;  ///< the latest first
  std::map<std::string, std::uint64_t> cgroup_ids_;
  std::map<std::string, std::optional<std::uint32_t>> uids_;
};

}  // namespace flowmob::core
