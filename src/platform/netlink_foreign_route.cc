// SPDX-License-Identifier: Apache-2.0
// Routes of somebody else's, kept as the kernel wrote them: whatever they can is in there.
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "platform/netlink.h"
#include "platform/netlink_message.h"

namespace flowmob::platform {
namespace {

/// A request has room for that.
constexpr std::size_t kLargestRoute = 1024;

ByteView octets_of(const auto& object) {
  return {reinterpret_cast<const std::uint8_t*>(&object), sizeof object};
}

struct RawAttribute {
  std::uint16_t type;  ///< with its flags
  ByteView value;
  std::uint16_t kind() const { return type & NLA_TYPE_MASK; }
};

/// The first one, and what comes after it; nothing where none is whole.
std::optional<RawAttribute> take_attribute(ByteView& rest) {
  ::nlattr header{};
  if (rest.size() < sizeof header) return {};
  std::memcpy(&header, rest.data(), sizeof header);
  if (header.nla_len < sizeof header || header.nla_len > rest.size()) return {};
  const RawAttribute taken{header.nla_type, rest.subspan(sizeof header, header.nla_len - sizeof header)};
  rest = rest.subspan(std::min<std::size_t>(MNL_ALIGN(header.nla_len), rest.size()));
  return taken;
}

/// With zeros up to a multiple of four octets.
void append_attribute(Bytes& to, std::uint16_t type, ByteView value) {
  const ::nlattr header{static_cast<std::uint16_t>(sizeof header + value.size()), type};
  append(to, octets_of(header));
  append(to, value);
  to.resize(MNL_ALIGN(to.size()));
}

/// What is said of a route's state, and what may not be said to the kernel: a nexthop object is gone with its
/// interface, and what was in it is beside it.
bool is_of_the_moment(std::uint16_t kind) {
  return kind == RTA_CACHEINFO || kind == RTA_NH_ID || kind == RTA_MULTIPATH;
}

void append_lasting(Bytes& to, ByteView attributes) {
  while (const auto one = take_attribute(attributes))
    if (!is_of_the_moment(one->kind())) append_attribute(to, one->type, one->value);
}

/// Of a route by several interfaces the part of one.
void append_hop(Bytes& to, ByteView hops, InterfaceIndex interface) {
  ::rtnexthop hop{};
  while (hops.size() >= sizeof hop) {
    std::memcpy(&hop, hops.data(), sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > hops.size()) return;
    if (hop.rtnh_ifindex == static_cast<int>(interface.value)) {
      append_attribute(to, RTA_OIF, octets_of(interface.value));
      return append_lasting(to, hops.subspan(sizeof hop, hop.rtnh_len - sizeof hop));
    }
    hops = hops.subspan(std::min<std::size_t>(MNL_ALIGN(hop.rtnh_len), hops.size()));
  }
}

/// The kernel makes them from addresses, redirects and advertisements, or they are ours.
bool is_made_by_itself(std::uint8_t protocol) {
  return protocol == RTPROT_KERNEL || protocol == RTPROT_REDIRECT || protocol == RTPROT_RA ||
         protocol == kRouteProtocol;
}

bool has_an_end(const NetlinkAttributes<RTA_MAX>& attributes) {
  ::rta_cacheinfo info{};
  const ByteView raw = attributes.bytes(RTA_CACHEINFO);
  if (raw.size() >= sizeof info) std::memcpy(&info, raw.data(), sizeof info);
  return info.rta_expires != 0;
}

/// Of an IPv4 route by several interfaces the kernel keeps the part of one that is down.
std::optional<ForeignRoute> parse_foreign_route(const nlmsghdr& message, InterfaceIndex interface) {
  ::rtmsg header{};
  const auto size = mnl_nlmsg_get_payload_len(&message);
  if (message.nlmsg_type != RTM_NEWROUTE || size < sizeof header) return {};
  const ByteView payload(static_cast<const std::uint8_t*>(mnl_nlmsg_get_payload(&message)), size);
  std::memcpy(&header, payload.data(), sizeof header);
  const NetlinkAttributes<RTA_MAX> attributes(message, sizeof header);
  if (has_an_end(attributes)) return {};
  header.rtm_flags &= RTNH_F_ONLINK;
  Bytes kept;
  append(kept, octets_of(header));
  append_lasting(kept, payload.subspan(sizeof header));
  if (header.rtm_family == AF_INET6) append_hop(kept, attributes.bytes(RTA_MULTIPATH), interface);
  auto route = ForeignRoute::parse(std::move(kept), interface);
  return route ? std::optional(std::move(*route)) : std::nullopt;
}

}  // namespace

Result<ForeignRoute> ForeignRoute::parse(Bytes message, InterfaceIndex interface) {
  ::rtmsg header{};
  if (message.size() < sizeof header || message.size() > kLargestRoute)
    return fail("bad-route", "a route of a size that none has");
  std::memcpy(&header, message.data(), sizeof header);
  const bool is_of_ip = header.rtm_family == AF_INET || header.rtm_family == AF_INET6;
  if (!is_of_ip || header.rtm_type == RTN_UNSPEC || header.rtm_type > RTN_MULTICAST ||
      is_made_by_itself(header.rtm_protocol) || (header.rtm_flags & ~std::uint32_t{RTNH_F_ONLINK}) != 0)
    return fail("bad-route", "a route that nobody has set");
  ByteView rest = ByteView(message).subspan(sizeof header);
  std::uint32_t index = 0;
  while (const auto one = take_attribute(rest))
    if (one->kind() == RTA_OIF && one->value.size() == sizeof index)
      std::memcpy(&index, one->value.data(), sizeof index);
  if (!rest.empty()) return fail("bad-route", "a route that ends too early");
  if (index != interface.value) return fail("bad-route", "a route of another interface");
  return ForeignRoute{std::move(message)};
}

Result<std::vector<ForeignRoute>> Netlink::foreign_routes(InterfaceIndex interface) {
  std::vector<ForeignRoute> all;
  for (const int family : {AF_INET6, AF_INET}) {
    NetlinkMessage message(RTM_GETROUTE, NLM_F_DUMP);
    message.put<::rtmsg>().rtm_family = static_cast<std::uint8_t>(family);
    message.attribute(RTA_OIF, interface.value);
    const auto done = socket_.request(message, [&](const nlmsghdr& reply) {
      if (auto route = parse_foreign_route(reply, interface)) all.push_back(std::move(*route));
    });
    if (!done) return tl::unexpected(done.error());
  }
  return all;
}

Result<void> Netlink::ensure_route(const ForeignRoute& route, bool leniently) {
  NetlinkMessage message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND);
  auto& header = message.put<::rtmsg>();
  std::memcpy(&header, route.message.data(), sizeof header);
  ByteView rest = ByteView(route.message).subspan(sizeof header);
  while (const auto one = take_attribute(rest)) {
    if (leniently && one->kind() == RTA_PREFSRC) continue;
    if (leniently && (one->kind() == RTA_GATEWAY || one->kind() == RTA_VIA))
      header.rtm_flags |= RTNH_F_ONLINK;
    message.attribute(one->type, one->value);
  }
  auto done = socket_.request(message);
  return !done && done.error().code == "exists" ? Result<void>() : done;
}

}  // namespace flowmob::platform
