// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/text_hash.h"
#include "core/flow/link_board.h"
#include "core/lma/config.h"
#include "core/peer/own_address.h"

namespace flowmob::core {

/// The configuration with its rows by what they are asked for.
class Policy {
 public:
  explicit Policy(LmaConfig config);

  const LmaConfig& config() const { return config_; }
  OwnAddress own_address() const { return {config_.address, config_.ipv4_address}; }
  /// By the identifier's octets, or by the text that stands for them (identifier.h).
  const PolicyProfile* profile(std::string_view mn_id) const;
  const MagPeer* mag(const Ipv6Address& address) const;
  /// By whatever path.
  bool are_of_one_mag(const Ipv6Address& a, const Ipv6Address& b) const {
    return a == b || (mag(a) && mag(a) == mag(b));
  }
  const MagPeer* mag_named(std::string_view name) const;
  const ServiceProfile* service(std::string_view identifier) const;
  /// Its name, or the address of one that is not configured any more.
  std::string mag_name(const Ipv6Address& address) const;

  Decider decider(std::string_view mn_id) const;
  SeveralBindings several_bindings(std::string_view mn_id) const;
  OrderConfig order(std::string_view mn_id) const;
  /// The rules for its flows: the node's own policy, else its group's, else the default; empty: none, or it
  /// is not we who decide.
  Shared<FlowPolicy> flow_policy(std::string_view mn_id) const;
  /// Of links as they are now; it outlives a change of configuration.
  LinkBoard& links() { return links_; }
  const LinkBoard& links() const { return links_; }
  /// These instead of the configured ones.
  void use(std::vector<Shared<FlowPolicy>> policies);

  /// Delegated Prefix support is configured (RFC 7148 section 5.2.2): some node has prefixes for it.
  bool delegates() const { return delegates_; }
  /// Prefixes that belong to somebody.
  std::vector<Ipv6Prefix> reserved() const;
  std::vector<Ipv4Address> reserved_ipv4() const;

 private:
  LmaConfig config_;
  bool delegates_ = false;
  TextMap<std::size_t> profiles_, mags_by_name_, services_;
  TextMap<std::size_t> policies_of_nodes_, policies_of_groups_;
  Shared<FlowPolicy> default_policy_;
  LinkBoard links_;
  std::unordered_map<Ipv6Address, std::size_t> mags_;
};

/// RFC 5149: the profile permits the identifier, and there is a service of that name.
bool permits_service(const Policy& policy, const PolicyProfile& profile, std::string_view identifier);
bool permits_mag(const PolicyProfile& profile, const MagPeer& mag);
/// RFC 7148: the profile has it for the network behind the node.
bool permits_delegated(const PolicyProfile& profile, const Ipv6Prefix& prefix);
/// A node whose link-layer addresses are known has no others. Identifiers of other lengths are not judged.
bool permits_link_layer(const PolicyProfile& profile, ByteView link_layer_id);

}  // namespace flowmob::core
