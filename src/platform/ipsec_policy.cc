// SPDX-License-Identifier: Apache-2.0
#include "platform/ipsec_policy.h"

#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "platform/netlink_message.h"
#include "platform/netlink_socket.h"

namespace flowmob::platform {
namespace {

constexpr std::uint8_t kMobilityProtocol = 135;

bool holds(const xfrm_address_t& prefix, std::uint8_t length, const Ipv6Address& address) {
  Ipv6Address start;
  std::memcpy(start.octets.data(), &prefix, start.octets.size());
  return length <= 128 && Ipv6Prefix::truncated(start, length).contains(address);
}

/// Mobility Headers between the two, if not every one of them.
bool selects_some(const xfrm_selector& selector, const Ipv6Address& source, const Ipv6Address& destination) {
  return selector.family == AF_INET6 && (selector.proto == 0 || selector.proto == kMobilityProtocol) &&
         holds(selector.saddr, selector.prefixlen_s, source) &&
         holds(selector.daddr, selector.prefixlen_d, destination);
}

bool is_for_all(const xfrm_selector& selector) {
  return selector.sport_mask == 0 && selector.dport_mask == 0 && selector.ifindex == 0;
}

bool demands_esp(const xfrm_userpolicy_info& policy, ByteView templates) {
  if (policy.action != XFRM_POLICY_ALLOW) return false;
  for (; templates.size() >= sizeof(xfrm_user_tmpl); templates = templates.subspan(sizeof(xfrm_user_tmpl))) {
    xfrm_user_tmpl one{};
    std::memcpy(&one, templates.data(), sizeof one);
    if (one.id.proto == IPPROTO_ESP && one.optional == 0) return true;
  }
  return false;
}

/// The policy that counts is the one with the smallest number; which of two with the same nobody can tell.
struct Verdict {
  std::optional<std::uint32_t> protects, opens;

  void add(const xfrm_userpolicy_info& policy, bool is_esp, bool is_whole) {
    if (is_esp && !is_whole) return;
    auto& smallest = is_esp ? protects : opens;
    smallest = std::min(smallest.value_or(policy.priority), policy.priority);
  }
  bool needs_esp() const { return protects && (!opens || *protects < *opens); }
};

}  // namespace

Result<bool> mobility_headers_need_esp(const Ipv6Address& source, const Ipv6Address& destination,
                                       PolicyDirection direction) {
  auto socket = NetlinkSocket::open(0, NETLINK_XFRM);
  if (!socket) return tl::unexpected(socket.error());
  const std::uint8_t wanted = direction == PolicyDirection::In ? XFRM_POLICY_IN : XFRM_POLICY_OUT;
  Verdict verdict;
  NetlinkMessage request(XFRM_MSG_GETPOLICY, NLM_F_DUMP);
  auto done = socket->request(request, [&](const nlmsghdr& reply) {
    if (reply.nlmsg_type != XFRM_MSG_NEWPOLICY ||
        mnl_nlmsg_get_payload_len(&reply) < sizeof(xfrm_userpolicy_info))
      return;
    xfrm_userpolicy_info policy{};  // netlink aligns to four octets, its members to eight
    std::memcpy(&policy, mnl_nlmsg_get_payload(&reply), sizeof policy);
    const NetlinkAttributes<XFRMA_MAX> attributes(reply, sizeof policy);
    // With an id it is for the packets of an xfrm interface alone, which ours are not.
    if (policy.dir != wanted || attributes.get(XFRMA_IF_ID) != nullptr ||
        !selects_some(policy.sel, source, destination))
      return;
    verdict.add(policy, demands_esp(policy, attributes.bytes(XFRMA_TMPL)),
                is_for_all(policy.sel) && attributes.get(XFRMA_MARK) == nullptr);
  });
  if (!done) return tl::unexpected(done.error());
  return verdict.needs_esp();
}

}  // namespace flowmob::platform
