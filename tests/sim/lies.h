// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain.h"

/// Peers that lie in well-formed messages.
namespace flowmob::sim {

constexpr std::uint64_t kLies = 16;
constexpr std::uint64_t kForgeries = 5;

/// A gateway that the LMA knows, and that may register one node of its own and no other.
class Liar {
 public:
  static void permit(core::LmaConfig& config);

  explicit Liar(Domain& domain);
  /// Says something untrue about the node's interface.
  void lie(std::uint64_t kind, Port about);

 private:
  void send(wire::ProxyBindingUpdate update);
  void add_flows(wire::ProxyBindingUpdate& update);
  wire::ProxyBindingUpdate claim(const std::string& mn_id, const MacAddress& link_layer);
  std::vector<Ipv6Prefix> prefixes_of(std::size_t node) const;
  void replay_of_others();
  void acknowledge_for_others(Port about);
  void initiate(Port about);
  std::vector<wire::MobilityOption> off_link_prefixes(std::size_t node) const;

  Domain& domain_;
  std::uint16_t sequence_ = 0;
  unsigned flows_told_ = 0;
};

/// Somebody on an access link of the gateway pretends to be the node's interface. True if that should have an
/// effect: whoever has a link-layer address is its owner.
bool forge_solicitation(Domain& domain, std::uint64_t kind, Port about, std::size_t mag);

/// Makes an answer of the LMA into nonsense.
void rewrite_answer(Domain& domain, core::SendMessage& message);

}  // namespace flowmob::sim
