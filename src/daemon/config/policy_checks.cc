// SPDX-License-Identifier: Apache-2.0
// What no single value of a policy shows.
#include <algorithm>
#include <map>
#include <set>

#include "daemon/config/policy_file.h"
#include "daemon/config/rules.h"
#include "daemon/config/selectors.h"
#include "dataplane/abi/lma.h"

namespace flowmob::daemon::config {
namespace {

std::vector<std::string> technologies() {
  std::vector<std::string> names;
  for (const auto& word : Words<wire::AccessTechnology>::all()) names.emplace_back(word.text);
  return names;
}

class PolicyCheck {
 public:
  PolicyCheck(const std::vector<Element<PolicyRow>>& policies, const PolicyContext* context,
              Diagnostics& diagnostics)
      : policies_(policies), context_(context), diagnostics_(diagnostics) {
    if (context == nullptr) return;
    for (const auto& node : context->nodes) configured_.insert(node.id);
  }

  void run() {
    for (const auto& policy : policies_) {
      check_owner(policy);
      check_rules(policy);
    }
    if (context_ == nullptr) return;
    check_deciders();
    check_room();
  }

 private:
  void check_owner(const Element<PolicyRow>& policy);
  void check_node(const Element<PolicyRow>& policy, std::size_t index);
  void check_rules(const Element<PolicyRow>& policy);
  void check_rule(const Element<RuleRow>& rule, bool is_last);
  void check_name(const Element<RuleRow>& rule);
  void check_match(const Element<RuleRow>& rule);
  void check_service(const Element<MatchRow>& match);
  void check_links(const Element<RuleRow>& rule);
  void check_spread(const Element<RuleRow>& rule);
  std::size_t check_selectors(const Element<RuleRow>& rule, const NamedPrefixes& names);
  void check_deciders();
  void check_room();
  const Element<PolicyRow>* policy_of(const PolicyContext::Node& node) const;

  const std::vector<Element<PolicyRow>>& policies_;
  const PolicyContext* context_;
  Diagnostics& diagnostics_;
  Once<std::string> names_{"policy name", diagnostics_}, groups_{"group", diagnostics_},
      nodes_{"mobile node", diagnostics_};
  std::set<std::string_view> configured_;  ///< MN-IDs: there may be a million
  std::vector<std::string> known_nodes_;   ///< the same, once they are to be named
  std::map<std::string_view, const Element<PolicyRow>*> of_groups_, of_nodes_;
  const Element<PolicyRow>* standard_ = nullptr;
  std::map<const void*, std::size_t> selectors_;  ///< of a policy
};

void PolicyCheck::check_owner(const Element<PolicyRow>& policy) {
  const auto& held = policy.value.policy;
  names_.check(held.name, policy.at("name"));
  for (std::size_t i = 0; i < held.groups.size(); ++i) {
    groups_.check(held.groups[i], policy.at("groups", i));
    of_groups_.emplace(held.groups[i], &policy);
  }
  for (std::size_t i = 0; i < held.mobile_nodes.size(); ++i) check_node(policy, i);
  if (held.is_default && standard_ != nullptr)
    diagnostics_.add(policy.at("default"),
                     fmt::format("the other default policy is at line {}", standard_->at("default").line),
                     "one default policy");
  if (held.is_default) standard_ = &policy;
}

void PolicyCheck::check_node(const Element<PolicyRow>& policy, std::size_t index) {
  const auto& node = policy.value.policy.mobile_nodes[index];
  nodes_.check(node, policy.at("mobile_nodes", index));
  of_nodes_.emplace(node, &policy);
  if (context_ == nullptr || configured_.contains(node)) return;
  if (known_nodes_.empty()) known_nodes_.assign(configured_.begin(), configured_.end());
  check_known("mobile node", node, known_nodes_, policy.at("mobile_nodes", index), diagnostics_);
}

void PolicyCheck::check_rules(const Element<PolicyRow>& policy) {
  Once<std::string> once("rule name", diagnostics_);
  Once<std::string> services("service", diagnostics_);
  for (const auto& rule : policy.value.rules) {
    once.check(rule.value.rule.name, rule.at("name"));
    check_name(rule);
    services.check(rule.value.match.value.service, rule.value.match.at("service"));
    check_rule(rule, &rule == &policy.value.rules.back());
    selectors_[&policy] += check_selectors(rule, policy.value.prefixes);
  }
}

void PolicyCheck::check_rule(const Element<RuleRow>& rule, bool is_last) {
  check_links(rule);
  check_spread(rule);
  if (rule.value.match.node != nullptr) return check_match(rule);
  if (!is_last)
    diagnostics_.add(
        rule.node->at,
        fmt::format("rules stand behind '{}', which is for all that no other matches", rule.value.rule.name),
        "'match' here, or the rule at the end of its policy");
}

/// Commands know a flow by its name alone.
void PolicyCheck::check_name(const Element<RuleRow>& rule) {
  const auto& match = rule.value.match;
  if (context_ == nullptr || match.node == nullptr || !match.value.service.empty()) return;
  for (const auto& [identifier, flows] : context_->services)
    if (std::ranges::count(flows, rule.value.rule.name) != 0)
      diagnostics_.add(rule.at("name"),
                       fmt::format("'{}' is a flow of the service '{}'", rule.value.rule.name, identifier),
                       "a name of its own");
}

void PolicyCheck::check_match(const Element<RuleRow>& rule) {
  const auto& match = rule.value.match;
  const auto* members = match.node->as<Table>();
  if (members == nullptr) return;
  if (members->empty())
    diagnostics_.add(match.node->at, "the match has no condition: it would match everything",
                     "protocol, source, dscp or another; or no match, as the policy's last rule");
  if (!match.value.service.empty()) {
    if (members->size() > 1)
      diagnostics_.add(match.at("service"), "a service says itself which packets are its flows'",
                       "no other condition beside 'service'");
    return check_service(match);
  }
  const auto& protocol = match.value.protocol;
  const bool has_port = match.value.source_port || match.value.destination_port;
  const auto has_none = [](const NextHeader& p) { return p.number == 1 || p.number == 58; };
  if (protocol && has_port && std::ranges::any_of(protocol->values, has_none))
    diagnostics_.add(match.at("protocol"), "ICMP has no ports", "a protocol with ports, or no ports");
}

void PolicyCheck::check_service(const Element<MatchRow>& match) {
  if (context_ == nullptr) return;
  std::vector<std::string> known;
  for (const auto& [identifier, flows] : context_->services) known.push_back(identifier);
  check_known("service", match.value.service, known, match.at("service"), diagnostics_);
  const auto service = context_->services.find(match.value.service);
  if (service != context_->services.end() && service->second.empty())
    diagnostics_.add(match.at("service"), fmt::format("the service '{}' has no flows", match.value.service),
                     "a rule without 'match', for what no other matches");
}

void PolicyCheck::check_links(const Element<RuleRow>& rule) {
  const auto& prefer = rule.value.prefer;
  const Node* written = rule.node->find("prefer");
  const auto* items = written == nullptr ? nullptr : written->as<Array>();
  if (items != nullptr && items->empty())
    diagnostics_.add(written->at, "'prefer' is empty", "at least one MAG or access technology");
  if (context_ == nullptr || items == nullptr || items->size() != prefer.size()) return;
  auto known = technologies();
  known.insert(known.begin(), context_->mags.begin(), context_->mags.end());
  for (std::size_t i = 0; i < prefer.size(); ++i)
    check_known("MAG or access technology", prefer[i], known, rule.at("prefer", i), diagnostics_);
}

void PolicyCheck::check_spread(const Element<RuleRow>& rule) {
  const Node* written = rule.node->find("split");
  if (written == nullptr || written->as<Array>() == nullptr) return;
  const auto& shares = rule.value.split;
  if (shares.empty() || written->as<Array>()->size() != shares.size()) return;  // what is wrong was said
  if (rule.value.redundant)
    diagnostics_.add(written->at, "'split' and 'redundant' contradict each other", "one of the two");
  if (shares.size() != rule.value.prefer.size())
    diagnostics_.add(written->at,
                     fmt::format("{} shares for {} links", shares.size(), rule.value.prefer.size()),
                     "a share for each of 'prefer'");
  else if (std::ranges::count(shares, 0U) == static_cast<std::ptrdiff_t>(shares.size()))
    diagnostics_.add(written->at, "no link has a share", "a share that is not zero");
}

std::size_t PolicyCheck::check_selectors(const Element<RuleRow>& rule, const NamedPrefixes& names) {
  const auto& match = rule.value.match;
  if (match.node == nullptr || !match.value.service.empty()) return 0;
  if (match.value.source_name)
    for (const auto& name : match.value.source_name->values)
      if (!names.contains(name))
        diagnostics_.add(match.at("source_name"), fmt::format("no prefixes are known of the name '{}'", name),
                         "a name of the policy's 'names' file");
  const auto count = count_selectors(match.value, names);
  if (count == 0 && !match.value.source_name)
    diagnostics_.add(match.node->at, "the match has a list without a value: it would match nothing",
                     "a value in each list");
  if (count > FM_MAX_RULES)
    diagnostics_.add(match.node->at, fmt::format("the match comes to {} selectors", count),
                     fmt::format("at most {} a node", FM_MAX_RULES));
  return count;
}

/// A policy that names a node, or a group without any other node, is meant for it: it would do nothing. The
/// default policy is for whoever is left.
void PolicyCheck::check_deciders() {
  std::set<std::string_view> groups_obeying;
  for (const auto& node : context_->nodes)
    if (!node.gateways_decide) groups_obeying.insert(node.group);
  constexpr const char* kExpected = "`decider = \"lma\"` for them, or no policy";
  for (const auto& node : context_->nodes) {
    if (!node.gateways_decide) continue;
    if (const auto own = of_nodes_.find(node.id); own != of_nodes_.end()) {
      const auto& names = own->second->value.policy.mobile_nodes;
      const auto at = std::ranges::find(names, node.id) - names.begin();
      diagnostics_.add(own->second->at("mobile_nodes", static_cast<std::size_t>(at)),
                       fmt::format("the MAGs decide where the flows of '{}' go: no rule does", node.id),
                       kExpected);
    }
    const auto group = of_groups_.find(node.group);
    if (group == of_groups_.end() || groups_obeying.contains(node.group)) continue;
    groups_obeying.insert(node.group);  // said once
    const auto& names = group->second->value.policy.groups;
    const auto at = std::ranges::find(names, node.group) - names.begin();
    diagnostics_.add(
        group->second->at("groups", static_cast<std::size_t>(at)),
        fmt::format("the MAGs decide where the flows of the group '{}' go: no rule does", node.group),
        kExpected);
  }
}

const Element<PolicyRow>* PolicyCheck::policy_of(const PolicyContext::Node& node) const {
  if (const auto own = of_nodes_.find(node.id); own != of_nodes_.end()) return own->second;
  if (const auto groups = of_groups_.find(node.group); groups != of_groups_.end()) return groups->second;
  return standard_;
}

/// Once for each policy that is too big beside the services of some node.
void PolicyCheck::check_room() {
  std::set<const void*> said;
  for (const auto& node : context_->nodes) {
    const auto* policy = policy_of(node);
    if (node.gateways_decide || policy == nullptr || selectors_[policy] == 0 || said.contains(policy))
      continue;
    std::size_t flows = 0;
    for (const auto& service : node.services)
      if (const auto known = context_->services.find(service); known != context_->services.end())
        flows += known->second.size();
    if (selectors_[policy] + flows <= FM_MAX_RULES) continue;
    said.insert(policy);
    diagnostics_.add(policy->node->at,
                     fmt::format("the rules come to {} selectors, and the services of '{}' have {} flows",
                                 selectors_[policy], node.id, flows),
                     fmt::format("at most {} a node", FM_MAX_RULES));
  }
}

}  // namespace

PolicyContext context_of(const core::LmaConfig& config) {
  PolicyContext context;
  for (const auto& mag : config.mags) context.mags.push_back(mag.name);
  for (const auto& service : config.services)
    for (auto& flows = context.services[service.identifier]; const auto& flow : service.flows)
      flows.push_back(flow->name);
  for (const auto& node : config.mobile_nodes)
    context.nodes.push_back(
        {node.mn_id, node.group, node.services, core::decider_of(config, node) == core::Decider::Gateways});
  return context;
}

void load_names_of(std::vector<Element<PolicyRow>>& policies, Diagnostics& diagnostics) {
  for (auto& policy : policies) {
    if (!policy.value.names) continue;
    if (auto loaded = load_names(*policy.value.names))
      policy.value.prefixes = std::move(*loaded);
    else
      diagnostics.add(policy.at("names"), loaded.error().message, "a file of names and prefixes");
  }
}

void check_policies(const std::vector<Element<PolicyRow>>& policies, const PolicyContext* context,
                    Diagnostics& diagnostics) {
  PolicyCheck(policies, context, diagnostics).run();
}

}  // namespace flowmob::daemon::config
