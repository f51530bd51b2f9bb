// SPDX-License-Identifier: Apache-2.0
#include "core/mn/port_address.h"

#include <algorithm>

#include "core/mn/lifetime.h"
#include "core/mn/own_address.h"
#include "wire/multicast_listener.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;

constexpr Duration kRetransTimer = 1s;               // RFC 4861 section 10; DupAddrDetectTransmits is 1
constexpr unsigned kRobustness = 2;                  // RFC 3810 section 9.1
constexpr Duration kBetweenReports = 500ms;          // of up to one second, section 9.11
constexpr Duration kVersion1Lasts = 2 * 125s + 10s;  // section 9.12
constexpr Ipv6Address kAllReporters{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x16}};

std::uint64_t identifier(const MacAddress& mac, unsigned counter) {
  return counter == 0 ? mac.eui64_interface_id() : opaque_identifier(mac, counter);
}

void keep_earlier(std::optional<TimePoint>& due, TimePoint when) { due = std::min(due.value_or(when), when); }

bool is_due(std::optional<TimePoint>& due, TimePoint now) {
  if (!due || *due > now) return false;
  due.reset();
  return true;
}

}  // namespace

void PortAddress::start(TimePoint now, const MacAddress& mac) {
  *this = {};
  mac_ = mac;
  begin(now);
}

/// A mobile node does not wait before it asks, as it does not before it solicits routers.
void PortAddress::begin(TimePoint now) {
  address_ = Ipv6Prefix{{{0xfe, 0x80}}, 64}.with_interface_id(identifier(mac_, tries_));
  is_assigned_ = false;
  probe_ = now;
  assigned_.reset();
  tell_group(now);
}

void PortAddress::tell_group(TimePoint now) {
  changes_ = kRobustness;
  change_ = now;
}

bool PortAddress::is_conflict(const PacketMeta& meta, ByteView icmpv6) const {
  const auto wanted = tentative();
  if (!wanted || meta.hop_limit != 255) return false;
  const auto message = wire::decode_nd(icmpv6, meta.source, meta.destination);
  if (!message) return false;
  if (const auto* said = std::get_if<wire::NeighborAdvertisement>(&*message))
    return said->target == *wanted && !(meta.destination.is_multicast() && said->solicited);
  const auto* asked = std::get_if<wire::NeighborSolicitation>(&*message);
  return asked != nullptr && meta.source.is_unspecified() && is_question_about(*wanted, meta, *asked);
}

std::optional<Ipv6Address> PortAddress::give_up(TimePoint now) {
  left_.push_back(solicited_node(*address_));
  address_.reset();
  probe_.reset();
  assigned_.reset();
  answer_.reset();
  ++tries_;
  if (tries_ < kTries)
    begin(now);
  else
    tell_group(now);
  return address_;
}

bool PortAddress::hear_query(TimePoint now, const PacketMeta& meta, ByteView icmpv6) {
  if (!address_ || meta.hop_limit != 1 || !meta.source.is_link_local()) return false;
  const auto query = wire::decode_listener_query(icmpv6, meta.source, meta.destination);
  if (!query) return false;
  if (query->is_version1) version1_until_ = now + kVersion1Lasts;
  if (!query->group.is_unspecified() && query->group != solicited_node(*address_)) return true;
  const auto part = mixed(mac_, tries_ + kTries) % 1024;
  keep_earlier(answer_, now + std::chrono::milliseconds(query->most_delay_ms) * part / 1024);
  return true;
}

std::optional<TimePoint> PortAddress::next() const {
  TimePoint first = kNever;
  for (const auto& due : {probe_, assigned_, change_, answer_}) first = std::min(first, due.value_or(kNever));
  return first == kNever ? std::nullopt : std::optional(first);
}

/// The group is joined before the probe leaves (RFC 4862 section 5.4.2).
std::vector<SendFromPort> PortAddress::handle_due(TimePoint now, InterfaceIndex interface) {
  std::vector<SendFromPort> said;
  if (is_due(assigned_, now)) {
    is_assigned_ = true;
    tell_group(now);
  }
  if (is_due(change_, now)) {
    said.push_back(report(now, true));
    --changes_;
    if (changes_ != 0)
      change_ = now + kBetweenReports;
    else
      left_.clear();
  }
  if (is_due(probe_, now)) {
    said.push_back(probe());
    assigned_ = now + kRetransTimer;
  }
  if (is_due(answer_, now)) said.push_back(report(now, false));
  for (auto& one : said) one.interface = interface;
  return said;
}

/// Whoever knows version 1 alone is told nothing of groups that were left: they end by themselves there.
SendFromPort PortAddress::report(TimePoint now, bool is_change) const {
  using Type = wire::ListenerRecordType;
  const Ipv6Address source = address().value_or(Ipv6Address{});
  if (address_ && now < version1_until_) {
    const auto group = solicited_node(*address_);
    return {
        {}, mac_, mac_of_group(group), source, group, true, wire::encode_listener_report_v1(group, source)};
  }
  std::vector<wire::ListenerRecord> records;
  if (address_) records.push_back({is_change ? Type::ToExclude : Type::IsExclude, solicited_node(*address_)});
  if (is_change)
    for (const auto& group : left_) records.push_back({Type::ToInclude, group});
  return {{},
          mac_,
          mac_of_group(kAllReporters),
          source,
          kAllReporters,
          true,
          wire::encode_listener_report(records, source, kAllReporters)};
}

SendFromPort PortAddress::probe() const {
  const auto group = solicited_node(*address_);
  return {{},
          mac_,
          mac_of_group(group),
          {},
          group,
          false,
          wire::encode_nd(wire::NeighborSolicitation{*address_, {}}, {}, group)};
}

}  // namespace flowmob::core
