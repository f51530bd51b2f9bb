// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "core/mag/attachment.h"

namespace flowmob::core {

/// What is known of the access links: carrier, who was heard there, who comes back with the carrier, and whom
/// an administrator sent away.
class AccessLinks {
 public:
  bool is_down(const std::string& access) const;
  /// True if this is news.
  bool set_carrier(const std::string& access, bool up);

  /// A node was attached when the link went away; it is back as soon as the link is.
  void remember(const std::string& access, const MacAddress& node);
  /// All that were remembered, once.
  std::vector<MacAddress> take_remembered(const std::string& access);

  void heard(const std::string& access, const MacAddress& node);
  const std::set<MacAddress>& heard_on(const std::string& access) const;

  /// A solicitation that overtook the news of the carrier, and those of the last second, once.
  void heard_while_down(Now now, const std::string& access, const MacAddress& node,
                        const Ipv6Address& source);
  std::map<MacAddress, Ipv6Address> take_early(Now now, const std::string& access);

  /// After a "detach" only a new carrier or an "attach" brings the node back: its solicitations alone would
  /// undo the command at once (the link is torn down, RFC 5213 section 6.9.1.4).
  void send_away(const std::string& access, const MacAddress& node);
  bool is_sent_away(const std::string& access, const MacAddress& node) const;
  void readmit(const std::string& access, const MacAddress& node);

  /// One that answered no probe is back with whatever it says next: its own router is still in place for it,
  /// so it has no reason to solicit.
  void fall_silent(const std::string& access, const MacAddress& node);
  bool has_fallen_silent(const std::string& access, const MacAddress& node) const;

  /// What the node's own clock said last.
  void stamp(const std::string& access, const MacAddress& node, const NodeStamp& stamp);
  std::optional<NodeStamp> stamp_of(const std::string& access, const MacAddress& node) const;

 private:
  struct Link {
    std::optional<bool> up;
    std::set<MacAddress> remembered;
    std::set<MacAddress> heard;
    std::set<MacAddress> sent_away;
    std::set<MacAddress> silent;
    std::map<MacAddress, NodeStamp> stamps;
    std::map<MacAddress, std::pair<TimePoint, Ipv6Address>> early;
  };
  const Link& link(const std::string& access) const;
  std::map<std::string, Link> links_;
};

}  // namespace flowmob::core
