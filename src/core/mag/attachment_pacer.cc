// SPDX-License-Identifier: Apache-2.0
#include "core/mag/attachment_pacer.h"

#include <algorithm>

namespace flowmob::core {
namespace {

constexpr Duration kPace = std::chrono::seconds(1);
constexpr unsigned kMaxUpdateRate = 3;
/// More than come to wait where all are known; one too many solicits again.
constexpr std::size_t kMostPostponed = 4096;

}  // namespace

bool AttachmentPacer::allow(TimePoint now, const std::string& mn_id, const std::string& access) {
  forget_idle(now);
  const Rate full{RateLimiter(kPace, kMaxUpdateRate), now};
  auto& rate = rates_.try_emplace({mn_id, access}, full).first->second;
  rate.asked = now;
  return rate.limiter.allow(now);
}

/// Whoever did not ask for so long may do anything, as if it had never been here.
void AttachmentPacer::forget_idle(TimePoint now) {
  if (rates_.size() < worth_a_look_) return;
  std::erase_if(rates_, [&](const auto& row) { return row.second.asked + kPace * kMaxUpdateRate < now; });
  worth_a_look_ = std::max(kFewRates, 2 * rates_.size());
}

void AttachmentPacer::postpone(TimePoint now, const Postponed& attachment) {
  const auto waiting = postponed_.find(attachment.node);
  if (waiting != postponed_.end())
    waiting->second.attachment = attachment;
  else if (postponed_.size() < kMostPostponed)
    postponed_.emplace(attachment.node, Waiting{now + kPace, attachment});
}

std::vector<MacAddress> AttachmentPacer::cancel_on(const std::string& access) {
  std::vector<MacAddress> nodes;
  for (const auto& [node, waiting] : postponed_)
    if (waiting.attachment.access == access) nodes.push_back(node);
  for (const auto& node : nodes) postponed_.erase(node);
  return nodes;
}

std::vector<AttachmentPacer::Postponed> AttachmentPacer::take_due(TimePoint now) {
  std::vector<Postponed> due;
  for (const auto& [node, waiting] : postponed_)
    if (waiting.until <= now) due.push_back(waiting.attachment);
  for (const auto& attachment : due) postponed_.erase(attachment.node);
  return due;
}

std::optional<TimePoint> AttachmentPacer::next() const {
  const auto first = std::ranges::min_element(postponed_, {}, [](const auto& p) { return p.second.until; });
  if (first == postponed_.end()) return std::nullopt;
  return first->second.until;
}

}  // namespace flowmob::core
