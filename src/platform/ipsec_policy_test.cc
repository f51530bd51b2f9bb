// SPDX-License-Identifier: Apache-2.0
#include "platform/ipsec_policy.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "platform/netlink_message.h"
#include "platform/netlink_socket.h"
#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

using testing::in_private_namespace;
using enum PolicyDirection;

const Ipv6Address kLma = Ipv6Address::parse("2001:db8:f::1").value();
const Ipv6Address kMag = Ipv6Address::parse("2001:db8:a::1").value();

/// A policy as `ip xfrm policy add` makes it; every member has the value of one that protects.
struct Policy {
  PolicyDirection direction = In;
  std::uint8_t source_length = 128;
  std::uint8_t protocol = 135;
  std::uint8_t ipsec = IPPROTO_ESP;
  bool optional = false;
  bool block = false;
  std::uint16_t type_mask = 0;
  std::uint32_t priority = 100;
  int interface = 0;
  std::uint32_t mark = 0;
};

void add(const Policy& p) {
  NetlinkMessage message(XFRM_MSG_NEWPOLICY, NLM_F_CREATE | NLM_F_EXCL);
  auto& info = message.put<xfrm_userpolicy_info>();
  const bool in = p.direction == In;
  std::memcpy(&info.sel.saddr, (in ? kMag : kLma).octets.data(), 16);
  std::memcpy(&info.sel.daddr, (in ? kLma : kMag).octets.data(), 16);
  info.sel.family = AF_INET6;
  info.sel.prefixlen_s = p.source_length;
  info.sel.prefixlen_d = 128;
  info.sel.proto = p.protocol;
  info.sel.sport = htons(5);
  info.sel.sport_mask = p.type_mask;
  info.sel.ifindex = p.interface;
  info.priority = p.priority;
  info.dir = in ? XFRM_POLICY_IN : XFRM_POLICY_OUT;
  info.action = p.block ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW;
  info.lft.soft_byte_limit = info.lft.hard_byte_limit = XFRM_INF;
  info.lft.soft_packet_limit = info.lft.hard_packet_limit = XFRM_INF;
  xfrm_user_tmpl one{};
  one.family = AF_INET6;
  one.id.proto = p.ipsec;
  one.mode = XFRM_MODE_TRANSPORT;
  one.optional = p.optional;
  one.aalgos = one.ealgos = one.calgos = ~0U;
  if (p.ipsec != 0)
    message.attribute(XFRMA_TMPL, ByteView(reinterpret_cast<const std::uint8_t*>(&one), sizeof one));
  const xfrm_mark mark{p.mark, 0xff};
  if (p.mark != 0)
    message.attribute(XFRMA_MARK, ByteView(reinterpret_cast<const std::uint8_t*>(&mark), sizeof mark));
  const auto done = NetlinkSocket::open(0, NETLINK_XFRM)->request(message);
  ASSERT_TRUE(done) << done.error().message;
}

bool needed_with(const std::vector<Policy>& policies, PolicyDirection direction = In) {
  bool needed = false;
  in_private_namespace([&] {
    for (const auto& policy : policies) add(policy);
    const auto answer = direction == In ? mobility_headers_need_esp(kMag, kLma, In)
                                        : mobility_headers_need_esp(kLma, kMag, Out);
    ASSERT_TRUE(answer) << answer.error().message;
    needed = *answer;
  });
  return needed;
}

TEST(IpsecPolicy, DemandsEspOfEveryMobilityHeader) {
  EXPECT_FALSE(needed_with({}));
  EXPECT_TRUE(needed_with({Policy{}}));
  EXPECT_FALSE(needed_with({Policy{}}, Out)) << "each direction has its own";
  EXPECT_TRUE(needed_with({Policy{.direction = Out}}, Out));
  EXPECT_TRUE(needed_with({Policy{.source_length = 32}}));
  EXPECT_TRUE(needed_with({Policy{.protocol = 0}}));
}

TEST(IpsecPolicy, WhatProtectsLessDoesNotCount) {
  EXPECT_FALSE(needed_with({Policy{.protocol = IPPROTO_UDP}}));
  EXPECT_FALSE(needed_with({Policy{.ipsec = IPPROTO_AH}}));
  EXPECT_FALSE(needed_with({Policy{.ipsec = 0}}));
  EXPECT_FALSE(needed_with({Policy{.optional = true}}));
  EXPECT_FALSE(needed_with({Policy{.block = true}}));
  EXPECT_FALSE(needed_with({Policy{.type_mask = 0xffff}})) << "Binding Updates alone";
}

TEST(IpsecPolicy, WhatLetsSomePassInTheClearCounts) {
  const Policy updates{.ipsec = 0, .type_mask = 0xffff, .priority = 1};
  EXPECT_FALSE(needed_with({Policy{}, updates}));
  EXPECT_FALSE(needed_with({updates, Policy{}}));
  EXPECT_TRUE(needed_with({Policy{.priority = 1}, Policy{.ipsec = 0, .type_mask = 0xffff, .priority = 2}}));
  EXPECT_TRUE(needed_with({Policy{}, Policy{.type_mask = 0xffff, .priority = 1}})) << "protected twice";
  EXPECT_FALSE(needed_with({Policy{}, Policy{.ipsec = 0, .priority = 1, .interface = 1}}));
  EXPECT_FALSE(needed_with({Policy{}, Policy{.ipsec = 0, .priority = 1, .mark = 1}}));
  EXPECT_FALSE(needed_with({Policy{.mark = 1}})) << "but what protects some does not count";
}

TEST(IpsecPolicy, TheSmallestNumberCounts) {
  const Policy open{.protocol = 0, .ipsec = 0, .priority = 50};
  EXPECT_FALSE(needed_with({Policy{}, open}));
  EXPECT_TRUE(needed_with({Policy{.priority = 10}, open}));
  EXPECT_FALSE(needed_with({Policy{.priority = 50}, open})) << "which of two nobody can tell";
}

}  // namespace
}  // namespace flowmob::platform
