// SPDX-License-Identifier: Apache-2.0
#include "core/mn/flow_choices.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/flow/flow_key.h"

namespace flowmob::core {
namespace {

std::string word(const Json& arguments, const char* name) {
  const auto found = arguments.find(name);
  return found != arguments.end() && found->is_string() ? found->get<std::string>() : std::string();
}

template <class T>
wire::Range<T> exactly(const T& value) {
  return {value, value};
}

wire::TrafficSelector6 exact(const FlowKey& key) {
  wire::TrafficSelector6 selector;
  selector.source = exactly(key.source);
  selector.destination = exactly(key.destination);
  selector.next_header = exactly(key.protocol);
  if (!key.ports) return selector;
  selector.source_port = exactly(key.ports->source);
  selector.destination_port = exactly(key.ports->destination);
  return selector;
}

}  // namespace

const MemberRule* FlowChoices::find_rule(std::string_view name) const {
  const auto found = std::ranges::find(config_.rules, name, &MemberRule::name);
  return found == config_.rules.end() ? nullptr : &*found;
}

std::optional<std::uint32_t> FlowChoices::number_of(std::string_view member) const {
  const auto found = std::ranges::find(config_.members, member);
  if (member.empty() || found == config_.members.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - config_.members.begin());
}

std::size_t FlowChoices::row_count(const Moved& moved) const {
  return moved.selectors.empty() ? find_rule(moved.name)->row_count() : moved.selectors.size();
}

std::size_t FlowChoices::rows_moved(std::string_view without) const {
  std::size_t count = 0;
  for (const auto& moved : moved_)
    if (moved.name != without) count += row_count(moved);
  return count;
}

void FlowChoices::configure(FlowChoiceConfig config) {
  config_ = std::move(config);
  std::erase_if(moved_, [this](const Moved& moved) {
    const auto* rule = find_rule(moved.name);
    const bool is_meaningless = moved.selectors.empty() && (!rule || rule->is_redundant());
    return !config_.node_decides || !number_of(moved.member) || is_meaningless;
  });
  while (rows_moved({}) > kMostMoved) moved_.pop_back();  // a rule has more of them by now
}

/// A name has no comma, a 5-tuple has.
Result<FlowChoices::Moved> FlowChoices::meant_by(const Json& arguments) const {
  for (const char* name : {"mn", "prefix"})
    if (arguments.contains(name))
      return fail("bad-argument", fmt::format("{}: a mobile node knows its own flows only", name));
  if (!config_.node_decides) return fail("lma-decides", "decider is \"lma\": flows go where the anchor says");
  const std::string flow = word(arguments, "flow");
  if (flow.find(',') != std::string::npos)
    return parse_flow_key(flow).map([](const FlowKey& key) {
      return Moved{core::to_string(key), {exact(key)}, {}};
    });
  if (!find_rule(flow))
    return fail("no-such-flow", fmt::format("no rule is named '{}'; a single flow is named by its 5-tuple, "
                                            "as in show flows: PROTOCOL,SOURCE,PORT,DESTINATION,PORT",
                                            flow));
  return Moved{flow, {}, {}};
}

Result<Json> FlowChoices::move(const Json& arguments) {
  auto meant = meant_by(arguments);
  if (!meant) return tl::unexpected(meant.error());
  meant->member = word(arguments, "to");
  if (!number_of(meant->member))
    return fail("no-such-member", fmt::format("no member is named '{}'", meant->member));
  if (meant->selectors.empty() && find_rule(meant->name)->is_redundant())
    return fail("flow-is-redundant",
                fmt::format("the rule '{}' sends each packet by every member", meant->name));
  if (rows_moved(meant->name) + row_count(*meant) > kMostMoved)
    return fail("too-many-moves", fmt::format("commands may move {} selectors: release some", kMostMoved));
  const auto former = std::ranges::find(moved_, meant->name, &Moved::name);
  const Json from = former == moved_.end() ? Json() : Json(former->member);
  if (former != moved_.end()) moved_.erase(former);
  const Json answer{
      {"flow", meant->name}, {"from", from}, {"to", meant->member}, {"changed", from != Json(meant->member)}};
  moved_.insert(moved_.begin(), std::move(*meant));
  return answer;
}

Result<Json> FlowChoices::release(const Json& arguments) {
  const auto meant = meant_by(arguments);
  if (!meant) return tl::unexpected(meant.error());
  const auto found = std::ranges::find(moved_, meant->name, &Moved::name);
  const bool is_moved = found != moved_.end();
  if (!is_moved && !find_rule(meant->name))
    return fail("no-such-flow", fmt::format("no command has moved {}", meant->name));
  const Json answer{
      {"flow", meant->name}, {"from", is_moved ? Json(found->member) : Json()}, {"changed", is_moved}};
  if (is_moved) moved_.erase(found);
  return answer;
}

std::set<std::string> FlowChoices::cgroups() const {
  std::set<std::string> named;
  for (const auto& rule : config_.rules)
    for (const auto& sender : rule.senders)
      if (!sender.cgroup.empty()) named.insert(sender.cgroup);
  return named;
}

std::set<std::string> FlowChoices::users() const {
  std::set<std::string> named;
  for (const auto& rule : config_.rules)
    for (const auto& sender : rule.senders)
      if (sender.users && !sender.users->uids) named.insert(sender.users->name);
  return named;
}

/// Why there is none, if so.
std::string FlowChoices::find_user_of(Sender& sender) const {
  if (!sender.users || sender.users->uids) return {};
  const auto found = uids_.find(sender.users->name);
  if (found == uids_.end()) return fmt::format("the user '{}' is not known yet", sender.users->name);
  if (!found->second) return fmt::format("there is no user '{}'", sender.users->name);
  sender.users->uids = exactly(*found->second);
  return {};
}

/// For each selector by each sender what `row` says.
void FlowChoices::add_rows(std::vector<Row>& rows, const MemberRule& rule, Row row) const {
  const std::vector<Sender> whomever(1);
  for (const auto& selector : rule.selectors)
    for (const auto& sender : rule.senders.empty() ? whomever : rule.senders) {
      row.selector = selector;
      row.sender = sender;
      const auto found = cgroup_ids_.find(sender.cgroup);
      const bool has_cgroup = sender.cgroup.empty() || found != cgroup_ids_.end();
      row.cgroup_id = sender.cgroup.empty() || !has_cgroup ? 0 : found->second;
      row.missing = find_user_of(row.sender);
      if (row.missing.empty() && !has_cgroup)
        row.missing = fmt::format("there is no cgroup '{}'", sender.cgroup);
      rows.push_back(row);
    }
}

std::vector<FlowChoices::Row> FlowChoices::rows() const {
  std::vector<Row> rows;
  for (const auto& moved : moved_) {
    const Row row{moved.name, true, {}, {*number_of(moved.member)}};
    if (moved.selectors.empty()) {
      add_rows(rows, *find_rule(moved.name), row);
      continue;
    }
    for (const auto& selector : moved.selectors) rows.emplace_back(row).selector = selector;
  }
  for (const auto& rule : config_.rules) {
    std::vector<std::uint32_t> prefer;
    std::vector<std::uint16_t> shares;
    for (std::size_t place = 0; place < rule.prefer.size(); ++place) {
      const auto number = number_of(rule.prefer[place]);
      if (!number) continue;
      prefer.push_back(*number);
      if (!rule.shares.empty()) shares.push_back(rule.shares.at(place));
    }
    if (std::ranges::count(shares, 0) == std::ssize(shares)) shares.clear();  // who had one is gone
    const bool is_absent = !rule.is_redundant() && prefer.empty();
    add_rows(rows, rule, {rule.name, false, {}, std::move(prefer), std::move(shares), is_absent});
  }
  return rows;
}

Json FlowChoices::absent_rules() const {
  Json absent = Json::array();
  for (const auto& row : rows()) {
    const Json one{{"rule", row.name}, {"why", row.missing}};
    if (!row.missing.empty() && std::ranges::count(absent, one) == 0) absent.push_back(one);
  }
  return absent;
}

}  // namespace flowmob::core
