// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "daemon/config/load.h"
#include "daemon/config/policy_file.h"
#include "daemon/config/protocol_values.h"
#include "daemon/config/schema.h"

/// A mobile node's file: [mn], [[member]], [[rule]].
namespace flowmob::daemon::config {

struct MnHead {
  MnSettings settings;
  InterfaceMac mac;
  Decider decider = Decider::Lma;
  VifBackend backend = VifBackend::Veth;
};

struct MnRuleRow {
  std::string name;
  Element<MatchRow> match;
  bool redundant = false;
  std::vector<std::string> prefer;
  std::vector<unsigned> split;
};

/// The file as it was read, value by value.
struct MnFile {
  Element<MnHead> mn;
  std::vector<Element<core::MemberConfig>> members;
  std::vector<Element<MnRuleRow>> rules;
};

const Section<MnFile>& mn_section();
/// What no single value shows.
void check_mn(const MnFile& file, const LoadOptions& options, Diagnostics& diagnostics);
MnSettings assemble(MnFile file);

/// The uids of users that are named; without `find_user` they are not asked for.
void find_users_of(std::vector<Element<MnRuleRow>>& rules, const LoadOptions& options,
                   Diagnostics& diagnostics);
/// How many alternatives a match has of who sends, and which.
std::size_t count_senders(const MatchRow& match);
std::vector<core::Sender> make_senders(const MatchRow& match);
void check_senders(const Element<MnRuleRow>& rule, Decider decider, Diagnostics& diagnostics);

}  // namespace flowmob::daemon::config
