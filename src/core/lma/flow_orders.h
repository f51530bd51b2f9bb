// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/binding/mobile_node.h"
#include "core/lma/path_delays.h"

namespace flowmob::core {

/// How one move of a flow goes, as far as it is known.
struct OrderPlan {
  OrderConfig asked;
  std::string_view why_now{};            ///< why it is not in order although that was asked for; empty: it is
  std::optional<Duration> difference{};  ///< of the paths' delays, as measured during this move
  Duration gap{};                        ///< that is waited for; zero: the new path is not the faster one
};

/// The flows that are being moved in order. The data plane does it; here is found out how long a gap has to
/// be: the round trips of both paths are measured while it waits, and where the new one is not the faster the
/// flow need not wait.
class FlowOrders {
 public:
  static constexpr std::size_t kMost = 1024;
  /// Before anything is measured. What is longer apart is taken for two bursts.
  static constexpr Duration kAssumed = std::chrono::milliseconds(100);
  /// So long before its end they are measured again: queues have changed.
  static constexpr Duration kMeasureAgain = std::chrono::milliseconds(130);

  explicit FlowOrders(EffectQueue& effects) : effects_(effects), delays_(effects) {}
  void seed(std::uint64_t secret) { delays_.seed(secret); }

  struct Move {
    FlowIndex flow;
    NodeIndex node;
    SessionId from, to;
    Ipv6Address anchor;  ///< who measures
    OrderConfig order{};
  };
  /// In the place of an earlier one of the flow: what that has not finished goes on from where it was.
  /// Nothing: at once.
  std::optional<FlowOrder> begin(TimePoint now, const Move& move);
  /// A link that is dead is not waited on.
  void follow(const MobileNode& after);
  /// The flow turns now.
  void end(FlowIndex flow);
  /// It moves at once: the data plane has that already.
  void drop(FlowIndex flow) { moves_.erase(flow); }
  /// Nothing: it is not moved in order.
  const OrderPlan* plan(FlowIndex flow) const;

  void handle_seen(TimePoint now, FlowIndex flow, const OrderSeen& seen);
  /// The flows whose plan has changed.
  std::vector<FlowIndex> handle_echo_reply(TimePoint now, const Ipv6Address& source, ByteView message);
  void handle_timeout(TimePoint now);
  std::optional<TimePoint> next_deadline() const;

 private:
  struct Ordered {
    Move move;
    OrderPlan plan;
    TimePoint began{}, deadline{};
    std::optional<TimePoint> look{};     ///< when it is asked where its packets go
    std::optional<TimePoint> measure{};  ///< when both paths are measured
  };
  static bool may_have_packets_on_old_path(TimePoint now, const Ordered& former);
  bool adjust(Ordered& ordered);
  void measure(TimePoint now, Ordered& ordered);
  void look(TimePoint now, Ordered& ordered);

  EffectQueue& effects_;
  PathDelays delays_;
  std::map<FlowIndex, Ordered> moves_;
  std::unordered_map<NodeIndex, Ipv6Address> nodes_;  ///< an address of each, where one was seen
};

}  // namespace flowmob::core
