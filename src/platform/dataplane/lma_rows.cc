// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/lma_rows.h"

#include <algorithm>

#include "base/ipv4.h"
#include "platform/dataplane/convert.h"

namespace flowmob::dataplane {
namespace {

constexpr std::uint32_t kConfigRow = 0;

Result<std::vector<fm_rule>> to_rules(std::vector<core::ClassifierRule> rules) {
  if (rules.size() > FM_MAX_RULES)
    return fail("too-many-rules", "a mobile node may have " + std::to_string(FM_MAX_RULES) + " selectors");
  std::ranges::stable_sort(rules, {}, &core::ClassifierRule::order);
  std::vector<fm_rule> rows;
  for (const auto& rule : rules) {
    auto row = to_rule(rule.selector);
    if (!row) return tl::unexpected(row.error());
    row->order = rule.order;
    row->flow = rule.flow.value;
    rows.push_back(*row);
  }
  return rows;
}

std::uint16_t uses_of(const std::vector<fm_rule>& rules) {
  unsigned uses = 0;
  for (const auto& rule : rules) {
    if (rule.fields & FM_RULE_FLOW_LABEL) uses |= FM_NODE_USES_FLOW_LABEL;
    if (rule.fields & FM_RULE_DS) uses |= FM_NODE_USES_DS;
  }
  return static_cast<std::uint16_t>(uses);
}

std::uint32_t action_of(core::SpreadKind kind) {
  switch (kind) {
    case core::SpreadKind::Copies:
      return FM_ACTION_COPIES;
    case core::SpreadKind::Shares:
      return FM_ACTION_SHARES;
    case core::SpreadKind::None:
      break;
  }
  return FM_ACTION_FORWARD;
}

fm_rule_key rule_key(const fm_node_row& row, std::uint32_t slot) { return {row.node, row.generation, slot}; }

}  // namespace

LmaRows::LmaRows(const BpfObject& object)
    : config_(object, "config"),
      nodes_(object, "nodes"),
      rules_(object, "rules"),
      flows_(object, "flows"),
      spreads_(object, "spreads"),
      sessions_(object, "sessions"),
      uplink_(object, "uplink"),
      tunnels_(object, "tunnels"),
      flow_counters_(object, "flow_counters"),
      session_counters_(object, "session_counters"),
      watches_(object),
      orders_(object) {}

Result<void> LmaRows::set_local(const Ipv6Address& local, const std::optional<Ipv4Address>& ipv4) {
  fm_lma_config row = config_.get(kConfigRow).value_or(fm_lma_config{});
  row.local = to_row(local);
  row.local_ipv4 = ipv4 ? to_row(to_mapped(*ipv4)) : fm_address{};
  return config_.set(kConfigRow, row);
}

Result<void> LmaRows::set_copy_interface(InterfaceIndex interface) {
  fm_lma_config row = config_.get(kConfigRow).value_or(fm_lma_config{});
  row.copy_interface = interface.value;
  return config_.set(kConfigRow, row);
}

/// The row says of many at a time that they are used.
Result<std::uint32_t> LmaRows::next_generation() {
  constexpr std::uint32_t kReserved = 1024;
  if (last_generation_ == last_reserved_generation_) {
    fm_lma_config row = config_.get(kConfigRow).value_or(fm_lma_config{});
    const std::uint32_t used = row.next_generation;
    row.next_generation += kReserved;
    auto written = config_.set(kConfigRow, row);
    if (!written) return tl::unexpected(written.error());
    last_generation_ = used;
    last_reserved_generation_ = row.next_generation;
  }
  return ++last_generation_;
}

Result<void> LmaRows::ensure_tunnel(const core::EnsureTunnel& tunnel) {
  return tunnels_.set({to_row(tunnel.local), to_row(tunnel.remote)}, std::uint32_t{1});
}

Result<void> LmaRows::remove_tunnel(const core::RemoveTunnel& tunnel) {
  return tunnels_.erase({to_row(tunnel.local), to_row(tunnel.remote)});
}

Result<void> LmaRows::write_rules(const fm_node_row& row, const std::vector<fm_rule>& rules) {
  for (std::uint32_t slot = 0; slot < rules.size(); ++slot)
    if (auto written = rules_.set(rule_key(row, slot), rules[slot]); !written) return written;
  return {};
}

Result<void> LmaRows::erase_rules(const RuleSet& rules) {
  for (std::uint32_t slot = 0; slot < rules.rule_count; ++slot)
    if (auto erased = rules_.erase(rule_key(rules, slot)); !erased) return erased;
  return {};
}

/// Rules are complete before the first row names them; those that no row names any more go last.
Result<void> LmaRows::write_prefixes(const std::vector<std::uint64_t>& prefixes, const fm_node_row& row) {
  std::vector<RuleSet> unused;
  const auto note_unused = [&](const RuleSet& old) {  // once: a node may have hundreds of rows
    const auto is_same = [&](const RuleSet& r) {
      return r.node == old.node && r.generation == old.generation;
    };
    if (std::ranges::none_of(unused, is_same)) unused.push_back(old);
  };
  auto& known = prefixes_of_[NodeIndex{row.node}];
  for (const auto prefix : prefixes) {
    if (const auto old = nodes_.get(prefix)) note_unused(*old);
    if (auto written = nodes_.set(prefix, row); !written) return written;
  }
  for (const auto prefix : known) {
    if (std::ranges::count(prefixes, prefix) != 0) continue;
    const auto old = nodes_.get(prefix);
    if (old && old->node != row.node) continue;  // another node's by now
    if (old) note_unused(*old);
    if (auto erased = nodes_.erase(prefix); !erased) return erased;
  }
  known = {prefixes.begin(), prefixes.end()};
  for (const auto& rules : unused)
    if (auto erased = erase_rules(rules); !erased) return erased;
  return {};
}

Result<void> LmaRows::install_node(const core::InstallNode& node) {
  const auto prefixes = address_keys(node.prefixes, node.ipv4);
  if (!prefixes) return tl::unexpected(prefixes.error());
  const auto rules = to_rules(node.rules);
  if (!rules) return tl::unexpected(rules.error());
  const auto generation = next_generation();
  if (!generation) return tl::unexpected(generation.error());
  fm_node_row row{node.node.value, *generation, node.default_flow.value,
                  static_cast<std::uint16_t>(rules->size()), uses_of(*rules)};
  if (captured_.contains(node.node)) row.uses |= FM_NODE_IS_CAPTURED;
  auto written = write_rules(row, *rules).and_then([&] { return write_prefixes(*prefixes, row); });
  const auto names_them = [&](std::uint64_t prefix) {
    const auto now = nodes_.get(prefix);
    return now && now->generation == row.generation;
  };
  if (!written && std::ranges::none_of(*prefixes, names_them)) static_cast<void>(erase_rules(row));
  return written;
}

Result<void> LmaRows::mark_captured(NodeIndex node, bool is_captured) {
  const auto known = prefixes_of_.find(node);
  if (known == prefixes_of_.end()) return {};
  for (const auto prefix : known->second) {
    auto row = nodes_.get(prefix);
    if (!row || row->node != node.value) continue;
    const auto others = static_cast<std::uint16_t>(row->uses & ~FM_NODE_IS_CAPTURED);
    row->uses = is_captured ? static_cast<std::uint16_t>(others | FM_NODE_IS_CAPTURED) : others;
    if (auto written = nodes_.rewrite(prefix, *row); !written) return written;
  }
  return {};
}

/// Rows of a predecessor's that were captured are written anew, or go.
Result<void> LmaRows::set_captured(std::set<NodeIndex> nodes) {
  const auto before = std::exchange(captured_, std::move(nodes));
  Result<void> done;
  for (const auto node : before)
    if (done && !captured_.contains(node)) done = mark_captured(node, false);
  for (const auto node : captured_)
    if (done && !before.contains(node)) done = mark_captured(node, true);
  return done;
}

std::optional<NodeIndex> LmaRows::node_of(SessionId session) const {
  const auto row = sessions_.get(session.value);
  return row ? std::optional(NodeIndex{row->node}) : std::nullopt;
}

Result<void> LmaRows::remove_node(const core::RemoveNode& node) {
  const auto prefixes = address_keys(node.prefixes, node.ipv4);
  if (!prefixes) return tl::unexpected(prefixes.error());
  prefixes_of_[node.node].insert(prefixes->begin(), prefixes->end());
  fm_node_row row{};
  row.node = node.node.value;
  auto removed = write_prefixes({}, row);
  prefixes_of_.erase(node.node);
  return removed;
}

/// Two sessions of one node through the same MAG that are carried alike share the row; it counts for the one
/// that came last.
Result<void> LmaRows::hold_uplink(const fm_uplink_key& key, const fm_uplink_row& row) {
  holders_[key][SessionId{row.session}] = row;
  uplinks_of_[SessionId{row.session}].insert(key);
  return uplink_.set(key, row);
}

Result<void> LmaRows::release_uplink(const fm_uplink_key& key, SessionId session, bool keep) {
  auto& holders = holders_[key];
  const bool held = holders.erase(session) != 0;
  uplinks_of_[session].erase(key);
  if (!holders.empty()) return uplink_.set(key, holders.begin()->second);
  holders_.erase(key);
  return keep && !held ? Result<void>{} : uplink_.erase(key);
}

Result<void> LmaRows::install_session(const core::InstallSession& session) {
  const auto prefixes = address_keys(session.prefixes, session.ipv4);
  if (!prefixes) return tl::unexpected(prefixes.error());
  if (session.mtu == 0) return fail("bad-mtu", "a session needs the MTU of its tunnel");

  const auto& tunnelling = session.tunnelling;
  const fm_session_row row{to_row(session.mag), to_row(session.lma), session.mtu, session.node.value,
                           to_row(tunnelling.encapsulation, tunnelling.downlink_key)};
  const fm_uplink_row uplink{session.session.value, session.node.value};
  auto written = session_counters_.ensure(session.session.value).and_then([&] {
    return sessions_.set(session.session.value, row);
  });
  if (!written) return written;
  std::set<fm_uplink_key, ByOctets> stale = uplinks_of_[session.session];
  for (const auto prefix : *prefixes) {
    const fm_uplink_key key{row.mag, prefix, row.shim.flags, 0};
    stale.erase(key);
    if (auto held = hold_uplink(key, uplink); !held) return held;
  }
  for (const auto& key : stale) {
    if (ByOctets{}(key.mag, row.mag) != ByOctets{}(row.mag, key.mag))
      continue;  // the end of the other MAG's is said
    if (auto released = release_uplink(key, session.session); !released) return released;
  }
  return {};
}

/// The row that the session holds; where it holds none any more, all there can be.
std::vector<fm_uplink_key> LmaRows::uplinks_to_release(SessionId session, const fm_address& mag,
                                                       std::uint64_t prefix) {
  std::vector<fm_uplink_key> held, possible;
  for (const std::uint32_t way : {0U, FM_SHIM_GRE, FM_SHIM_GRE | FM_SHIM_KEYS, FM_SHIM_UDP}) {
    possible.push_back({mag, prefix, way, 0});
    if (uplinks_of_[session].contains(possible.back())) held.push_back(possible.back());
  }
  return held.empty() ? possible : held;
}

/// Of a session that has moved to another MAG meanwhile only the old MAG's rows go.
Result<void> LmaRows::remove_session(const core::RemoveSession& session) {
  const auto prefixes = address_keys(session.prefixes, session.ipv4);
  if (!prefixes) return tl::unexpected(prefixes.error());
  const fm_address mag = to_row(session.mag);
  for (const auto prefix : *prefixes)
    for (const auto& key : uplinks_to_release(session.session, mag, prefix))
      if (auto released = release_uplink(key, session.session, session.keep_uplink); !released)
        return released;
  const auto row = sessions_.get(session.session.value);
  if (row && ByOctets{}(row->mag, mag) == ByOctets{}(mag, row->mag)) {
    uplinks_of_.erase(session.session);
    if (auto erased = sessions_.erase(session.session.value); !erased) return erased;
    return session_counters_.erase(session.session.value).and_then([&] {
      return watches_.end({{}, session.session});
    });
  }
  return {};
}

Result<void> LmaRows::set_spread(const core::InstallFlow& flow) {
  const auto& [kind, links, mtu] = flow.spread;
  if (links.size() > FM_MAX_SPREAD)
    return fail("too-many-links", "a flow may take " + std::to_string(FM_MAX_SPREAD) + " links at a time");
  fm_spread row{};
  row.mtu = mtu;
  for (std::size_t place = 0; place < links.size(); ++place) row.sessions[place] = links[place].session.value;
  if (kind == core::SpreadKind::Shares) std::ranges::copy(core::share_slots(flow.spread), row.slots);
  return spreads_.set(flow.flow.value, row);
}

/// What the row points to stands first, and goes last.
Result<void> LmaRows::install_flow(const core::InstallFlow& flow) {
  static_assert(core::Spread::kMostLinks == FM_MAX_SPREAD && core::kShareSlots == FM_SHARE_SLOTS);
  const auto kind = flow.spread.kind;
  const bool is_spread = kind != core::SpreadKind::None, is_ordered = flow.order && !is_spread;
  const fm_flow_row row{flow.session.value, is_ordered ? FM_ACTION_ORDERED : action_of(kind)};
  if (is_spread)
    if (auto written = set_spread(flow); !written) return written;
  if (is_ordered)
    if (auto written = orders_.begin(flow.flow, *flow.order); !written) return written;
  auto written =
      flow_counters_.ensure(flow.flow.value).and_then([&] { return flows_.set(flow.flow.value, row); });
  if (written && !is_ordered) written = orders_.end_begun(flow.flow);
  return written && !is_spread ? spreads_.erase_wanted(flow.flow.value) : written;
}

/// Without its order a row says the same as one that has none: what it points to goes last.
Result<void> LmaRows::end_order(FlowIndex flow) {
  auto row = flows_.get(flow.value);
  Result<void> written;
  if (row && row->action == FM_ACTION_ORDERED) {
    row->action = FM_ACTION_FORWARD;
    written = flows_.rewrite(flow.value, *row);
  }
  return written.and_then([&] { return orders_.end(flow); });
}

Result<void> LmaRows::end_orders() {
  Result<void> done;
  for (const auto flow : orders_.all())
    if (done) done = end_order(flow);
  return done;
}

std::optional<core::FlowWatch> LmaRows::read_watch(const core::Watched& what) const {
  auto watch = watches_.read(what);
  if (watch && !what.session) watch->order = orders_.read(what.flow);
  return watch;
}

Result<void> LmaRows::remove_flow(const core::RemoveFlow& flow) {
  return flows_.erase(flow.flow.value)
      .and_then([&] { return spreads_.erase_wanted(flow.flow.value); })
      .and_then([&] { return flow_counters_.erase(flow.flow.value); })
      .and_then([&] { return watches_.end({flow.flow}); })
      .and_then([&] { return orders_.end(flow.flow); });
}

/// All that came before the switch came by the old path.
void LmaRows::note_last_packets(FlowIndex flow, fm_watch_row& row) const {
  for (const auto& part : flow_traffic(flow).value_or(std::vector<fm_flow_traffic>{})) {
    row.down.old_path.last = std::max(row.down.old_path.last, part.last_down);
    row.up.old_path.last = std::max(row.up.old_path.last, part.last_up);
  }
}

Result<void> LmaRows::watch_flow(const core::WatchFlow& watch) {
  fm_watch_row row{};
  row.old_path = watch.from.value;
  row.new_path = watch.to.value;
  note_last_packets(watch.flow, row);
  return watches_.begin({watch.flow}, row);
}

Result<void> LmaRows::watch_session(const core::WatchSession& watch) {
  const auto number = [](const Ipv6Address& mag) {
    const auto address = to_number(mag);
    return fm_path_number(address.high, address.low);
  };
  fm_watch_row row{};
  row.old_path = number(watch.from);
  row.new_path = number(watch.to);
  for (const auto flow : watch.flows) note_last_packets(flow, row);
  return watches_.begin({{}, watch.session}, row);
}

Result<std::size_t> LmaRows::sweep() {
  std::size_t swept = 0;
  Result<std::size_t> failed;
  const auto sweep_one = [&](auto& map) {
    const auto count = map.sweep();
    if (count) swept += *count;
    if (!count) failed = count;
    return count.has_value();
  };
  // Who points first, then what is pointed to.
  const bool done = sweep_one(nodes_) && sweep_one(rules_) && sweep_one(flows_) && sweep_one(spreads_) &&
                    sweep_one(uplink_) && sweep_one(sessions_) && sweep_one(tunnels_) &&
                    sweep_one(flow_counters_) && sweep_one(session_counters_);
  return done ? Result<std::size_t>(swept) : failed;
}

std::optional<std::vector<fm_flow_traffic>> LmaRows::flow_traffic(FlowIndex flow) const {
  return flow_counters_.values(flow.value);
}

std::optional<std::vector<fm_traffic>> LmaRows::session_traffic(SessionId session) const {
  return session_counters_.values(session.value);
}

}  // namespace flowmob::dataplane
