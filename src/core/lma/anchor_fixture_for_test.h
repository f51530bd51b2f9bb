// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/lma/effect_queue.h"
#include "core/lma/identifier.h"
#include "core/lma/local_mobility_anchor.h"
#include "wire/mobility_header.h"

/// An anchor with two MAGs, two services and a few mobile nodes; Proxy Binding Updates by the codec; time by
/// the test.
namespace flowmob::core {

using namespace std::chrono_literals;
using HI = wire::HandoffIndicator;
using ATT = wire::AccessTechnology;
using Status = wire::BindingStatus;

inline Ipv6Address address(const char* text) { return Ipv6Address::parse(text).value(); }
inline Ipv6Prefix prefix(const char* text) { return Ipv6Prefix::parse(text).value(); }

inline const Ipv6Address kLma = address("2001:db8:f0::1");
inline const Ipv6Address kMag1 = address("2001:db8:f1::1");
inline const Ipv6Address kMag2 = address("2001:db8:f2::1");
inline const Ipv6Address kStranger = address("2001:db8:bad::1");
inline const Bytes kIf1{2, 0, 0, 0, 0, 1}, kIf2{2, 0, 0, 0, 0, 2};
inline const Ipv6Prefix kOwn = prefix("2001:db8:1000::/64");

inline LmaConfig test_config() {
  LmaConfig c;
  c.address = kLma;
  c.new_link_delay = {};  // the tests of it have their own
  c.former_gateway_grace = {};
  c.handover_history = 0;
  c.heartbeat.interval = {};
  c.revocation.enabled = false;
  c.pools = {prefix("2001:db8:100::/62")};
  c.mags = {{"mag1", kMag1}, {"mag2", kMag2}};
  wire::TrafficSelector6 video;
  video.source_port = wire::Range<std::uint16_t>{5000, 5099};
  wire::TrafficSelector6 voice;
  voice.traffic_class = wire::Range<std::uint8_t>{46, 46};
  c.services = {{"video", "video", {FlowTemplate{"video", 20, video}}, false},
                {"voice", "voice", {FlowTemplate{"voice", 10, voice}}, false},
                {"internet", "internet", {}, true}};
  const std::vector<std::string> services{"video", "voice", "internet"};
  c.mobile_nodes = {{"mn1", true, {kOwn}, {}, services, {}},
                    {"mn2", true, {}, {}, services, {}},
                    {"mn3", true, {}, {}, {}, {}},
                    {"only-mag1", true, {}, {}, {}, {"mag1"}},
                    {"disabled", false, {}, {}, {}, {}},
                    {"known-mac", true, {}, {MacAddress{{2, 0, 0, 0, 0, 1}}}, {}, {}}};
  return c;
}

/// A request in the making; every member has the value of an ordinary first registration.
struct Pbu {
  std::optional<std::string> mn = "mn1";
  Ipv6Address source = kMag1;
  std::optional<ATT> technology = ATT::Wlan;
  std::optional<HI> handoff = HI::NewInterface;
  std::optional<Bytes> link_layer_id = kIf1;
  std::vector<Ipv6Prefix> prefixes;  ///< empty: one ALL_ZERO option
  bool any_prefix = true;
  std::optional<std::string> service;
  std::uint16_t lifetime = 75;
  bool stamped = true;
  std::optional<std::uint64_t> timestamp;  ///< default: the test's time
  std::optional<std::uint16_t> sequence;   ///< default: counts
  wire::MobilityOptions more;
};

class AnchorFixture : public testing::Test {
 protected:
  explicit AnchorFixture(LmaConfig config = test_config())
      : lma(std::make_unique<LocalMobilityAnchor>(std::move(config))) {}

  Now now{TimePoint{100s}, WallTime{1'700'000'000s}};
  std::unique_ptr<LocalMobilityAnchor> lma;
  std::uint16_t sequence = 0;
  std::vector<LmaAction> actions;  ///< everything since the last clear()
  bool answering = true;           ///< carry out and answer effects at once
  std::vector<EffectId> unanswered;
  std::function<bool(const LmaAction&)> fails = [](const LmaAction&) { return false; };

  void advance(Duration d) { now = now + d; }
  void clear() { actions.clear(); }

  void drain() {
    while (auto effect = lma->poll_effect()) {
      actions.push_back(effect->action);
      if (!effect->id) continue;
      if (answering)
        answer(effect->id, fails(effect->action));
      else
        unanswered.push_back(effect->id);
    }
  }
  void answer(EffectId id, bool failed = false) {
    lma->handle_effect_result(now, id,
                              failed ? Result<void>(fail("no-space", "the map is full")) : Result<void>{});
  }
  void answer_all() {
    for (const auto id : std::exchange(unanswered, {})) answer(id);
    drain();
  }

  wire::ProxyBindingUpdate message(const Pbu& p) {
    wire::ProxyBindingUpdate m;
    m.acknowledge = m.proxy = true;
    m.sequence = p.sequence.value_or(++sequence);
    m.lifetime = p.lifetime;
    if (p.mn) m.options.push_back(wire::MobileNodeIdentifier{1, to_bytes(*p.mn)});
    for (const auto& hnp : p.prefixes) m.options.push_back(wire::HomeNetworkPrefixOption::of(hnp));
    if (p.prefixes.empty() && p.any_prefix) m.options.push_back(wire::HomeNetworkPrefixOption{});
    if (p.handoff) m.options.push_back(wire::HandoffIndicatorOption{*p.handoff});
    if (p.technology) m.options.push_back(wire::AccessTechnologyTypeOption{*p.technology});
    if (p.link_layer_id) m.options.push_back(wire::MnLinkLayerIdentifier{*p.link_layer_id});
    if (p.stamped)
      m.options.push_back(
          wire::TimestampOption{p.timestamp.value_or(wire::TimestampOption::from_wall(now.wall).value)});
    if (p.service) m.options.push_back(wire::ServiceSelection{to_bytes(*p.service)});
    m.options.insert(m.options.end(), p.more.begin(), p.more.end());
    return m;
  }

  /// Time passes before each message, so that timestamps grow.
  void send(const Pbu& p) {
    advance(10ms);
    deliver(wire::encode(message(p), p.source, kLma), p.source);
  }
  void deliver(const Bytes& octets, const Ipv6Address& source) {
    lma->handle_message(now, PacketMeta{source, kLma, {}, {}, 64}, octets);
    drain();
  }

  /// The only acknowledgement that `p` brings; none when there is none.
  std::optional<wire::ProxyBindingAcknowledgement> ask(const Pbu& p) {
    clear();
    send(p);
    return acknowledgement();
  }
  /// Of a request that has to be accepted.
  wire::ProxyBindingAcknowledgement accepted(const Pbu& p) {
    auto pba = ask(p);
    EXPECT_TRUE(pba) << "no answer";
    if (!pba) return {};
    EXPECT_EQ(pba->status, Status::Accepted) << wire::to_string(pba->status);
    return *pba;
  }
  std::optional<Status> status(const Pbu& p) {
    const auto pba = ask(p);
    return pba ? std::optional(pba->status) : std::nullopt;
  }

  std::optional<wire::ProxyBindingAcknowledgement> acknowledgement() const {
    std::optional<wire::ProxyBindingAcknowledgement> found;
    for (const auto& sent : all<SendMessage>()) {
      auto decoded = wire::decode(sent.mobility_header, sent.source, sent.destination);
      EXPECT_TRUE(decoded);
      if (!decoded || !std::holds_alternative<wire::ProxyBindingAcknowledgement>(*decoded)) continue;
      EXPECT_FALSE(found) << "two acknowledgements";
      found = std::get<wire::ProxyBindingAcknowledgement>(*decoded);
    }
    return found;
  }

  template <class Message>
  std::vector<std::pair<Ipv6Address, Message>> sent() const {
    std::vector<std::pair<Ipv6Address, Message>> found;
    for (const auto& one : all<SendMessage>()) {
      const auto decoded = wire::decode(one.mobility_header, one.source, one.destination);
      EXPECT_TRUE(decoded);
      if (decoded && std::holds_alternative<Message>(*decoded))
        found.emplace_back(one.destination, std::get<Message>(*decoded));
    }
    return found;
  }
  void receive(const wire::MobilityMessage& received, const Ipv6Address& source = kMag1) {
    deliver(wire::encode(received, source, kLma), source);
  }

  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const auto& action : actions)
      if (const auto* match = std::get_if<T>(&action)) found.push_back(*match);
    return found;
  }
  template <class T>
  std::size_t position() const {
    for (std::size_t i = 0; i < actions.size(); ++i)
      if (std::holds_alternative<T>(actions[i])) return i;
    ADD_FAILURE() << "no such effect";
    return actions.size();
  }
  std::vector<std::string> events() const {
    std::vector<std::string> names;
    for (const auto& n : all<Notify>()) names.push_back(n.event);
    return names;
  }
  static bool is_watch(const LmaAction& action) {
    return std::holds_alternative<WatchFlow>(action) || std::holds_alternative<WatchSession>(action) ||
           std::holds_alternative<ReadWatch>(action) || std::holds_alternative<EndWatch>(action);
  }
  /// Effects but for messages, notifications and what is watched, in their order.
  std::vector<std::string> rows() const {
    std::vector<std::string> names;
    for (const auto& action : actions)
      if (!std::holds_alternative<SendMessage>(action) && !std::holds_alternative<Notify>(action) &&
          !is_watch(action))
        names.emplace_back(name_of(action));
    return names;
  }

  Json show(const char* what, const Json& arguments = Json::object()) {
    return lma->handle_command(now, std::string("show ") + what, arguments).value().at(what);
  }
  std::uint64_t dropped(const char* reason) {
    const auto statistics = lma->handle_command(now, "show statistics", Json::object()).value();
    return statistics["drops"].value(reason, std::uint64_t{0});
  }
  /// The MAG that a flow goes by, by `show bindings`; empty when it goes by none.
  std::string mag_of(const std::string& flow, const std::string& mn = "mn1") {
    for (const auto& row : show("bindings", {{"mn", mn}}))
      if (row["flow"] == flow) return row["mag"].is_null() ? "" : row["mag"].get<std::string>();
    return "no such flow";
  }

  void timeout() {
    clear();
    lma->handle_timeout(now);
    drain();
  }

  Pbu first() const { return {}; }
  Pbu second() const {
    Pbu p;
    p.source = kMag2;
    p.technology = ATT::Wimax;
    p.link_layer_id = kIf2;
    return p;
  }
  Pbu leave(Pbu p) const {
    p.handoff = HI::Unknown;
    p.lifetime = 0;
    p.service = std::nullopt;
    p.prefixes = {kOwn};
    return p;
  }
};

inline std::vector<Ipv6Prefix> prefixes_in(const wire::ProxyBindingAcknowledgement& pba) {
  std::vector<Ipv6Prefix> found;
  for (const auto& o : wire::find_all<wire::HomeNetworkPrefixOption>(pba.options))
    found.push_back(o.to_prefix());
  return found;
}

}  // namespace flowmob::core
