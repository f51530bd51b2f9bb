// SPDX-License-Identifier: Apache-2.0
#include "core/peer/peer_monitor.h"

#include <algorithm>

namespace flowmob::core {

void PeerMonitor::configure(TimePoint now, HeartbeatConfig config) {
  config_ = config;
  for (auto& [address, peer] : peers_) {
    const TimePoint latest = now + config_.interval;
    if (!is_probed(address))
      peer.next_probe.reset();
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

/// Section 3.1: what is missing is counted before the next request leaves.
std::vector<PeerMonitor::Due> PeerMonitor::handle_timeout(TimePoint now) {
  std::vector<Due> due;
  if (!next_ || *next_ > now) return due;
  for (auto& [address, peer] : peers_) {
    if (!peer.next_probe || *peer.next_probe > now) continue;
    if (peer.awaits_response) ++peer.missing;
    if (peer.missing > config_.missing_allowed && !peer.is_lost) {
      peer.is_lost = true;
      due.emplace_back(Lost{address});
    }
    peer.sequence = ++last_sequence_;
    peer.awaits_response = true;
    peer.next_probe = now + config_.interval;
    due.emplace_back(Probe{address, peer.sequence});
  }
  find_next();
  return due;
}

void PeerMonitor::find_next() {
  next_.reset();
  for (const auto& [address, peer] : peers_)
    if (peer.next_probe && (!next_ || *peer.next_probe < *next_)) next_ = peer.next_probe;
}

PeerMonitor::News PeerMonitor::handle_response(TimePoint now, const Ipv6Address& address,
                                               const Response& response) {
  const auto found = peers_.find(address);
  if (found == peers_.end()) return {};
  Peer& peer = found->second;
  const bool is_answer = peer.awaits_response && peer.sequence == response.sequence;
  if (!response.unsolicited && !is_answer) return {};
  News news{true, peer.is_lost, {}};
  if (!response.unsolicited) peer.awaits_response = false;
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

bool PeerMonitor::handle_refusal(const Ipv6Address& address) {
  const auto found = peers_.find(address);
  if (found == peers_.end() || !found->second.awaits_response || found->second.has_answered) return false;
  refusing_.insert(address);
  found->second = {};
  find_next();
  return true;
}

}  // namespace flowmob::core
