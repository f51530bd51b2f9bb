// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/vif_dataplane.h"

#include <fmt/format.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <bit>

#include "core/flow/spread.h"
#include "dataplane/vif.skel.h"
#include "platform/dataplane/convert.h"
#include "platform/dataplane/copy_secret.h"
#include "platform/unique_fd.h"

namespace flowmob::dataplane {
namespace {

Result<fm_mac> mac_of(const std::string& interface) {
  const platform::UniqueFd socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  interface.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
  if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0)
    return platform::fail_errno("no-such-interface", "cannot read the link-layer address of " + interface);
  fm_mac mac{};
  std::copy_n(request.ifr_hwaddr.sa_data, sizeof(mac.octets), mac.octets);
  return mac;
}

/// The clock of bpf_ktime_get_ns().
std::uint64_t kernel_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

/// A row that was judged by another set says nothing of this one.
std::optional<std::size_t> rule_of(const fm_vif_flow& row, const fm_vif_rule_set& set) {
  const bool is_of_set = row.rule_set == set.number && row.action != FM_VIF_ONE && row.rule >= set.first;
  return is_of_set ? std::optional<std::size_t>(row.rule - set.first) : std::nullopt;
}

VifFlow to_flow(const fm_flow_key& key, const fm_vif_flow& row, const fm_vif_rule_set& set,
                std::uint64_t now) {
  const auto idle = now > row.seen_ns ? now - row.seen_ns : 0;
  return {from_number(key.source),
          from_number(key.destination),
          key.protocol,
          key.source_port,
          key.destination_port,
          row.member,
          row.moves,
          Duration(static_cast<Duration::rep>(idle)),
          to_traffic(row.traffic),
          rule_of(row, set)};
}

/// Places take the parts of sessions.
std::vector<std::uint8_t> slots_of(const std::vector<std::uint16_t>& shares) {
  static_assert(core::kShareSlots == FM_SHARE_SLOTS && core::kShareTries == FM_SHARE_TRIES);
  core::Spread spread{core::SpreadKind::Shares};
  for (std::uint32_t place = 0; place < shares.size(); ++place)
    spread.links.push_back({SessionId{place + 1}, shares[place]});
  return core::share_slots(spread);
}

}  // namespace

std::vector<Attachment> VifDataplane::attachments(const VifDataplaneOptions& options) {
  std::vector<Attachment> all;
  for (const auto& name : options.members)
    if (!name.empty()) all.push_back({name, Hook::Ingress, "member_ingress", 0});
  all.push_back({options.interface, Hook::Egress, "vif_egress", 0});
  if (options.has_ports) all.push_back({options.interface, Hook::Ingress, "vif_ingress", 0});
  return all;
}

VifDataplane::VifDataplane(VifDataplaneOptions options, PinnedDataplane pinned)
    : options_(std::move(options)),
      pinned_(std::move(pinned)),
      config_(pinned_.object(), "config"),
      members_(pinned_.object(), "members"),
      member_by_interface_(pinned_.object(), "member_by_interface"),
      sources_(pinned_.object(), "vif_sources"),
      flows_(pinned_.object(), "vif_flows"),
      rule_set_(pinned_.object(), "vif_rule_set"),
      rules_(pinned_.object(), "vif_rules"),
      preferences_(pinned_.object(), "vif_preferences") {}

Result<std::unique_ptr<VifDataplane>> VifDataplane::open(const VifDataplaneOptions& options) {
  if (options.members.size() > FM_MAX_MEMBERS)
    return fail("too-many-members", fmt::format("a virtual interface may have {} members", FM_MAX_MEMBERS));
  auto pinned = PinnedDataplane::load(PinnedDataplane::Program::of<vif_bpf>("vif"),
                                      {options.bpf_dir,
                                       {{"vif_flows", options.max_flows}},
                                       {"vif_flows", "fragments", "seen", "vif_rules", "vif_preferences"}});
  if (!pinned) return tl::unexpected(pinned.error());
  std::unique_ptr<VifDataplane> opened(new VifDataplane(options, std::move(*pinned)));
  auto ready = opened->refresh_interface()
                   .and_then([&] { return opened->forget_former_members(); })
                   .and_then([&] { return set_copy_secret(opened->object()); })
                   .and_then([&] { return opened->write_rules(); })
                   .and_then([&] { return opened->attach(); });
  if (!ready) return tl::unexpected(ready.error());
  return opened;
}

Result<void> VifDataplane::teardown(const VifDataplaneOptions& options) {
  return PinnedDataplane::teardown(options.bpf_dir, attachments(options));
}

Result<void> VifDataplane::attach() const { return pinned_.attach(attachments(options_)); }

Result<void> VifDataplane::refresh_interface() {
  const auto index = interface_index(options_.interface);
  if (!index) return tl::unexpected(index.error());
  const auto mac = mac_of(options_.interface);
  if (!mac) return tl::unexpected(mac.error());
  fm_vif_config row = config_.get(kConfigRow).value_or(fm_vif_config{});
  row.hold_ns = static_cast<std::uint64_t>(options_.hold.count());
  row.interface = index->value;
  row.mac = *mac;
  row.flags = static_cast<std::uint16_t>((options_.reflect ? FM_VIF_REFLECT : 0) |
                                         (options_.has_ports ? FM_VIF_HAS_PORTS : 0));
  return config_.set(kConfigRow, row);
}

Result<void> VifDataplane::set_member(const Member& member) {
  if (member.number >= FM_MAX_MEMBERS)
    return fail("no-such-member", fmt::format("members have numbers below {}", FM_MAX_MEMBERS));
  const auto old = members_.get(member.number);
  // The old interface may have another number by now: the order of members has changed.
  if (old && old->interface != 0 && old->interface != member.interface.value &&
      member_by_interface_.get(old->interface) == member.number)
    if (auto erased = member_by_interface_.erase(old->interface); !erased) return erased;
  const auto flags = static_cast<std::uint16_t>(member.raw_ip ? FM_MEMBER_RAW_IP : 0);
  const auto up = static_cast<std::uint16_t>(member.up ? 1 : 0);
  auto written = members_.set(member.number,
                              {member.interface.value, up, flags, to_row(member.mac), to_row(member.router)});
  if (!written || member.interface.value == 0) return written;
  return member_by_interface_.set(member.interface.value, member.number);
}

Result<void> VifDataplane::write_rule(std::uint32_t row, std::uint32_t order, const VifRule& rule) {
  if (rule.prefer.size() > FM_MAX_MEMBERS)
    return fail("no-such-member", fmt::format("a rule may name {} members", FM_MAX_MEMBERS));
  auto written = to_rule(rule.selector);
  if (!written) return tl::unexpected(written.error());
  written->order = order;
  const bool is_redundant = rule.prefer.empty() && !rule.is_absent;
  written->flow = is_redundant ? FM_VIF_COPIES : rule.shares.empty() ? FM_VIF_PREFER : FM_VIF_SHARE;
  fm_vif_preference preference{};
  for (const auto member : rule.prefer)
    preference.members[preference.count++] = static_cast<std::uint8_t>(member);
  if (!rule.shares.empty()) std::ranges::copy(slots_of(rule.shares), preference.slots);
  return preferences_.set(row, preference).and_then([&] { return rules_.set(row, *written); });
}

/// Flows that were judged by others are judged again. Where packets look meanwhile nothing is written.
Result<void> VifDataplane::write_rules() {
  if (options_.rules.size() > FM_MAX_VIF_RULES)
    return fail("too-many-rules", fmt::format("a virtual interface may have {} selectors", FM_MAX_VIF_RULES));
  auto set = rule_set_.get(0).value_or(fm_vif_rule_set{});
  set.first = set.first == 0 ? FM_MAX_VIF_RULES : 0;
  set.count = 0;
  for (const auto& rule : options_.rules) {
    if (auto written = write_rule(set.first + set.count, set.count, rule); !written) return written;
    ++set.count;
  }
  ++set.number;
  if (set.number == 0) ++set.number;  // that is a flow's which was never judged
  return rule_set_.set(0, set);
}

Result<void> VifDataplane::set_rules(std::vector<VifRule> rules) {
  options_.rules = std::move(rules);
  return write_rules();
}

Result<void> VifDataplane::set_default_member(std::uint32_t number) {
  if (number >= FM_MAX_MEMBERS)
    return fail("no-such-member", fmt::format("members have numbers below {}", FM_MAX_MEMBERS));
  fm_vif_config row = config_.get(kConfigRow).value_or(fm_vif_config{});
  row.default_member = number;
  return config_.set(kConfigRow, row);
}

Result<void> VifDataplane::set_source(const Ipv6Prefix& prefix, std::uint32_t members) {
  return prefix_key(prefix).and_then([&](std::uint64_t key) {
    if (members == 0) return sources_.erase(key);
    return sources_.set(key, {members, static_cast<std::uint32_t>(std::countr_zero(members))});
  });
}

Result<void> VifDataplane::forget_sources_but(const std::vector<Ipv6Prefix>& prefixes) {
  return address_keys(prefixes, std::nullopt).and_then([&](const std::vector<std::uint64_t>& kept) {
    Result<void> done;
    for (const auto key : sources_.keys())
      if (done && std::ranges::count(kept, key) == 0) done = sources_.erase(key);
    return done;
  });
}

std::vector<VifFlow> VifDataplane::flows() const {
  std::vector<VifFlow> found;
  const auto now = kernel_nanoseconds();
  const auto set = rule_set_.get(0).value_or(fm_vif_rule_set{});
  for (const auto& key : flows_.keys())
    if (const auto row = flows_.get(key)) found.push_back(to_flow(key, *row, set, now));
  return found;
}

}  // namespace flowmob::dataplane
