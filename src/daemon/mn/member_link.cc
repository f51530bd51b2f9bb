// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/member_link.h"

#include <linux/if_arp.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <tuple>

namespace flowmob::daemon {
namespace {

using platform::Link;
using platform::LinkHeader;

struct KernelVersion {
  unsigned major = 0, minor = 0, patch = 0;
  auto operator<=>(const KernelVersion&) const = default;
};

KernelVersion read_version(std::string_view text) {
  KernelVersion read;
  std::ignore = std::sscanf(std::string(text).c_str(), "%u.%u.%u", &read.major, &read.minor, &read.patch);
  return read;
}

/// "#1 SMP PREEMPT_DYNAMIC Debian 6.1.112-1 (2024-09-30)".
KernelVersion stable_release(std::string_view release, std::string_view version) {
  constexpr std::string_view kDebian = " Debian ";
  const auto at = version.find(kDebian);
  return read_version(at == std::string_view::npos ? release : version.substr(at + kDebian.size()));
}

bool is_tunnel(const Link& link) {
  static constexpr std::array<std::uint16_t, 5> kTunnels{ARPHRD_TUNNEL, ARPHRD_TUNNEL6, ARPHRD_SIT,
                                                         ARPHRD_IPGRE, ARPHRD_IP6GRE};
  return std::ranges::count(kTunnels, link.type) != 0;
}

bool is_raw_ip(const Link& link) {
  return link.type == ARPHRD_RAWIP || link.type == ARPHRD_PPP ||
         (link.type == ARPHRD_NONE && link.point_to_point);
}

tl::unexpected<Error> unfit(const char* code, const Link& link, const std::string& why) {
  return fail(code, "'" + link.name + "' " + why);
}

Result<LinkHeader> header_of_ppp(const Link& link) {
  ::utsname kernel{};
  if (::uname(&kernel) == 0 && takes_headers_off_for_ppp(kernel.release, kernel.version))
    return LinkHeader::None;
  return unfit("kernel-too-old", link,
               std::string("is a PPP link; this kernel, ") + kernel.release +
                   ", would send Ethernet's header over it: 6.6 does not, nor do 6.1.53 and 6.5.3");
}

/// FNV-1a.
std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (const char octet : text) value = (value ^ static_cast<std::uint8_t>(octet)) * 0x100000001b3;
  return value;
}

MacAddress address_of(const Link& link) {
  if (!link.mac.is_zero()) return link.mac;
  MacAddress made_up;
  std::uint64_t value = hash(link.name);
  for (auto& octet : made_up.octets) octet = static_cast<std::uint8_t>(value), value >>= 8;
  made_up.octets[0] = static_cast<std::uint8_t>((made_up.octets[0] & 0xfc) | 2);
  return made_up;
}

}  // namespace

bool takes_headers_off_for_ppp(std::string_view release, std::string_view version) {
  static constexpr std::array kFirst{KernelVersion{6, 1, 53}, KernelVersion{6, 4, 16},
                                     KernelVersion{6, 5, 3}};
  const KernelVersion kernel = stable_release(release, version);
  return kernel >= KernelVersion{6, 6, 0} || std::ranges::any_of(kFirst, [&](const KernelVersion& first) {
           return kernel.major == first.major && kernel.minor == first.minor && kernel.patch >= first.patch;
         });
}

Result<LinkHeader> link_header(const Link& link) {
  if (link.type == ARPHRD_LOOPBACK) return unfit("is-loopback", link, "leads to this host itself");
  if (is_tunnel(link))
    return unfit("is-tunnel", link,
                 "is a tunnel: its packets leave by another interface, perhaps the virtual one");
  if (link.type == ARPHRD_PPP) return header_of_ppp(link);
  if (is_raw_ip(link)) return LinkHeader::None;
  if (link.mac.is_zero())
    return unfit("no-link-layer-address", link, "has no link-layer address, and is not point-to-point");
  return LinkHeader::Ethernet;
}

void identify(core::MemberConfig& member, const Link& link) {
  member.index = link.index;
  member.mac = address_of(link);
  member.raw_ip = is_raw_ip(link);
}

bool is_same(const core::MemberConfig& member, const Link& link) {
  return member.index == link.index && member.mac == address_of(link) && member.raw_ip == is_raw_ip(link);
}

std::string other_end_of(const std::string& interface) { return interface.substr(0, 10) + "-peer"; }

Result<void> check_master(platform::Netlink& netlink, const Link& link, const std::string& interface) {
  if (!link.master) return {};
  const auto master = netlink.link(link.master);
  if (master && master->name == interface) return {};
  const std::string whose = !master                ? "somebody else"
                            : master->kind.empty() ? "'" + master->name + "'"
                                                   : "the " + master->kind + " '" + master->name + "'";
  return unfit("has-master", link,
               "belongs to " + whose + ", which takes its packets first; `ip link set " + link.name +
                   " nomaster` takes it out");
}

Result<void> check_mtu(const Link& link) {
  if (link.mtu >= kSmallestMtu) return {};
  return unfit("mtu-too-small", link,
               "has an MTU of " + std::to_string(link.mtu) + "; IPv6 needs 1280 octets");
}

Result<void> check_distinct(const std::vector<core::MemberConfig>& members) {
  for (auto a = members.begin(); a != members.end(); ++a)
    for (auto b = members.begin(); b != a; ++b)
      if (a->mac == b->mac)
        return fail("same-link-layer-address",
                    "'" + a->interface + "' has the link-layer address of '" + b->interface +
                        "'; ports of a bond keep their own with fail_over_mac=active");
  return {};
}

Result<Link> fit_link(platform::Netlink& netlink, const std::string& name, const std::string& interface,
                      bool has_ports) {
  if (name == interface || name == other_end_of(interface))
    return fail("is-virtual-interface", "'" + name + "' is the virtual interface, or its other end");
  const auto link = netlink.link(name);
  if (!link) return link;
  if (const auto free = check_master(netlink, *link, interface); !free) return tl::unexpected(free.error());
  const auto header = link_header(*link);
  if (!header) return tl::unexpected(header.error());
  if (has_ports && *header == LinkHeader::None)
    return unfit("cannot-be-port", *link,
                 "is no Ethernet link; members without link-layer addresses need backend = \"veth\"");
  return link;
}

}  // namespace flowmob::daemon
