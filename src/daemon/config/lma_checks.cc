// SPDX-License-Identifier: Apache-2.0
// What no single value of an LMA's file shows.
#include <algorithm>
#include <map>
#include <set>

#include "base/ipv4.h"
#include "core/delegated_prefix.h"
#include "daemon/config/lma_file.h"
#include "daemon/config/prefix_check.h"
#include "daemon/config/rules.h"
#include "dataplane/abi/lma.h"
#include "dataplane/abi/mag.h"
#include "wire/traffic_selector.h"

namespace flowmob::daemon::config {
namespace {

/// Whether `key` is there and not empty; wrong values count, they were complained about.
template <class T>
bool gives(const Element<T>& element, std::string_view key) {
  const Node* written = element.node == nullptr ? nullptr : element.node->find(key);
  const auto* items = written == nullptr ? nullptr : written->as<Array>();
  return written != nullptr && (items == nullptr || !items->empty());
}

class LmaCheck {
 public:
  LmaCheck(const LmaFile& file, const LoadOptions& options, Diagnostics& diagnostics)
      : file_(file), options_(options), diagnostics_(diagnostics) {}

  void run() {
    check_interfaces();
    check_mags();
    check_services();
    check_nodes();
    check_prefixes();
    check_ipv4();
    check_rules();
  }

 private:
  PolicyContext context_of_file() const;
  void check_rules();
  void check_interfaces();
  void check_datapaths();
  void check_mags();
  void check_services();
  bool gateways_decide(const core::PolicyProfile& node) const;
  void check_nodes();
  void check_node(const Element<core::PolicyProfile>& node);
  void check_services_of(const Element<core::PolicyProfile>& node);
  void check_prefixes();
  void check_delegated(const Element<core::PolicyProfile>& node, PrefixCheck& own);
  void check_ipv4();

  const LmaFile& file_;
  const LoadOptions& options_;
  Diagnostics& diagnostics_;
  std::vector<std::string> mags_;
  std::vector<std::string> services_;
  /// Pairs of flows and of default services that were said to be in each other's way.
  std::set<std::pair<const void*, const void*>> said_;
};

PolicyContext LmaCheck::context_of_file() const {
  PolicyContext context;
  context.mags = mags_;
  for (const auto& service : file_.services)
    for (auto& flows = context.services[service.value.profile.identifier];
         const auto& flow : service.value.flows)
      flows.push_back(flow.value.flow.name);
  for (const auto& node : file_.mobile_nodes)
    context.nodes.push_back(
        {node.value.mn_id, node.value.group, node.value.services, gateways_decide(node.value)});
  return context;
}

bool LmaCheck::gateways_decide(const core::PolicyProfile& node) const {
  auto decider = node.decider;
  for (const auto& group : file_.groups)
    if (!decider && !node.group.empty() && group.value.name == node.group) decider = group.value.decider;
  return decider.value_or(file_.lma.value.core.decider) == core::Decider::Gateways;
}

void LmaCheck::check_rules() {
  if (file_.policies.empty()) return;
  const auto context = context_of_file();
  check_policies(file_.policies, &context, diagnostics_);
}

void LmaCheck::check_interfaces() {
  InterfaceCheck interfaces(options_, diagnostics_);
  interfaces.check_list(file_.lma.value.core_interfaces, file_.lma, "core_interfaces");
  interfaces.check_list(file_.lma.value.access_interfaces, file_.lma, "access_interfaces");
  check_datapaths();
}

void LmaCheck::check_datapaths() {
  auto known = file_.lma.value.core_interfaces;
  const auto& mags = file_.lma.value.access_interfaces;
  known.insert(known.end(), mags.begin(), mags.end());
  Once<std::string> names("[[interface]]", diagnostics_);
  for (const auto& interface : file_.interfaces) {
    names.check(interface.value.name, interface.at("name"));
    if (!interface.value.name.empty())
      check_known("interface of the LMA", interface.value.name, known, interface.at("name"), diagnostics_);
  }
}

void LmaCheck::check_mags() {
  Once<std::string> names("MAG name", diagnostics_);
  Once<Ipv6Address> addresses("address", diagnostics_);
  const auto& own = file_.lma.value.core.address;
  const auto& own_ipv4 = file_.lma.value.core.ipv4_address;
  if (is_mapped(own))
    diagnostics_.add(file_.lma.at("address"), "the LMA needs an address of IPv6",
                     "an address of IPv6, and 'ipv4_address' beside it");
  addresses.check(own, own.to_string(), file_.lma.at("address"));
  if (own_ipv4) addresses.check(to_mapped(*own_ipv4), own_ipv4->to_string(), file_.lma.at("ipv4_address"));
  for (const auto& mag : file_.mags) {
    const auto& peer = mag.value.peer;
    names.check(peer.name, mag.at("name"));
    addresses.check(peer.address, peer.address.to_string(), mag.at("address"));
    for (std::size_t i = 0; i < peer.care_of_addresses.size(); ++i)
      addresses.check(peer.care_of_addresses[i], peer.care_of_addresses[i].to_string(),
                      mag.at("care_of_addresses", i));
    mags_.push_back(peer.name);
    if (peer.gre == core::GrePolicy::Required && !peer.care_of_addresses.empty())  // docs/adr/0048
      diagnostics_.add(mag.at("gre"),
                       fmt::format("'gre' is required of '{}', which has 'care_of_addresses'", peer.name),
                       "\"on-demand\" or \"never\", or no 'care_of_addresses'");
    if (std::ranges::any_of(peer.addresses(), &is_mapped) && !own_ipv4)
      diagnostics_.add(mag.at("address"), fmt::format("'{}' is behind IPv4, and the LMA is not", peer.name),
                       "'ipv4_address' in [lma]");
  }
}

void LmaCheck::check_services() {
  Once<std::string> identifiers("service identifier", diagnostics_);
  Once<std::string> names("service name", diagnostics_);
  Once<std::string> flows("flow name", diagnostics_);
  for (const auto& service : file_.services) {
    const auto& profile = service.value.profile;
    identifiers.check(profile.identifier, service.at("identifier"));
    names.check(profile.name.empty() ? profile.identifier : profile.name, service.at("name"));
    services_.push_back(profile.identifier);
    for (const auto& flow : service.value.flows) {
      flows.check(flow.value.flow.name, flow.at("name"));
      check_flow(flow, "protocol, source, source_port or another; or `default = true` in the service",
                 diagnostics_);
    }
  }
}

void LmaCheck::check_nodes() {
  Once<std::string> groups("group name", diagnostics_);
  for (const auto& group : file_.groups) groups.check(group.value.name, group.at("name"));
  Once<std::string> ids("mobile node", diagnostics_);
  Once<MacAddress> stations("link-layer address", diagnostics_);
  for (const auto& node : file_.mobile_nodes) {
    ids.check(node.value.mn_id, node.at("id"));
    for (std::size_t i = 0; i < node.value.link_layer.size(); ++i)
      stations.check(node.value.link_layer[i], node.value.link_layer[i].to_string(),
                     node.at("link_layer", i));
    check_node(node);
    check_services_of(node);
  }
}

void LmaCheck::check_node(const Element<core::PolicyProfile>& node) {
  const auto& profile = node.value;
  for (std::size_t i = 0; i < profile.mags.size(); ++i)
    check_known("MAG", profile.mags[i], mags_, node.at("mags", i), diagnostics_);
  for (std::size_t i = 0; i < profile.services.size(); ++i)
    check_known("service", profile.services[i], services_, node.at("services", i), diagnostics_);
  if (profile.prefixes.size() > FM_MAX_PREFIXES)
    diagnostics_.add(node.at("prefixes"), fmt::format("{} prefixes for one node", profile.prefixes.size()),
                     fmt::format("at most {}", FM_MAX_PREFIXES));
  if (profile.delegated_prefixes.size() > core::kMostDelegated)
    diagnostics_.add(node.at("delegated_prefixes"),
                     fmt::format("{} delegated prefixes for one node", profile.delegated_prefixes.size()),
                     fmt::format("at most {}", core::kMostDelegated));
  if (!profile.delegated_prefixes.empty() && !has_ipv6(profile.ip_versions))
    diagnostics_.add(node.at("delegated_prefixes"), "'delegated_prefixes' of a node that has IPv4 alone",
                     "\"ipv6\" or \"dual\" as `ip_versions`");
  if (has_ipv6(profile.ip_versions) && !gives(node, "prefixes") && !gives(file_.lma, "pools") &&
      file_.lma.node != nullptr)
    diagnostics_.add(node.node->at,
                     fmt::format("'{}' has no prefix of its own, and there is no pool", profile.mn_id),
                     "'prefixes' here or 'pools' in [lma]");
}

void LmaCheck::check_services_of(const Element<core::PolicyProfile>& node) {
  std::map<std::uint16_t, const Element<FlowRow>*> by_priority;
  const Element<ServiceRow>* standard = nullptr;
  std::size_t flows = 0;
  for (const auto& service : file_.services) {
    if (std::ranges::find(node.value.services, service.value.profile.identifier) == node.value.services.end())
      continue;
    if (service.value.profile.is_default) {
      if (standard != nullptr && said_.emplace(standard, &service).second)
        diagnostics_.add(service.at("default"),
                         fmt::format("'{}' may use two default services, the other is at line {}",
                                     node.value.mn_id, standard->at("default").line),
                         "one default service a node");
      standard = &service;
    }
    for (const auto& flow : service.value.flows) {
      ++flows;
      const auto [first, fresh] = by_priority.emplace(flow.value.flow.priority, &flow);
      if (!fresh && flow.value.flow.priority != 0 && said_.emplace(first->second, &flow).second)
        diagnostics_.add(flow.at("priority"),
                         fmt::format("flows '{}' and '{}' have the same priority, and '{}' may use both",
                                     first->second->value.flow.name, flow.value.flow.name, node.value.mn_id),
                         "each priority once among a node's flows");
    }
  }
  if (flows > FM_MAX_RULES)
    diagnostics_.add(node.at("services"), fmt::format("the services have {} flows", flows),
                     fmt::format("at most {} flows a node", FM_MAX_RULES));
}

/// Pools give home network prefixes alone.
void LmaCheck::check_delegated(const Element<core::PolicyProfile>& node, PrefixCheck& own) {
  const auto& pools = file_.lma.value.core.pools;
  for (std::size_t i = 0; i < node.value.delegated_prefixes.size(); ++i) {
    const auto& prefix = node.value.delegated_prefixes[i];
    const auto at = node.at("delegated_prefixes", i);
    own.add(prefix, at);
    for (const auto& pool : pools)
      if (pool.overlaps(prefix))
        diagnostics_.add(
            at, fmt::format("delegated prefix {} overlaps the pool {}", prefix.to_string(), pool.to_string()),
            "a prefix outside of all pools");
  }
}

void LmaCheck::check_prefixes() {
  PrefixCheck pools;
  const auto& given = file_.lma.value.core.pools;
  for (std::size_t i = 0; i < given.size(); ++i) pools.add(given[i], file_.lma.at("pools", i));
  PrefixCheck own;
  for (const auto& node : file_.mobile_nodes)
    for (std::size_t i = 0; i < node.value.prefixes.size(); ++i)
      own.add(node.value.prefixes[i], node.at("prefixes", i));
  for (const auto& node : file_.mobile_nodes) check_delegated(node, own);
  pools.check_overlaps("pool", diagnostics_);
  own.check_overlaps("prefix", diagnostics_);
  for (const PrefixCheck* prefixes : {&pools, &own}) {
    prefixes->check_outside("the LMA's address", file_.lma.value.core.address, file_.lma.at("address"),
                            diagnostics_);
    for (const auto& mag : file_.mags)
      for (const auto& address : mag.value.peer.addresses())
        prefixes->check_outside("the MAG's address", address, mag.at("address"), diagnostics_);
  }
}

void LmaCheck::check_ipv4() {
  const auto& pools = file_.lma.value.core.ipv4_pools;
  for (std::size_t i = 0; i < pools.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (pools[i].overlaps(pools[j]))
        diagnostics_.add(
            file_.lma.at("ipv4_pools", i),
            fmt::format("the subnets of {} and {} overlap", pools[i].to_string(), pools[j].to_string()),
            "subnets of their own");
  Once<Ipv4Address> addresses("IPv4 address", diagnostics_);
  for (const auto& node : file_.mobile_nodes) {
    const auto& own = node.value.ipv4_address;
    if (!own) continue;
    addresses.check(*own, own->to_string(), node.at("ipv4_address"));
    const auto holds = [&](const Ipv4Interface& pool) { return pool.contains(*own) && pool.address != *own; };
    if (std::ranges::none_of(pools, holds))
      diagnostics_.add(node.at("ipv4_address"), own->to_string() + " lies in none of the ipv4_pools",
                       "a host's address of one of them");
  }
}

}  // namespace

void check_lma(const LmaFile& file, const LoadOptions& options, Diagnostics& diagnostics) {
  LmaCheck(file, options, diagnostics).run();
}

LmaSettings assemble(LmaFile file) {
  LmaSettings settings = std::move(file.lma.value);
  for (const auto& interface : file.interfaces)
    settings.datapaths[interface.value.name] = interface.value.datapath;
  for (auto& mag : file.mags) {
    const auto& peer = settings.core.mags.emplace_back(std::move(mag.value.peer));
    if (mag.value.security == Security::Ipsec)
      for (const auto& address : peer.addresses()) settings.protected_peers.push_back({peer.name, address});
  }
  for (auto& service : file.services) {
    auto& profile = settings.core.services.emplace_back(std::move(service.value.profile));
    if (profile.name.empty()) profile.name = profile.identifier;
    for (const auto& row : service.value.flows) profile.flows.emplace_back(flow_of(row.value));
  }
  std::vector<std::string> mags;
  for (const auto& mag : settings.core.mags) mags.push_back(mag.name);
  settings.core.flow_policies = assemble_policies(file.policies, mags);
  for (auto& group : file.groups) settings.core.groups.push_back(std::move(group.value));
  for (auto& node : file.mobile_nodes) settings.core.mobile_nodes.push_back(std::move(node.value));
  fill_paths(settings.paths, settings.core.name, true);
  return settings;
}

}  // namespace flowmob::daemon::config
