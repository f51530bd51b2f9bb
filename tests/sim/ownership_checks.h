// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "domain.h"

namespace flowmob::sim {

/// Who is served by whom, over all gateways: no prefix is two nodes', and no interface is served in two
/// places, for longer than a former binding lasts that nobody can end sooner. (The LMA's own view is judged
/// at once.) And a MAG that a session was handed off from may send for it no longer than its grace.
class OwnershipChecks {
 public:
  explicit OwnershipChecks(Domain& domain);
  OwnershipChecks(const OwnershipChecks&) = delete;
  OwnershipChecks& operator=(const OwnershipChecks&) = delete;

  Duration longest{};  ///< a binding's lifetime; zero: nothing is judged

 private:
  struct Served {
    MacAddress node;
    std::vector<Ipv6Prefix> prefixes;
    Duration since{};
  };
  void served(std::size_t mag, const core::InstallHost& host, bool is_new);
  bool is_settled(std::size_t mag, SessionId attachment) const;
  bool is_off_link(std::size_t mag, SessionId attachment, const Ipv6Prefix& prefix) const;
  void judge_prefix(const Ipv6Prefix& prefix) const;
  void judge_interface(const MacAddress& node) const;
  void left(SessionId session, const Ipv6Address& mag);
  void judge_former(SessionId session, const Ipv6Address& mag, std::uint64_t life) const;

  Domain& domain_;
  World& world_;
  std::map<std::pair<std::size_t, SessionId>, Served> served_;
  std::map<std::pair<SessionId, Ipv6Address>, Duration> left_;
};

}  // namespace flowmob::sim
