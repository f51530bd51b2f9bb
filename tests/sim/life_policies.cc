// SPDX-License-Identifier: Apache-2.0
#include "life_policies.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "random.h"

namespace flowmob::sim {
namespace {

using namespace std::chrono_literals;

std::vector<core::LinkPattern> some_links(Random& random) {
  const std::array<core::LinkPattern, 5> known{{{"", wire::AccessTechnology::Wlan},
                                                {"", wire::AccessTechnology::Wimax},
                                                {"mag0", {}},
                                                {"mag1", {}},
                                                {"nobody", {}}}};
  std::vector<core::LinkPattern> links;
  for (auto some = 1 + random.below(3); some > 0; --some) links.push_back(known[random.below(known.size())]);
  return links;
}

core::FlowRule some_rule(Random& random, std::size_t position) {
  core::FlowRule rule;
  rule.policy = "life";
  rule.name = fmt::format("rule{}", position);
  rule.position = static_cast<std::uint16_t>(position);
  rule.prefer = some_links(random);
  rule.returns = !random.chance(0.2);
  rule.hold_down = random.chance(0.3) ? Duration{} : random.between(1ms, 5s);
  return rule;
}

/// What it draws changes nothing else of the life.
void spread(core::FlowRule& rule, Random& random) {
  const auto kind = random.below(3);
  if (kind == 1) rule.spread = core::SpreadKind::Copies;
  if (kind != 2) return;
  rule.spread = core::SpreadKind::Shares;
  for (std::size_t i = 0; i < rule.prefer.size(); ++i)
    rule.shares.push_back(static_cast<std::uint16_t>(i == 0 ? 1 : random.below(4)));
}

core::FlowTemplate web_template(const std::string& name) {
  core::FlowTemplate web{name, 0, {}, {}};
  web.selector.next_header = {6, 6};
  web.selector.source_port = {443, 443};
  return web;
}

}  // namespace

std::vector<Shared<core::FlowPolicy>> policies_of_life(std::uint64_t seed) {
  if (seed % 3 != 0) return {};
  Random random(seed ^ 0x5bd1e995);  // what it draws changes nothing else of the life
  Random spreads(seed ^ 0x27d4eb2f);
  core::FlowPolicy policy{"life"};
  policy.is_default = true;
  const auto add = [&](auto complete) {
    auto rule = some_rule(random, policy.rules.size());
    complete(rule);
    spread(rule, spreads);
    policy.rules.emplace_back(std::move(rule));
  };
  if (random.chance(0.6)) add([](core::FlowRule& rule) { rule.flow = web_template(rule.name); });
  if (random.chance(0.6)) add([](core::FlowRule& rule) { rule.service = "video"; });
  if (random.chance(0.6) || policy.rules.empty()) add([](core::FlowRule&) {});
  return {policy};
}

std::vector<std::string_view> copied_flows(const std::vector<Shared<core::FlowPolicy>>& policies) {
  if (policies.empty()) return {};
  std::vector<std::string_view> copied;
  for (const std::string_view flow : {"web", "video", "ping"}) {
    const auto governs = [&](const Shared<core::FlowRule>& rule) {
      if (rule->flow) return flow == "web";
      return rule->service.empty() || rule->service == flow;
    };
    const auto rule = std::ranges::find_if(policies.front()->rules, governs);
    if (rule != policies.front()->rules.end() && (*rule)->spread == core::SpreadKind::Copies)
      copied.push_back(flow);
  }
  return copied;
}

std::vector<core::AnnouncedFlow> announced_in_life(std::uint64_t seed, std::size_t mag, std::size_t mags) {
  Random random(seed ^ (0x9e3779b97f4a7c15 * (mag + 1)));
  core::FlowTemplate video{"video", 10, {}, {}};
  video.selector.source_port = {5004, 5004};
  std::vector<core::AnnouncedFlow> flows;
  if (random.chance(0.6)) {
    flows.push_back({video, random.chance(0.5)});
    if (random.chance(0.6)) flows.back().also_by = {static_cast<std::uint16_t>(1 + random.below(mags))};
  }
  if (random.chance(0.6)) flows.push_back({web_template("web"), random.chance(0.5)});
  return flows;
}

}  // namespace flowmob::sim
