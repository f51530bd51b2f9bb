// SPDX-License-Identifier: Apache-2.0
#include "core/peer/peer_monitor.h"

#include <algorithm>
#include <bit>

namespace flowmob::core {
namespace {

constexpr Duration kLeastPause = std::chrono::seconds(1);

constexpr unsigned kJudged = 16;

void note_fate(PeerMonitor::Peer& peer, bool lost) {
  peer.lost_of_last = (peer.lost_of_last << 1 | (lost ? 1u : 0u)) & ((1u << kJudged) - 1);
  peer.judged = std::min(peer.judged + 1, kJudged);
}

/// As TCP smooths its round-trip time (RFC 6298 section 2).
void note_round_trip(PeerMonitor::Peer& peer, Duration measured) {
  peer.round_trip = peer.round_trip ? (*peer.round_trip * 7 + measured) / 8 : measured;
}

bool is_due(const std::optional<TimePoint>& deadline, TimePoint now) { return deadline && *deadline <= now; }

}  // namespace

std::optional<unsigned> PeerMonitor::Peer::loss() const {
  if (judged == 0) return std::nullopt;
  return static_cast<unsigned>(std::popcount(lost_of_last)) * 100 / judged;
}

void PeerMonitor::configure(TimePoint now, HeartbeatConfig config) {
  config_ = config;
  for (auto& [address, peer] : peers_) {
    const TimePoint latest = now + config_.interval;
    if (!is_probed(address))
      peer.next_probe = peer.ask_again = std::nullopt;
    else
      peer.next_probe = std::min(peer.next_probe.value_or(latest), latest);
  }
  find_next();
}

void PeerMonitor::add(TimePoint now, const Ipv6Address& address) {
  auto& peer = peers_[address];
  if (is_probed(address)) peer.next_probe = now;
}

void PeerMonitor::set_peers(TimePoint now, const std::set<Ipv6Address>& peers) {
  std::erase_if(peers_, [&](const auto& known) { return !peers.contains(known.first); });
  for (const auto& address : peers)
    if (!peers_.contains(address)) add(now, address);
  find_next();
}

/// Section 3.1: what is missing is counted before the next request leaves, once an interval.
std::vector<PeerMonitor::Due> PeerMonitor::handle_timeout(TimePoint now) {
  std::vector<Due> due;
  if (!next_ || *next_ > now) return due;
  for (auto& [address, peer] : peers_) {
    const bool is_regular = is_due(peer.next_probe, now);
    if (!is_regular && !is_due(peer.ask_again, now)) continue;
    if (is_regular) {
      if (peer.awaits_response) {
        ++peer.missing;
        note_fate(peer, true);
      }
      peer.next_probe = now + config_.interval;
    }
    if (peer.missing > config_.missing_allowed && !peer.is_lost) {
      peer.is_lost = true;
      due.emplace_back(Lost{address});
    }
    peer.ask_again.reset();
    peer.asked = now;
    peer.sequence = ++last_sequence_;
    peer.awaits_response = true;
    due.emplace_back(Probe{address, peer.sequence});
  }
  find_next();
  return due;
}

void PeerMonitor::find_next() {
  next_.reset();
  for (const auto& [address, peer] : peers_)
    for (const auto& one : {peer.next_probe, peer.ask_again})
      if (one && (!next_ || *one < *next_)) next_ = one;
}

PeerMonitor::News PeerMonitor::handle_response(TimePoint now, const Ipv6Address& address,
                                               const Response& response) {
  const auto found = peers_.find(address);
  if (found == peers_.end()) return {};
  Peer& peer = found->second;
  if (response.unsolicited) {
    handle_unsolicited(now, peer, response);
    return {true, false, {}};
  }
  if (!peer.awaits_response || peer.sequence != response.sequence) return {};
  News news{true, peer.is_lost, {}};
  peer.awaits_response = false;
  note_fate(peer, false);
  note_round_trip(peer, now - peer.asked);
  peer.has_answered = true;
  peer.is_lost = false;
  peer.missing = 0;
  if (!response.restart_counter) return news;
  if (peer.restart_counter && *peer.restart_counter != *response.restart_counter)
    news.restarted_since = peer.counter_heard;
  peer.restart_counter = response.restart_counter;
  peer.counter_heard = now;
  return news;
}

void PeerMonitor::handle_unsolicited(TimePoint now, Peer& peer, const Response& response) {
  const bool has_restarted =
      peer.restart_counter && response.restart_counter && peer.restart_counter != response.restart_counter;
  if (!peer.next_probe || peer.ask_again || !(has_restarted || peer.is_lost)) return;
  peer.ask_again = std::max(now, peer.asked + kLeastPause);
  next_ = std::min(next_.value_or(*peer.ask_again), *peer.ask_again);
}

bool PeerMonitor::handle_refusal(const Ipv6Address& address, bool awaits_other) {
  const auto found = peers_.find(address);
  if (found == peers_.end() || !found->second.awaits_response) return false;
  if (found->second.has_answered && awaits_other) return false;
  refusing_.insert(address);
  found->second = {};
  find_next();
  return true;
}

}  // namespace flowmob::core
