// SPDX-License-Identifier: Apache-2.0
// What no single value of a mobile node's file shows.
#include "daemon/config/mn_file.h"
#include "daemon/config/rules.h"
#include "daemon/config/selectors.h"
#include "dataplane/abi/vif.h"

namespace flowmob::daemon::config {

namespace {

void check_rules(const std::vector<Element<MnRuleRow>>& rules, Diagnostics& diagnostics) {
  Once<std::string> once("rule name", diagnostics);
  std::size_t selectors = 0;
  for (const auto& rule : rules) {
    once.check(rule.value.name, rule.at("name"));
    const auto& match = rule.value.match;
    const auto* members = match.node == nullptr ? nullptr : match.node->as<Table>();
    if (members == nullptr) continue;
    const auto count = count_selectors(match.value, {});
    if (members->empty() || count == 0)
      diagnostics.add(match.node->at, "the match has no condition", "protocol, source, a port or another");
    selectors += count;
    if (selectors <= FM_MAX_VIF_RULES) continue;
    return diagnostics.add(match.node->at, fmt::format("the rules come to {} selectors", selectors),
                           fmt::format("at most {}", FM_MAX_VIF_RULES));
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
      interfaces.check(name, member.at("interface"));
  }
  if (file.members.size() > FM_MAX_MEMBERS)
    diagnostics.add(file.members[FM_MAX_MEMBERS].node->at, fmt::format("{} members", file.members.size()),
                    fmt::format("at most {} [[member]]", FM_MAX_MEMBERS));
  check_rules(file.rules, diagnostics);
}

MnSettings assemble(MnFile file) {
  MnSettings settings = std::move(file.mn.value.settings);
  settings.core.mac = file.mn.value.mac.address;
  for (auto& member : file.members) settings.core.members.push_back(std::move(member.value));
  for (const auto& rule : file.rules)
    for (auto& selector : make_selectors(rule.value.match.value, {}))
      settings.copied.push_back(std::move(selector));
  fill_paths(settings.paths, settings.core.name, false);
  return settings;
}

}  // namespace flowmob::daemon::config
