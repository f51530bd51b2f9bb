// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/member_link.h"

#include <gtest/gtest.h>
#include <linux/if_arp.h>

namespace flowmob::daemon {
namespace {

using platform::Link;
using platform::LinkHeader;

Link link(std::uint16_t type, bool point_to_point, std::string_view mac = {}) {
  Link made;
  made.index = InterfaceIndex{7};
  made.name = "wwan0";
  made.type = type;
  made.point_to_point = point_to_point;
  if (!mac.empty()) made.mac = MacAddress::parse(mac).value();
  return made;
}

std::string refusal(const Link& link) {
  const auto header = link_header(link);
  return header ? "" : header.error().code;
}

TEST(MemberLink, EthernetHasAHeaderAndPointToPointLinksHaveNone) {
  EXPECT_EQ(link_header(link(ARPHRD_ETHER, false, "02:00:00:00:00:01")), LinkHeader::Ethernet);
  EXPECT_EQ(link_header(link(ARPHRD_NONE, true)), LinkHeader::None) << "tun, wwan";
  EXPECT_EQ(link_header(link(ARPHRD_RAWIP, false)), LinkHeader::None) << "rmnet does not say point-to-point";
  EXPECT_EQ(link_header(link(ARPHRD_NONE, true, "02:00:00:00:00:01")), LinkHeader::None)
      << "some modems make an address up";
}

TEST(MemberLink, WhatIsUnfitIsRefused) {
  EXPECT_EQ(refusal(link(ARPHRD_LOOPBACK, false)), "is-loopback");
  EXPECT_EQ(refusal(link(ARPHRD_TUNNEL6, true)), "is-tunnel");
  EXPECT_EQ(refusal(link(ARPHRD_SIT, true)), "is-tunnel");
  EXPECT_EQ(refusal(link(ARPHRD_NONE, false)), "no-link-layer-address");
  EXPECT_EQ(refusal(link(ARPHRD_INFINIBAND, false)), "no-link-layer-address") << "one of 20 octets";
}

TEST(MemberLink, PppNeedsAKernelThatTakesHeadersOff) {
  EXPECT_TRUE(takes_headers_off_for_ppp("6.6.0", "#1 SMP"));
  EXPECT_TRUE(takes_headers_off_for_ppp("6.18.44-custom", "#1 SMP"));
  EXPECT_TRUE(takes_headers_off_for_ppp("7.0.1", "#1 SMP"));
  EXPECT_TRUE(takes_headers_off_for_ppp("6.5.3", "#1 SMP"));
  EXPECT_TRUE(takes_headers_off_for_ppp("6.1.53", "#1 SMP"));
  EXPECT_TRUE(takes_headers_off_for_ppp("6.1.0-28-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (x)"));
  EXPECT_FALSE(takes_headers_off_for_ppp("6.1.0-9-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.27-1 (x)"));
  EXPECT_FALSE(takes_headers_off_for_ppp("6.1.52", "#1 SMP"));
  EXPECT_FALSE(takes_headers_off_for_ppp("6.2.16", "#1 SMP")) << "whose support had ended";
  EXPECT_FALSE(takes_headers_off_for_ppp("", ""));
}

TEST(MemberLink, OneWithoutAnAddressIsKnownByItsName) {
  core::MemberConfig member, again, other;
  identify(member, link(ARPHRD_NONE, true));
  EXPECT_TRUE(member.raw_ip);
  EXPECT_EQ(member.mac.octets[0] & 3, 2) << "locally administered, of one interface";
  identify(again, link(ARPHRD_NONE, true));
  EXPECT_EQ(member.mac, again.mac);
  Link renamed = link(ARPHRD_NONE, true);
  EXPECT_TRUE(is_same(member, renamed));
  renamed.name = "wwan1";
  EXPECT_FALSE(is_same(member, renamed));
  identify(other, renamed);
  EXPECT_NE(member.mac, other.mac);
  EXPECT_FALSE(is_same(member, link(ARPHRD_ETHER, false, member.mac.to_string()))) << "of another kind";
}

}  // namespace
}  // namespace flowmob::daemon
