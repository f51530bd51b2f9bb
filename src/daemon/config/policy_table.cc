// SPDX-License-Identifier: Apache-2.0
// The key tables of [[policy]].
#include <charconv>

#include "daemon/config/policy_file.h"
#include "daemon/config/rules.h"

namespace flowmob::daemon::config {
namespace {

using namespace std::chrono_literals;
using core::FlowPolicy;
using core::FlowRule;
using core::LinkLimits;

template <class Number>
Rule<wire::Range<Number>> range_up_to(Number largest) {
  return {fmt::format("at most {}", largest),
          [largest](const wire::Range<Number>& range) { return range.last <= largest; }};
}

template <auto Member>
constexpr auto kOfRule = via<&RuleRow::rule, Member>;
template <auto Member>
constexpr auto kLimit = [](RuleRow& row) -> auto& {
  return row.rule.limits.*Member;
};

/// Reads a BitRate where the core has a number.
Key<RuleRow> max_load() {
  auto key = Keys<RuleRow>::derived("max_load", kLimit<&LinkLimits::load>,
                                    "a link through whose MAG more goes than this is not taken", "none");
  key.doc.type = ValueType<BitRate>::name();
  key.read = [](const Node& node, RuleRow& row, Diagnostics& diagnostics) {
    if (const auto rate = read_value<BitRate>(node, {}, diagnostics)) row.rule.limits.load = rate->bits;
  };
  return key;
}

Section<RuleRow> rule() {
  using K = Keys<RuleRow>;
  return {
      "[[policy.rule]]",
      {K::required("name", kOfRule<&FlowRule::name>,
                   "what `flowmob flow move`, tables and explanations call the rule and its flow", label()),
       K::table(
           "match", &RuleRow::match, match_section("[policy.rule.match]", true), false,
           "The packets that the rule is for, in the downlink direction: the source is the correspondent. "
           "All "
           "that is given has to hold; of a list one. Without it the rule is for what no other matches, and "
           "is the policy's last"),
       K::required("prefer", &RuleRow::prefer,
                   "the links that take the flow, the first that can: names of MAGs, or access technologies",
                   {"a MAG's name or an access technology", [](const auto& text) { return !text.empty(); }}),
       K::optional(
           "others", kOfRule<&FlowRule::others>,
           "a link that is not listed takes the flow when none that is can; false: it is dropped then"),
       K::optional("returns", kOfRule<&FlowRule::returns>,
                   "the flow goes back to a better link when that can carry it again"),
       K::optional("hold_down", kOfRule<&FlowRule::hold_down>,
                   "how long a link that has failed has to be well before the flow goes back to it",
                   between<Duration>(0s, 24h)),
       K::derived("max_round_trip", kLimit<&LinkLimits::round_trip>,
                  "a link on whose way heartbeats take longer, there and back, is not taken", "none",
                  {"\"1us\" to \"1min\"",
                   [](const std::optional<Duration>& d) { return !d || (*d >= 1us && *d <= 1min); }}),
       K::derived("max_loss", kLimit<&LinkLimits::loss>,
                  "a link on whose way more of the last 16 heartbeats were lost, in percent, is not taken",
                  "none",
                  {"0 to 99", [](const std::optional<unsigned>& loss) { return !loss || *loss <= 99; }}),
       max_load(),
       K::optional(
           "margin", kLimit<&LinkLimits::margin>,
           "by how much, in percent, a link that was worse than a limit has to be better than it to be "
           "taken again",
           between<unsigned>(0, 99)),
       K::optional("split", &RuleRow::split,
                   "the links' shares of new connections, in the order of `prefer`; one that lives stays "
                   "where it began",
                   between<unsigned>(0, 1000)),
       K::optional(
           "redundant", &RuleRow::redundant,
           "each packet goes by every link of the list, at most four; the first copy that arrives counts, "
           "if the mobile node has a `[[rule]]` that says the same: without it the node gets every packet of "
           "these flows as often as it is sent")}};
}

}  // namespace

std::optional<BitRate> ValueType<BitRate>::convert(const Node& node) {
  const auto* text = node.as<std::string>();
  if (text == nullptr) return std::nullopt;
  double number = 0;
  const char* end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, number, std::chars_format::fixed);
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  const double scale = unit == "kbit" ? 1e3 : unit == "Mbit" ? 1e6 : unit == "Gbit" ? 1e9 : 0;
  if (error != std::errc() || scale == 0 || !(number > 0) || number > 1e6) return std::nullopt;
  return BitRate{static_cast<std::uint64_t>(number * scale)};
}

Section<MatchRow> match_section(std::string table, bool at_anchor) {
  using K = Keys<MatchRow>;
  std::vector<Key<MatchRow>> keys;
  const auto add = [&](Key<MatchRow> key) { keys.push_back(std::move(key)); };
  if (at_anchor)
    add(K::optional("service", &MatchRow::service,
                    "the flows of this service, where a node has asked for it; stands alone", identifier()));
  add(K::optional("protocol", &MatchRow::protocol, "the transport protocol"));
  add(K::optional("source", &MatchRow::source, "the correspondent's addresses"));
  if (at_anchor)
    add(K::optional("source_name", &MatchRow::source_name,
                    "the correspondent's addresses, by names that stand in the policy's `names` file",
                    each<std::string>(label())));
  add(K::optional("destination", &MatchRow::destination, "the mobile node's addresses"));
  add(K::optional("source_port", &MatchRow::source_port, "the correspondent's ports"));
  add(K::optional("destination_port", &MatchRow::destination_port, "the mobile node's ports"));
  add(K::optional("spi", &MatchRow::spi, "the security parameter indices of IPsec"));
  const auto add_dscp = [&](const char* help) {
    add(K::optional("dscp", &MatchRow::dscp, help, each(range_up_to<std::uint8_t>(63))));
  };
  if (!at_anchor) {  // a virtual interface's flows are 5-tuples: of each somebody has sent a first packet
    add_dscp(
        "the DS field's values in the first packet that the node sends of a flow: of TCP the SYN, which "
        "programs that mark "
        "after connecting, as iperf3 does, send without; `decider` has to be \"mn\"");
    add(K::optional("user", &MatchRow::user,
                    "whose sockets on this node send the packets: names, uids, ranges of uids; `decider` has "
                    "to be \"mn\""));
    add(K::optional("cgroup", &MatchRow::cgroup,
                    "in which cgroup (version 2) those sockets were made, or below which: a path such as "
                    "`/system.slice/backup.service`. There need not be such a cgroup yet; `decider` has to "
                    "be \"mn\""));
    return {std::move(table), std::move(keys)};
  }
  add(K::optional("flow_label", &MatchRow::flow_label, "the IPv6 flow labels",
                  each(range_up_to<std::uint32_t>(0xfffff))));
  add_dscp("the DS field's values");
  return {std::move(table), std::move(keys)};
}

Section<PolicyRow> policy_section() {
  using K = Keys<PolicyRow>;
  constexpr auto kNames = &PolicyRow::names;
  return {
      "[[policy]]",
      {K::required("name", via<&PolicyRow::policy, &FlowPolicy::name>, "what commands and tables call it",
                   label()),
       K::optional("default", via<&PolicyRow::policy, &FlowPolicy::is_default>,
                   "it is for all nodes that no other policy is for"),
       K::optional("groups", via<&PolicyRow::policy, &FlowPolicy::groups>,
                   "it is for the nodes of these groups, see `group` in [[mobile_node]]", label()),
       K::optional("mobile_nodes", via<&PolicyRow::policy, &FlowPolicy::mobile_nodes>,
                   "it is for these nodes (MN-ID), whatever their group", identifier()),
       K::derived("names", kNames,
                  "a file of names for `source_name`: in each line a name and prefixes or addresses; what "
                  "follows # is a "
                  "remark",
                  "none"),
       K::tables("rule", &PolicyRow::rules, rule(), true,
                 "what is to be done with some packets. Rules are tried in their order, before the flows of "
                 "services "
                 "that no rule governs")}};
}

const Section<PolicyFile>& policy_file_section() {
  static const Section<PolicyFile> section{
      "the file",
      {Keys<PolicyFile>::tables("policy", &PolicyFile::policies, policy_section(), true, "rules for flows")}};
  return section;
}

}  // namespace flowmob::daemon::config
