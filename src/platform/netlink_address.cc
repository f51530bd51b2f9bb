// SPDX-License-Identifier: Apache-2.0
#include "platform/netlink_address.h"

#include <linux/if_addr.h>
#include <sys/socket.h>

#include <algorithm>

#include "platform/netlink.h"
#include "platform/netlink_message.h"

namespace flowmob::platform {
namespace {

/// Names the address in the kernel's complaint.
auto about(const Ipv6Address& address, InterfaceIndex interface) {
  return [address, interface](Error error) {
    error.message =
        address.to_string() + " on interface " + std::to_string(interface.value) + ": " + error.message;
    return error;
  };
}

ifaddrmsg& put_header(NetlinkMessage& message, InterfaceIndex interface, std::uint8_t prefix_length) {
  auto& header = message.put<ifaddrmsg>();
  header.ifa_family = AF_INET6;
  header.ifa_prefixlen = prefix_length;
  header.ifa_index = interface.value;
  return header;
}

}  // namespace

std::optional<InterfaceAddress> parse_address(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWADDR) return {};
  const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(&message));
  const NetlinkAttributes<IFA_MAX> attributes(message, sizeof *header);
  const auto address = attributes.ipv6(IFA_LOCAL) ? attributes.ipv6(IFA_LOCAL) : attributes.ipv6(IFA_ADDRESS);
  if (header->ifa_family != AF_INET6 || !address) return {};
  const std::uint32_t flags = attributes.u32(IFA_FLAGS).value_or(header->ifa_flags);
  InterfaceAddress found;
  found.interface = InterfaceIndex{header->ifa_index};
  found.address = *address;
  found.prefix_length = header->ifa_prefixlen;
  found.no_dad = (flags & IFA_F_NODAD) != 0;
  found.no_prefix_route = (flags & IFA_F_NOPREFIXROUTE) != 0;
  found.tentative = (flags & IFA_F_TENTATIVE) != 0;
  if (const ByteView raw = attributes.bytes(IFA_CACHEINFO); raw.size() >= sizeof(ifa_cacheinfo)) {
    ifa_cacheinfo lifetimes{};
    std::copy_n(raw.begin(), sizeof lifetimes, reinterpret_cast<std::uint8_t*>(&lifetimes));
    found.valid_lifetime = lifetimes.ifa_valid;
    found.preferred_lifetime = lifetimes.ifa_prefered;
  }
  return found;
}

Result<void> Netlink::ensure_address(const InterfaceAddress& address) {
  NetlinkMessage message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  put_header(message, address.interface, address.prefix_length);
  message.attribute(IFA_LOCAL, ByteView(address.address.octets));
  message.attribute(IFA_ADDRESS, ByteView(address.address.octets));
  const int flags = (address.no_dad ? IFA_F_NODAD : 0) | (address.no_prefix_route ? IFA_F_NOPREFIXROUTE : 0);
  message.attribute(IFA_FLAGS, static_cast<std::uint32_t>(flags));
  ifa_cacheinfo lifetimes{};
  lifetimes.ifa_valid = address.valid_lifetime;
  lifetimes.ifa_prefered = std::min(address.preferred_lifetime, address.valid_lifetime);
  message.attribute(IFA_CACHEINFO,
                    ByteView(reinterpret_cast<const std::uint8_t*>(&lifetimes), sizeof lifetimes));
  return socket_.request(message).map_error(about(address.address, address.interface));
}

Result<void> Netlink::remove_address(InterfaceIndex interface, const Ipv6Address& address,
                                     std::uint8_t prefix_length) {
  NetlinkMessage message(RTM_DELADDR, 0);
  put_header(message, interface, prefix_length);
  message.attribute(IFA_LOCAL, ByteView(address.octets));
  return socket_.request_removal(message).map_error(about(address, interface));
}

Result<std::vector<InterfaceAddress>> Netlink::addresses(InterfaceIndex interface) {
  NetlinkMessage message(RTM_GETADDR, NLM_F_DUMP);
  put_header(message, interface, 0);
  std::vector<InterfaceAddress> all;
  const auto done = socket_.request(message, [&](const nlmsghdr& reply) {
    if (const auto address = parse_address(reply); address && address->interface == interface)
      all.push_back(*address);
  });
  if (!done) return tl::unexpected(done.error());
  return all;
}

}  // namespace flowmob::platform
