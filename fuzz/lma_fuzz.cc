// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/lma/local_mobility_anchor.h"
#include "wire/checksum.h"
#include "wire/mobility_header.h"

/// A life of an anchor from one input: octets choose messages (well formed, or raw with a right checksum),
/// pauses, outcomes of effects, commands and restarts. After each step that changed something, what has to
/// hold, holds. JSON is most of what a run costs, so nothing is shown in vain.
namespace {

using namespace flowmob;
using namespace std::chrono_literals;

[[noreturn]] void broken(const char* what) {
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}
void demand(bool condition, const char* what) {
  if (!condition) broken(what);
}

class Input {
 public:
  explicit Input(ByteView bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t octet() {
    if (bytes_.empty()) return 0;
    const auto value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  bool flag(unsigned one_in) { return octet() % one_in == 0; }
  Bytes octets(std::size_t count) {
    count = std::min(count, bytes_.size());
    Bytes taken(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(count));
    bytes_ = bytes_.subspan(count);
    return taken;
  }

 private:
  ByteView bytes_;
};

Ipv6Address address(std::uint8_t net, std::uint8_t host) {
  return Ipv6Address{{0x20, 0x01, 0x0d, 0xb8, 0, net, 0, 0, 0, 0, 0, 0, 0, 0, 0, host}};
}
Ipv6Prefix hnp(std::uint8_t number) { return {Ipv6Address{{0x20, 0x01, 0x0d, 0xb8, 1, 0, 0, number}}, 64}; }
const Ipv6Address kLma = address(0xf0, 1);
const char* const kNodes[] = {"a", "b", "c", "d", "nobody", "", "\xff\\"};
const char* const kServices[] = {"video", "all", "none"};

core::LmaConfig config(bool hold, bool share) {
  core::LmaConfig c;
  c.address = kLma;
  c.pools = {Ipv6Prefix{hnp(0).address, 62}};
  c.hold_unknown_handoff = hold;
  c.share_prefixes = share;
  c.mags = {{"m1", address(1, 1)}, {"m2", address(2, 1)}, {"m3", address(3, 1)}};
  wire::TrafficSelector6 selector;
  selector.source_port = wire::Range<std::uint16_t>{1, 9};
  c.services = {
      {"video", "video", {core::FlowTemplate{"v", 1, selector}, core::FlowTemplate{"w", 2, selector}}, false},
      {"all", "all", {}, true}};
  for (const char* mn : {"a", "b", "c", "d", "\xff\\"})
    c.mobile_nodes.push_back({mn, true, {}, {}, {"video", "all"}, {}});
  c.mobile_nodes[1].prefixes = {hnp(0x21), hnp(0x22)};
  return c;
}

class Life {
 public:
  explicit Life(Input input) : in_(input) {
    const auto first = in_.octet();
    config_ = config(first & 1, (first & 2) == 0);
    lma_ = std::make_unique<core::LocalMobilityAnchor>(config_);
  }

  void run() {
    for (int step = 0; step < 200 && !in_.empty(); ++step) {
      one_step();
      has_changed_ = false;
      drain();
      if (has_changed_) check();
    }
    show_the_rest();
    settle();
  }

 private:
  void one_step() {
    switch (in_.octet() % 9) {
      case 0:
      case 1:
      case 2:
        return send(update());
      case 3:
        return raw();
      case 4:
        now_ = now_ + std::chrono::milliseconds(1 << (in_.octet() % 20));
        return lma_->handle_timeout(now_);
      case 5:
        return command();
      case 6:
        return answer_some();
      case 7:
        return tunnel_error();
      default:
        return in_.flag(4) ? restart() : repeat();
    }
  }

  wire::ProxyBindingUpdate update() {
    wire::ProxyBindingUpdate u;
    u.acknowledge = u.proxy = true;
    const auto shape = in_.octet();
    u.sequence = ++sequence_;
    u.lifetime = in_.flag(4) ? 0 : static_cast<std::uint16_t>(in_.octet() * 16 + 1);
    auto& o = u.options;
    const std::string mn = kNodes[in_.octet() % std::size(kNodes)];
    if (shape & 1 || in_.flag(2)) o.push_back(wire::MobileNodeIdentifier{1, Bytes(mn.begin(), mn.end())});
    if (shape & 2)
      o.push_back(wire::HomeNetworkPrefixOption{});
    else
      for (unsigned i = 0; i <= (shape >> 6); ++i)
        o.push_back(wire::HomeNetworkPrefixOption{in_.flag(16), 64, hnp(in_.octet() & 0x23).address});
    if (!in_.flag(16)) o.push_back(wire::HandoffIndicatorOption{wire::HandoffIndicator(in_.octet() % 8)});
    if (!in_.flag(16))
      o.push_back(wire::AccessTechnologyTypeOption{wire::AccessTechnology(3 + in_.octet() % 3)});
    if (shape & 4)
      o.push_back(wire::MnLinkLayerIdentifier{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(in_.octet() % 4)}});
    if (shape & 8)
      o.push_back(
          wire::TimestampOption::from_wall(now_.wall + std::chrono::milliseconds(in_.octet() % 8) - 3ms));
    if (shape & 16) {
      const std::string service = kServices[in_.octet() % std::size(kServices)];
      o.push_back(wire::ServiceSelection{Bytes(service.begin(), service.end())});
    }
    if (shape & 32) {
      o.push_back(wire::FlowIdentification{1, 1, 0, {}});
      o.push_back(wire::LinkLocalAddressOption{});
    }
    return u;
  }

  void send(const wire::ProxyBindingUpdate& u) {
    now_ = now_ + 1ms;
    const auto source = address(static_cast<std::uint8_t>(1 + in_.octet() % 4), 1);
    deliver(wire::encode(u, source, kLma), source);
  }

  void raw() {
    const auto source = address(1, 1);
    Bytes header = in_.octets(in_.octet());
    if (header.size() >= 8) {
      header.resize(header.size() & ~std::size_t{7});
      header[0] = 59;
      header[1] = static_cast<std::uint8_t>(header.size() / 8 - 1);
      header[4] = header[5] = 0;
      const auto sum = wire::ipv6_checksum(source, kLma, wire::kMobilityHeaderProtocol, header);
      header[4] = static_cast<std::uint8_t>(sum >> 8);
      header[5] = static_cast<std::uint8_t>(sum);
    }
    deliver(header, source);
  }

  void deliver(Bytes header, const Ipv6Address& source) {
    lma_->handle_message(now_, {source, kLma, {}, {}, 64}, header);
    last_ = std::move(header);
    last_source_ = source;
  }
  void repeat() { lma_->handle_message(now_, {last_source_, kLma, {}, {}, 64}, last_); }

  void tunnel_error() {
    core::TunnelError error;
    const auto choice = in_.octet();
    error.local = choice % 8 == 7 ? address(1, 1) : kLma;
    error.peer = address(static_cast<std::uint8_t>(1 + choice / 8 % 4), 1);
    error.kind = static_cast<core::TunnelErrorKind>(choice / 64);
    error.path_mtu = in_.octet() * 8U;
    error.tunnel_headers = in_.octet();
    error.original = in_.octets(in_.octet());
    if (error.original.size() >= 40 && in_.flag(2)) {
      error.original[0] = 0x60;
      std::ranges::copy(hnp(in_.octet() & 0x23).address.octets, error.original.begin() + 24);
    }
    lma_->handle_tunnel_error(now_, error);
  }

  void command() {
    const char* const flows[] = {"*", "v", "w", "x"};
    const char* const mags[] = {"m1", "m2", "m3", "m4"};
    core::Json arguments{{"flow", flows[in_.octet() % 4]}, {"to", mags[in_.octet() % 4]}};
    if (in_.flag(2)) arguments["mn"] = "a";
    static_cast<void>(lma_->handle_command(now_, "flow move", arguments));
  }

  void answer_some() {
    for (auto left = in_.octet() % 4; left > 0 && !waiting_.empty(); --left) answer(waiting_.begin());
  }
  void answer(std::vector<EffectId>::iterator which) {
    const auto id = *which;
    waiting_.erase(which);
    lma_->handle_effect_result(now_, id, in_.flag(6) ? Result<void>(fail("no", "no")) : Result<void>{});
  }

  void restart() {
    std::vector<core::NodeRecord> records;
    for (const auto& [mn, record] : records_) {
      auto back = core::NodeRecord::from_json(core::Json::parse(record.to_json().dump()));
      demand(back && *back == record, "a record survives its JSON");
      records.push_back(std::move(*back));
    }
    waiting_.clear();
    lma_ = std::make_unique<core::LocalMobilityAnchor>(config_);
    lma_->restore(now_, std::move(records));
  }

  void drain() {
    for (int effects = 0; auto effect = lma_->poll_effect(); ++effects) {
      demand(effects < 10000, "effects come to an end");
      inspect(effect->action);
      if (!effect->id) continue;
      waiting_.push_back(effect->id);
      if (!in_.flag(8)) answer(std::prev(waiting_.end()));
    }
  }

  void inspect(const decltype(core::LmaEffect::action)& action) {
    has_changed_ = has_changed_ || !(std::holds_alternative<core::Notify>(action) ||
                                     std::holds_alternative<core::SendMessage>(action));
    if (const auto* p = std::get_if<core::PersistNode>(&action)) records_[p->record.mn_id] = p->record;
    if (const auto* f = std::get_if<core::ForgetNode>(&action)) records_.erase(f->mn_id);
    if (const auto* n = std::get_if<core::Notify>(&action)) static_cast<void>(n->fields.dump());
    if (const auto* s = std::get_if<core::SendMessage>(&action)) {
      const auto sent = wire::decode(s->mobility_header, s->source, s->destination);
      demand(sent.has_value(), "what is sent can be read");
      demand(!s->destination.is_multicast() && !s->destination.is_unspecified(), "answers go to somebody");
    }
  }

  core::Json shown(const std::string& what) {
    return lma_->handle_command(now_, "show " + what, core::Json::object()).value().at(what);
  }

  void check() {
    std::map<std::uint64_t, std::string> live, silent;  // session -> mobile node
    std::set<std::pair<std::string, core::Json>> has_live;
    for (const auto& session : shown("sessions")) {
      demand(!session["prefixes"].empty(), "a session has a prefix");
      if (session["state"] == "active") {
        live.emplace(session["session"], session["mn"]);
        has_live.emplace(session["mn"], session["prefixes"]);
      }
      if (session["state"] == "unreachable") silent.emplace(session["session"], session["mn"]);
    }
    for (const auto& row : shown("bindings")) {
      const bool is_inactive = row["state"] == "inactive";
      demand(row["session"].is_null() == is_inactive, "a flow with a session is not inactive");
      if (is_inactive) continue;
      const bool is_the_last = !has_live.contains({row["mn"], row["prefixes"]});
      const auto& possible = is_the_last && !live.contains(row["session"]) ? silent : live;
      const auto session = possible.find(row["session"]);
      demand(session != possible.end() && session->second == row["mn"],
             "a flow goes by a live session of its node");
    }
  }

  void show_the_rest() {
    static_cast<void>(lma_->handle_command(now_, "show flows", core::Json::object()).value().dump());
    static_cast<void>(lma_->handle_command(now_, "show statistics", core::Json::object()).value().dump());
  }

  /// With every effect answered and all lifetimes over, nothing is left.
  void settle() {
    for (int rounds = 0; !waiting_.empty(); ++rounds) {
      demand(rounds < 1000, "answers come to an end");
      const auto id = waiting_.front();
      waiting_.erase(waiting_.begin());
      lma_->handle_effect_result(now_, id, {});
      drain_well();
    }
    for (int rounds = 0; const auto deadline = lma_->poll_timeout(); ++rounds) {
      demand(rounds < 1000, "deadlines come to an end");
      now_ = now_ + std::max<Duration>(0ns, *deadline - now_.monotonic);
      lma_->handle_timeout(now_);
      drain_well();
    }
    demand(lma_->handle_command(now_, "show sessions", core::Json::object()).value()["sessions"].empty(),
           "sessions come to an end");
    demand(lma_->handle_command(now_, "show tunnels", core::Json::object()).value()["tunnels"].empty(),
           "tunnels go with their last session");
    demand(records_.empty(), "records go with their nodes");
  }
  void drain_well() {
    while (auto effect = lma_->poll_effect()) {
      inspect(effect->action);
      if (effect->id) lma_->handle_effect_result(now_, effect->id, {});
    }
  }

  Input in_;
  core::LmaConfig config_;
  std::unique_ptr<core::LocalMobilityAnchor> lma_;
  Now now_{TimePoint{100s}, WallTime{1'700'000'000s}};
  std::uint16_t sequence_ = 0;
  bool has_changed_ = false;
  std::vector<EffectId> waiting_;
  std::map<std::string, core::NodeRecord> records_;
  Bytes last_;
  Ipv6Address last_source_ = address(1, 1);
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Life(Input({data, size})).run();
  return 0;
}
