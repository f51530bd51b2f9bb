// SPDX-License-Identifier: Apache-2.0
#include "core/mag/attachment.h"

namespace flowmob::core {
namespace {

void take_earlier(std::optional<TimePoint>& earliest, const std::optional<TimePoint>& candidate) {
  if (candidate && (!earliest || *candidate < *earliest)) earliest = candidate;
}

}  // namespace

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
  if (advertisements) take_earlier(earliest, advertisements->next());
  return earliest;
}

}  // namespace flowmob::core
