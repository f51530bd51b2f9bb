// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>

#include "core/effect.h"
#include "world.h"

namespace flowmob::sim {

/// What a path does to the Mobility Headers that cross it.
struct Faults {
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;  ///< share of messages held back by up to `held_back`
  Duration delay = std::chrono::milliseconds(5);
  Duration jitter{};
  Duration held_back = std::chrono::milliseconds(1500);
};

/// Carries Mobility Headers between LMA and MAGs.
class Network {
 public:
  using Deliver = std::function<void(const core::PacketMeta&, const Bytes&)>;
  using Filter = std::function<bool(const core::SendMessage&)>;

  explicit Network(World& world) : world_(world) {}

  void attach(const Ipv6Address& address, Deliver deliver) { hosts_[address] = std::move(deliver); }
  void send(core::SendMessage message);
  /// As somebody else would: later than it was sent, or never sent by its source at all.
  void inject(const core::SendMessage& message) { deliver_after(faults.delay, message); }

  /// All that goes to or comes from the host is lost.
  void cut(const Ipv6Address& address) { unreachable_.insert(address); }
  void mend(const Ipv6Address& address) { unreachable_.erase(address); }
  bool is_cut(const Ipv6Address& address) const { return unreachable_.contains(address); }

  /// Messages for which it says true are lost.
  void lose_if(Filter filter) { filter_ = std::move(filter); }
  /// What its sender did not say: called with every message before anything else happens to it.
  void rewrite_with(std::function<void(core::SendMessage&)> rewrite) { rewrite_ = std::move(rewrite); }
  /// The last of them that are remembered.
  const std::deque<core::SendMessage>& sent() const { return sent_; }
  std::size_t remembered = 100000;

  Faults faults;

 private:
  void deliver_after(Duration delay, const core::SendMessage& message);
  Duration transit();

  World& world_;
  std::map<Ipv6Address, Deliver> hosts_;
  std::set<Ipv6Address> unreachable_;
  Filter filter_;
  std::function<void(core::SendMessage&)> rewrite_;
  std::deque<core::SendMessage> sent_;
};

/// One line about a Mobility Header, for traces.
std::string describe(const core::SendMessage& message);

}  // namespace flowmob::sim
