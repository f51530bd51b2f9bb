// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/vif_dataplane.h"

#include <fmt/format.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <bit>

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
  const std::uint8_t rule = row.rule & FM_VIF_ROW;
  const bool is_of_set = row.rule_set == set.number && (row.rule & FM_VIF_KEPT) == 0;
  if (!is_of_set || row.action == FM_VIF_ONE || rule < set.first) return std::nullopt;
  return rule - set.first;
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
      link_local_(pinned_.object(), "vif_link_local"),
      members_(pinned_.object(), "members"),
      sources_(pinned_.object(), "vif_sources"),
      flows_(pinned_.object(), "vif_flows"),
      rule_set_(pinned_.object(), "vif_rule_set"),
      rules_(pinned_.object(), "vif_rules"),
      preferences_(pinned_.object(), "vif_preferences"),
      senders_(pinned_.object(), "vif_senders"),
      cgroups_(pinned_.object(), "vif_cgroups") {}

Result<std::unique_ptr<VifDataplane>> VifDataplane::open(const VifDataplaneOptions& options) {
  if (options.members.size() > FM_MAX_MEMBERS)
    return fail("too-many-members", fmt::format("a virtual interface may have {} members", FM_MAX_MEMBERS));
  auto pinned = PinnedDataplane::load(
      PinnedDataplane::Program::of<vif_bpf>("vif"),
      {options.bpf_dir,
       {{"vif_flows", options.max_flows}},
       {"vif_flows", "fragments", "seen", "vif_rules", "vif_preferences", "vif_senders"}});
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
                                         (options_.has_ports ? FM_VIF_HAS_PORTS : 0) |
                                         (is_captured_ ? FM_VIF_IS_CAPTURED : 0));
  return config_.set(kConfigRow, row).and_then([&] {
    return link_local_.set(kConfigRow, to_number(options_.link_local));
  });
}

Result<void> VifDataplane::set_captured(bool on) {
  is_captured_ = on;
  return refresh_interface();
}

Result<void> VifDataplane::set_member(const Member& member) {
  if (member.number >= FM_MAX_MEMBERS)
    return fail("no-such-member", fmt::format("members have numbers below {}", FM_MAX_MEMBERS));
  const auto flags = static_cast<std::uint16_t>(member.raw_ip ? FM_MEMBER_RAW_IP : 0);
  const auto up = static_cast<std::uint16_t>(member.up ? 1 : 0);
  return members_.set(member.number,
                      {member.interface.value, up, flags, to_row(member.mac), to_row(member.router)});
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
