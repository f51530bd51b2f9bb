// SPDX-License-Identifier: Apache-2.0
#include "core/lma/policy.h"

#include <algorithm>

#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

template <class Row, class Index, class Key>
const Row* row(const std::vector<Row>& rows, const Index& index, const Key& key) {
  const auto found = index.find(key);
  return found == index.end() ? nullptr : &rows[found->second];
}

bool permits(const std::vector<std::string>& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

}  // namespace

Policy::Policy(LmaConfig config) : config_(std::move(config)) {
  for (std::size_t i = 0; i < config_.mobile_nodes.size(); ++i) {
    profiles_.try_emplace(config_.mobile_nodes[i].mn_id, i);
    delegates_ = delegates_ || !config_.mobile_nodes[i].delegated_prefixes.empty();
  }
  for (std::size_t i = 0; i < config_.services.size(); ++i)
    services_.try_emplace(config_.services[i].identifier, i);
  for (std::size_t i = 0; i < config_.mags.size(); ++i) {
    for (const auto& address : config_.mags[i].addresses()) mags_.try_emplace(address, i);
    mags_by_name_.try_emplace(config_.mags[i].name, i);
  }
  use(std::move(config_.flow_policies));
}

void Policy::use(std::vector<Shared<FlowPolicy>> policies) {
  config_.flow_policies = std::move(policies);
  policies_of_nodes_.clear();
  policies_of_groups_.clear();
  default_policy_ = {};
  for (std::size_t i = 0; i < config_.flow_policies.size(); ++i) {
    const auto& policy = config_.flow_policies[i];
    for (const auto& node : policy->mobile_nodes) policies_of_nodes_.try_emplace(node, i);
    for (const auto& group : policy->groups) policies_of_groups_.try_emplace(group, i);
    if (policy->is_default && !default_policy_) default_policy_ = policy;
  }
  links_.set_policies(config_.flow_policies);
}

Decider Policy::decider(std::string_view mn_id) const {
  const auto* known = profile(mn_id);
  return known ? decider_of(config_, *known) : config_.decider;
}

SeveralBindings Policy::several_bindings(std::string_view mn_id) const {
  const auto* known = profile(mn_id);
  return known ? several_bindings_of(config_, *known) : config_.several_bindings;
}

OrderConfig Policy::order(std::string_view mn_id) const {
  const auto* known = profile(mn_id);
  return known ? order_of(config_, *known) : config_.order;
}

Shared<FlowPolicy> Policy::flow_policy(std::string_view mn_id) const {
  if (config_.flow_policies.empty() || decider(mn_id) == Decider::Gateways) return {};
  const auto* known = profile(mn_id);
  if (!known) return {};
  if (const auto* own = row(config_.flow_policies, policies_of_nodes_, known->mn_id)) return *own;
  if (const auto* groups = row(config_.flow_policies, policies_of_groups_, known->group)) return *groups;
  return default_policy_;
}

const PolicyProfile* Policy::profile(std::string_view mn_id) const {
  if (const auto* found = row(config_.mobile_nodes, profiles_, mn_id)) return found;
  return row(config_.mobile_nodes, profiles_, escaped(mn_id));
}
const MagPeer* Policy::mag(const Ipv6Address& address) const { return row(config_.mags, mags_, address); }
const MagPeer* Policy::mag_named(std::string_view name) const {
  return row(config_.mags, mags_by_name_, name);
}
const ServiceProfile* Policy::service(std::string_view identifier) const {
  return row(config_.services, services_, identifier);
}
std::string Policy::mag_name(const Ipv6Address& address) const {
  const auto* known = mag(address);
  return known ? known->name : address.to_string();
}

std::vector<Ipv6Prefix> Policy::reserved() const {
  std::vector<Ipv6Prefix> all;
  for (const auto& node : config_.mobile_nodes)
    all.insert(all.end(), node.prefixes.begin(), node.prefixes.end());
  return all;
}

std::vector<Ipv4Address> Policy::reserved_ipv4() const {
  std::vector<Ipv4Address> all;
  for (const auto& node : config_.mobile_nodes)
    if (node.ipv4_address) all.push_back(*node.ipv4_address);
  return all;
}

bool permits_service(const Policy& policy, const PolicyProfile& profile, std::string_view identifier) {
  return permits(profile.services, identifier) && policy.service(identifier);
}

bool permits_mag(const PolicyProfile& profile, const MagPeer& mag) {
  return profile.mags.empty() || permits(profile.mags, mag.name);
}

bool permits_delegated(const PolicyProfile& profile, const Ipv6Prefix& prefix) {
  return has_ipv6(profile.ip_versions) && std::ranges::count(profile.delegated_prefixes, prefix) != 0;
}

bool permits_link_layer(const PolicyProfile& profile, ByteView link_layer_id) {
  if (profile.link_layer.empty() || link_layer_id.size() != sizeof(MacAddress::octets)) return true;
  return std::ranges::any_of(profile.link_layer, [&](const MacAddress& known) {
    return std::ranges::equal(known.octets, link_layer_id);
  });
}

}  // namespace flowmob::core
