// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/lma/config.h"
#include "daemon/config/load.h"
#include "daemon/config/names_file.h"
#include "daemon/config/policy_values.h"
#include "daemon/config/schema.h"
#include "daemon/config/sender_values.h"

/// [[policy]]: rules for flows, in an LMA's file or in one of their own.
namespace flowmob::daemon::config {

struct MatchRow {
  std::string service;
  std::optional<OneOrMore<NextHeader>> protocol;
  std::optional<OneOrMore<wire::Range<Ipv6Address>>> source, destination;
  std::optional<OneOrMore<std::string>> source_name;
  std::optional<OneOrMore<wire::Range<std::uint16_t>>> source_port, destination_port;
  std::optional<OneOrMore<wire::Range<std::uint32_t>>> spi, flow_label;
  std::optional<OneOrMore<wire::Range<std::uint8_t>>> dscp;
  std::optional<OneOrMore<core::Sender::Users>> user;  ///< of a mobile node, and so is the next
  std::optional<OneOrMore<CgroupPath>> cgroup;
};

struct RuleRow {
  core::FlowRule rule;
  Element<MatchRow> match;
  std::vector<std::string> prefer;
  std::vector<unsigned> split;
  bool redundant = false;
};

struct PolicyRow {
  core::FlowPolicy policy;
  std::optional<std::filesystem::path> names;
  NamedPrefixes prefixes{};  ///< what is in that file
  std::vector<Element<RuleRow>> rules;
};

/// A file that has nothing but policies.
struct PolicyFile {
  std::vector<Element<PolicyRow>> policies;
};

/// What rules refer to.
struct PolicyContext {
  struct Node {
    std::string id, group;
    std::vector<std::string> services;
    bool gateways_decide = false;  ///< rules are not for it
  };
  std::vector<std::string> mags;
  std::map<std::string, std::vector<std::string>> services;  ///< by identifier: the names of its flows
  std::vector<Node> nodes;
};
PolicyContext context_of(const core::LmaConfig& config);

/// The keys of a match, in the table of that name; `at_anchor`: also those that an anchor alone knows.
Section<MatchRow> match_section(std::string table, bool at_anchor);
Section<PolicyRow> policy_section();
const Section<PolicyFile>& policy_file_section();

/// Once: what is checked is what is used, whatever becomes of the files meanwhile.
void load_names_of(std::vector<Element<PolicyRow>>& policies, Diagnostics& diagnostics);
/// What no single value shows. Without a context what rules refer to cannot be checked.
void check_policies(const std::vector<Element<PolicyRow>>& policies, const PolicyContext* context,
                    Diagnostics& diagnostics);
/// Of policies in which nothing is wrong. A word that is no MAG's name is an access technology.
std::vector<Shared<core::FlowPolicy>> assemble_policies(const std::vector<Element<PolicyRow>>& policies,
                                                        const std::vector<std::string>& mags);

}  // namespace flowmob::daemon::config
