// SPDX-License-Identifier: Apache-2.0
#include "daemon/lma/effects.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "daemon/host/records.h"

namespace flowmob::daemon {
namespace {

std::string key_of(NodeIndex node) { return fmt::format("node/{}", node.value); }

// What a line of the log calls an effect.
/// Whom we answer is chosen by who asks.
std::string name_of(const core::SendMessage&) { return "messages"; }
std::string name_of(const core::SendIcmpv6&) { return "ICMPv6 errors"; }
std::string name_of(const core::SendPacket&) { return "packets"; }
std::string name_of(const core::Notify& n) { return n.event; }
std::string name_of(const core::EnsureTunnel& t) { return "tunnel to " + t.remote.to_string(); }
std::string name_of(const core::RemoveTunnel& t) { return "tunnel to " + t.remote.to_string(); }
std::string name_of(const core::InstallNode& n) { return fmt::format("node {}", n.node.value); }
std::string name_of(const core::RemoveNode& n) { return fmt::format("end of node {}", n.node.value); }
std::string name_of(const core::InstallSession& s) { return fmt::format("session {}", s.session.value); }
std::string name_of(const core::RemoveSession& s) {
  return fmt::format("end of session {}", s.session.value);
}
std::string name_of(const core::InstallFlow& f) { return fmt::format("flow {}", f.flow.value); }
std::string name_of(const core::RemoveFlow& f) { return fmt::format("end of flow {}", f.flow.value); }
std::string name_of(const core::WatchFlow& w) { return fmt::format("watch of flow {}", w.flow.value); }
std::string name_of(const core::WatchSession& w) {
  return fmt::format("watch of session {}", w.session.value);
}
std::string name_of(const core::Watched& what) {
  return what.session ? fmt::format("watch of session {}", what.session.value)
                      : fmt::format("watch of flow {}", what.flow.value);
}
std::string name_of(const core::ReadWatch& w) { return name_of(w.what); }
std::string name_of(const core::EndWatch& w) { return "end of " + name_of(w.what); }
std::string name_of(const core::AdjustOrder& o) { return fmt::format("order of flow {}", o.flow.value); }
std::string name_of(const core::ReadOrder& o) { return fmt::format("order of flow {}", o.flow.value); }
std::string name_of(const core::EndOrder& o) { return fmt::format("end of order of flow {}", o.flow.value); }
std::string name_of(const core::SendBySession&) { return "measurements of paths"; }
std::string name_of(const core::EnsureRoute& r) { return "route to " + r.prefix.to_string(); }
std::string name_of(const core::RemoveRoute& r) { return "end of route to " + r.prefix.to_string(); }
std::string name_of(const core::EnsureIpv4Route& r) { return "route to " + r.address.to_string(); }
std::string name_of(const core::RemoveIpv4Route& r) { return "end of route to " + r.address.to_string(); }
std::string name_of(const core::PersistNode& n) { return "record of " + n.record.mn_id; }
std::string name_of(const core::ForgetNode& n) { return "end of record of " + n.mn_id; }

template <class Action>
constexpr bool kIsRecord =
    std::is_same_v<Action, core::PersistNode> || std::is_same_v<Action, core::ForgetNode>;

}  // namespace

LmaEffects::LmaEffects(Host& host, MobilityPort& port, dataplane::LmaDataplane& dataplane,
                       HomeNetworks& routes, platform::PacketSender& packets, HeldPackets* held)
    : host_(host),
      port_(port),
      dataplane_(dataplane),
      routes_(routes),
      packets_(packets),
      held_(held),
      failures_(FailureLog::to_log(spdlog::level::warn)) {}

std::optional<Result<void>> LmaEffects::carry_out(const core::LmaEffect& effect) {
  return std::visit(
      [this]<class Action>(const Action& action) -> std::optional<Result<void>> {
        auto outcome = apply(action);
        if (!outcome || !failures_.all_is_well()) failures_.note(name_of(action), outcome);
        if (outcome && kIsRecord<Action>) return std::nullopt;
        return outcome;
      },
      effect.action);
}

Result<void> LmaEffects::end_batch() {
  auto outcome = host_.state().commit();
  failures_.note("records", outcome);
  return outcome;
}

Result<void> LmaEffects::apply(const core::Notify& event) {
  host_.notify(event.event, event.fields);
  return {};
}

Result<void> LmaEffects::apply(const core::ReadWatch& read) {
  seen_.push_back({read.handover, dataplane_.read_watch(read.what)});
  return {};
}

Result<void> LmaEffects::apply(const core::ReadOrder& read) {
  orders_.push_back({read.flow, dataplane_.read_order(read.flow)});
  return {};
}

/// Without the interface nothing is measured, which was told when it could not be had.
Result<void> LmaEffects::apply(const core::SendBySession& send) {
  return held_ ? held_->send(send.session, send.packet) : Result<void>{};
}

Result<void> LmaEffects::apply(const core::PersistNode& node) {
  return host_.state().begin().and_then(
      [&] { return store_record(host_.state(), key_of(node.record.index), node.record); });
}

Result<void> LmaEffects::apply(const core::ForgetNode& node) {
  return host_.state().begin().and_then([&] { return host_.state().remove(key_of(node.node)); });
}

}  // namespace flowmob::daemon
