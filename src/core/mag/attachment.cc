// SPDX-License-Identifier: Apache-2.0
#include "core/mag/attachment.h"

#include <algorithm>

namespace flowmob::core {
namespace {

/// Answers to earlier transmissions than these are not waited for.
constexpr std::size_t kRememberedTransmissions = 8;

void take_earlier(std::optional<TimePoint>& earliest, const std::optional<TimePoint>& candidate) {
  if (candidate && (!earliest || *candidate < *earliest)) earliest = candidate;
}

}  // namespace

void Request::note_sent(std::uint16_t sequence, TimePoint now) {
  if (transmissions.size() == kRememberedTransmissions) transmissions.erase(transmissions.begin());
  transmissions.push_back({sequence, now});
}

const Request::Transmission* Request::find(std::uint16_t sequence) const {
  const auto found = std::ranges::find(transmissions, sequence, &Transmission::sequence);
  return found == transmissions.end() ? nullptr : &*found;
}

void Ipv4Asking::note_asked(TimePoint now) {
  earliest = now + pause;
  pause = std::min(pause * 2, kLongest);
}

/// Who gives it back and asks again has a pace as well.
void Ipv4Asking::note_granted(TimePoint now) {
  earliest = std::min(earliest, now + kShortest);
  pause = kShortest;
}

std::string_view to_string(AttachmentState state) {
  switch (state) {
    case AttachmentState::Registering:
      return "registering";
    case AttachmentState::Registered:
      return "registered";
    case AttachmentState::Deregistering:
      return "deregistering";
    case AttachmentState::Departed:
      return "departed";
    case AttachmentState::Refused:
      return "refused";
  }
  return "?";
}

std::optional<TimePoint> Attachment::next_deadline() const {
  std::optional<TimePoint> earliest = expires;
  if (request) take_earlier(earliest, request->timer.deadline());
  take_earlier(earliest, refresh_at);
  take_earlier(earliest, retry_at);
  take_earlier(earliest, persist_at);
  if (presence) take_earlier(earliest, presence->next);
  take_earlier(earliest, observed.next_deadline());
  take_earlier(earliest, flows.next_deadline());
  if (advertisements) take_earlier(earliest, advertisements->next());
  return earliest;
}

}  // namespace flowmob::core
