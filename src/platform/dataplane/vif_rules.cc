// SPDX-License-Identifier: Apache-2.0
// What the node itself says of flows, as rows.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "core/flow/spread.h"
#include "platform/dataplane/convert.h"
#include "platform/dataplane/vif_dataplane.h"
#include "platform/errno_error.h"
#include "platform/unique_fd.h"

namespace flowmob::dataplane {
namespace {

/// Places take the parts of sessions.
std::vector<std::uint8_t> slots_of(const std::vector<std::uint16_t>& shares) {
  static_assert(core::kShareSlots == FM_SHARE_SLOTS && core::kShareTries == FM_SHARE_TRIES);
  core::Spread spread{core::SpreadKind::Shares};
  for (std::uint32_t place = 0; place < shares.size(); ++place)
    spread.links.push_back({SessionId{place + 1}, shares[place]});
  return core::share_slots(spread);
}

/// So that its packets need not say anything: no protocol has such a number.
void match_nothing(fm_rule& rule) {
  rule.fields |= FM_RULE_PROTOCOL;
  rule.protocol[0] = 1;
  rule.protocol[1] = 0;
}

/// As its folder says when it is opened.
bool is_gone(int error) { return error == ENOENT || error == ENODEV || error == ENOTDIR; }

}  // namespace

Result<void> VifDataplane::write_rule(std::uint32_t row, std::uint32_t order, const VifRule& rule) {
  if (rule.prefer.size() > FM_MAX_MEMBERS)
    return fail("no-such-member", fmt::format("a rule may name {} members", FM_MAX_MEMBERS));
  auto selector = rule.selector;
  selector.traffic_class.reset();  // the sender's
  auto written = to_rule(selector);
  if (!written) return tl::unexpected(written.error());
  written->order = order;
  const bool is_redundant = rule.prefer.empty() && !rule.is_absent;
  written->flow = is_redundant ? FM_VIF_COPIES : rule.shares.empty() ? FM_VIF_PREFER : FM_VIF_SHARE;
  fm_vif_preference preference{};
  for (const auto member : rule.prefer)
    preference.members[preference.count++] = static_cast<std::uint8_t>(member);
  if (!rule.shares.empty()) std::ranges::copy(slots_of(rule.shares), preference.slots);
  return write_sender(row, rule, *written)
      .and_then([&] { return preferences_.set(row, preference); })
      .and_then([&] { return rules_.set(row, *written); });
}

Result<void> VifDataplane::write_sender(std::uint32_t row, const VifRule& rule, fm_rule& written) {
  fm_vif_sender sender{};
  if (const auto& ds = rule.selector.traffic_class) {
    sender.fields |= FM_SENDER_DS;
    sender.ds[0] = ds->first;
    sender.ds[1] = ds->last;
  }
  if (const auto& uids = rule.sender.uids) {
    sender.fields |= FM_SENDER_UID;
    sender.uid[0] = uids->first;
    sender.uid[1] = uids->last;
  }
  if (!rule.sender.cgroup.empty()) sender.fields |= FM_SENDER_CGROUP;
  if (rule.sender.is_nobody) match_nothing(written);
  if (sender.fields != 0) written.flow |= FM_VIF_ASKS_SENDER;
  return write_cgroup(row, rule.sender).and_then([&] { return senders_.set(row, sender); });
}

/// One that has gone meanwhile matches nothing: the next look at cgroups finds that out. The kernel keeps
/// what the map has, so that nothing is left in it without need.
Result<void> VifDataplane::write_cgroup(std::uint32_t row, const VifSender& sender) {
  if (auto erased = cgroups_.erase(row); !erased || sender.cgroup.empty() || sender.is_nobody) return erased;
  const platform::UniqueFd directory(::open(sender.cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory && is_gone(errno)) return {};
  if (!directory) return platform::fail_errno("cgroup", "cannot open the cgroup " + sender.cgroup.string());
  return cgroups_.set(row, static_cast<std::uint32_t>(directory.get()));
}

/// Of half a table: nothing holds its cgroups any more.
Result<void> VifDataplane::forget_cgroups(std::uint32_t first) {
  Result<void> done;
  for (std::uint32_t row = first; done && row < first + FM_MAX_VIF_RULES; ++row) done = cgroups_.erase(row);
  return done;
}

/// Flows that were judged by others are judged again. Where packets look meanwhile nothing is written: until
/// all of a set is there the former one holds.
Result<void> VifDataplane::write_rules() {
  if (options_.rules.size() > FM_MAX_VIF_RULES)
    return fail("too-many-rules", fmt::format("a virtual interface may have {} selectors", FM_MAX_VIF_RULES));
  auto set = rule_set_.get(0).value_or(fm_vif_rule_set{});
  const std::uint32_t former = set.first;
  set.first = set.first == 0 ? FM_MAX_VIF_RULES : 0;
  set.count = 0;
  for (const auto& rule : options_.rules) {
    if (auto written = write_rule(set.first + set.count, set.count, rule); !written) {
      (void)forget_cgroups(set.first);
      return written;
    }
    ++set.count;
  }
  ++set.number;
  if (set.number == 0) ++set.number;  // that is a flow's which was never judged
  return rule_set_.set(0, set).and_then([&] { return forget_cgroups(former); });
}

Result<void> VifDataplane::set_rules(std::vector<VifRule> rules) {
  std::swap(options_.rules, rules);
  auto written = write_rules();
  if (!written) options_.rules = std::move(rules);  // who asks again is not told that they hold
  return written;
}

}  // namespace flowmob::dataplane
