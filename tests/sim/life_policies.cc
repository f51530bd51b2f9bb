// SPDX-License-Identifier: Apache-2.0
#include "life_policies.h"

#include <fmt/format.h>

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
  core::FlowPolicy policy{"life"};
  policy.is_default = true;
  const auto add = [&](auto complete) {
    auto rule = some_rule(random, policy.rules.size());
    complete(rule);
    policy.rules.emplace_back(std::move(rule));
  };
  if (random.chance(0.6)) add([](core::FlowRule& rule) { rule.flow = web_template(rule.name); });
  if (random.chance(0.6)) add([](core::FlowRule& rule) { rule.service = "video"; });
  if (random.chance(0.6) || policy.rules.empty()) add([](core::FlowRule&) {});
  return {policy};
}

}  // namespace flowmob::sim
