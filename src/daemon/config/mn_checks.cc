// SPDX-License-Identifier: Apache-2.0
// What no single value of a mobile node's file shows.
#include "core/mn/member_numbers.h"
#include "daemon/config/mn_file.h"
#include "daemon/config/rules.h"
#include "daemon/config/selectors.h"
#include "dataplane/abi/vif.h"

namespace flowmob::daemon::config {

namespace {

/// The others are for commands.
constexpr std::size_t kMostSelectors = FM_MAX_VIF_RULES - FM_MAX_VIF_COMMANDS;
static_assert(core::FlowChoices::kMostMoved == FM_MAX_VIF_COMMANDS);

void check_rules(const std::vector<Element<MnRuleRow>>& rules, Diagnostics& diagnostics) {
  Once<std::string> once("rule name", diagnostics);
  std::size_t selectors = 0;
  for (const auto& rule : rules) {
    once.check(rule.value.name, rule.at("name"));
    const auto& match = rule.value.match;
    const auto* members = match.node == nullptr ? nullptr : match.node->as<Table>();
    if (members == nullptr) continue;
    const auto count = count_selectors(match.value, {}) * count_senders(match.value);
    if (members->empty() || count == 0)
      diagnostics.add(match.node->at, "the match has no condition", "protocol, source, a port or another");
    selectors += count;
    if (selectors <= kMostSelectors) continue;
    return diagnostics.add(match.node->at, fmt::format("the rules come to {} selectors", selectors),
                           fmt::format("at most {}", kMostSelectors));
  }
}

void check_member(const std::string& name, const MnHead& head, Position at, InterfaceCheck& interfaces,
                  const LoadOptions& options, Diagnostics& diagnostics) {
  const auto before = diagnostics.size();
  interfaces.check(name, at);
  if (name.empty() || diagnostics.size() != before || !options.check_member) return;
  const auto fit = options.check_member(name, head.settings.core.interface, head.backend);
  if (!fit) diagnostics.add(at, fmt::format("{} [{}]", fit.error().message, fit.error().code));
}

void check_split(const Element<MnRuleRow>& rule, Diagnostics& diagnostics) {
  const Node* written = rule.node->find("split");
  if (written == nullptr || written->as<Array>() == nullptr) return;
  const auto& shares = rule.value.split;
  if (written->as<Array>()->size() != shares.size()) return;  // what is wrong was said
  if (!rule.node->find("prefer"))
    diagnostics.add(written->at, "'split' without 'prefer'", "a list of members in 'prefer'");
  else if (shares.size() != rule.value.prefer.size())
    diagnostics.add(written->at,
                    fmt::format("{} shares for {} members", shares.size(), rule.value.prefer.size()),
                    "a share for each of 'prefer'");
  else if (shares.size() > core::Spread::kMostLinks)
    diagnostics.add(written->at, fmt::format("{} shares", shares.size()),
                    fmt::format("at most {}", core::Spread::kMostLinks));
  else if (std::ranges::count(shares, 0U) == static_cast<std::ptrdiff_t>(shares.size()))
    diagnostics.add(written->at, "no member has a share", "a share that is not zero");
}

/// Never both: where the anchor decides the node has no word.
void check_action(const Element<MnRuleRow>& rule, const MnFile& file, Diagnostics& diagnostics) {
  const Node* prefer = rule.node->find("prefer");
  const Node* redundant = rule.node->find("redundant");
  if (!prefer && !redundant)
    diagnostics.add(rule.node->at, "the rule says neither 'prefer' nor 'redundant'", "one of the two");
  if (prefer && redundant)
    diagnostics.add(redundant->at, "'redundant' and 'prefer' contradict each other", "one of the two");
  if (!prefer) return;
  if (file.mn.value.decider == Decider::Lma)
    diagnostics.add(prefer->at, "'prefer' where the anchor decides which link a flow takes",
                    "`decider = \"mn\"` in [mn], or no 'prefer'");
  const auto* items = prefer->as<Array>();
  if (items != nullptr && items->empty())
    diagnostics.add(prefer->at, "'prefer' is empty", "at least one member's interface");
  if (items == nullptr || items->size() != rule.value.prefer.size()) return;  // what is wrong was said
  std::vector<std::string> known;
  for (const auto& member : file.members) known.push_back(member.value.interface);
  Once<std::string> once("interface", diagnostics);
  for (std::size_t i = 0; i < rule.value.prefer.size(); ++i) {
    check_known("member", rule.value.prefer[i], known, rule.at("prefer", i), diagnostics);
    once.check(rule.value.prefer[i], rule.at("prefer", i));
  }
}

}  // namespace

void check_mn(const MnFile& file, const LoadOptions& options, Diagnostics& diagnostics) {
  InterfaceCheck interfaces(options, diagnostics);
  const std::string& own = file.mn.value.settings.core.interface;
  for (const auto& member : file.members) {
    const std::string& name = member.value.interface;
    if (!name.empty() && name == own)
      diagnostics.add(member.at("interface"), fmt::format("'{}' is the virtual interface itself", name),
                      "a physical interface");
    else
      check_member(name, file.mn.value, member.at("interface"), interfaces, options, diagnostics);
  }
  static_assert(core::kMemberNumbers <= FM_MAX_MEMBERS);
  if (file.members.size() > core::kMostMembers)
    diagnostics.add(file.members[core::kMostMembers].node->at, fmt::format("{} members", file.members.size()),
                    fmt::format("at most {} [[member]]", core::kMostMembers));
  check_rules(file.rules, diagnostics);
  for (const auto& rule : file.rules) {
    check_action(rule, file, diagnostics);
    check_split(rule, diagnostics);
    check_senders(rule, file.mn.value.decider, diagnostics);
  }
}

MnSettings assemble(MnFile file) {
  MnSettings settings = std::move(file.mn.value.settings);
  settings.core.mac = file.mn.value.mac.address;
  settings.backend = file.mn.value.backend;
  settings.core.members_are_ports = settings.backend != VifBackend::Veth;
  settings.flows.node_decides = file.mn.value.decider == Decider::Mn;
  for (auto& member : file.members) {
    settings.flows.members.push_back(member.value.interface);
    settings.core.members.push_back(std::move(member.value));
  }
  for (auto& rule : file.rules)
    settings.flows.rules.push_back({rule.value.name,
                                    make_selectors(rule.value.match.value, {}),
                                    std::move(rule.value.prefer),
                                    {rule.value.split.begin(), rule.value.split.end()},
                                    make_senders(rule.value.match.value)});
  fill_paths(settings.paths, settings.core.name, false);
  return settings;
}

}  // namespace flowmob::daemon::config
