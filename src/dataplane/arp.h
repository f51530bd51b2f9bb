/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ARP (RFC 826) of the virtual interface. */
#pragma once

#include "counters.h"
#include "members.h"

#define FM_ARP_REQUEST 1
#define FM_ARP_REPLY 2

/* Of IPv4 on Ethernet. */
struct fm_arp {
  __be16 hardware;
  __be16 protocol;
  __u8 lengths[2];
  __be16 operation;
  struct fm_mac sender;
  __be16 sender_address[2];
  struct fm_mac target;
  __be16 target_address[2];
};
FM_STATIC_ASSERT(sizeof(struct fm_arp) == 28, "fm_arp");

/* The wanted one, or another that is up and has link-layer addresses; FM_MAX_MEMBERS: there is none. */
static __noinline __u32 fm_member_for_arp(__u32 wanted) {
  const struct fm_member_row* member = fm_member_if_up(wanted);
  if (member && !fm_is_raw_ip(member)) return wanted;
  for (__u32 number = 0; number < FM_MAX_MEMBERS; ++number) {
    member = fm_member_if_up(number);
    if (member && !fm_is_raw_ip(member)) return number;
  }
  return FM_MAX_MEMBERS;
}

/* In the member's name. */
static __always_inline int fm_ask_arp(struct __sk_buff* skb, const struct fm_member_row* member) {
  struct fm_mac mac = member->mac;
  __u32 interface = member->interface;
  __u32 sender = ETH_HLEN + __builtin_offsetof(struct fm_arp, sender);
  if (bpf_skb_store_bytes(skb, 6, &mac, sizeof(mac), 0) ||
      bpf_skb_store_bytes(skb, sender, &mac, sizeof(mac), 0))
    return fm_drop(skb, FM_DROP_MALFORMED);
  return (int)bpf_redirect(interface, 0);
}

static __always_inline bool fm_is_same_ipv4(const __be16* a, const __be16* b) {
  return a[0] == b[0] && a[1] == b[1];
}

/* Nobody is on a point-to-point link but the router, so that every question is for it. A probe (RFC 5227)
 * asks whether an address is free, and it is; an announcement wants no answer. Neither has anybody to reach.
 */
static __always_inline int fm_answer_arp(struct __sk_buff* skb, const struct fm_vif_config* vif,
                                         const struct fm_member_row* member) {
  struct fm_mac addresses[2] = {vif->mac, member->router};
  struct fm_arp arp;
  if (bpf_skb_load_bytes(skb, ETH_HLEN, &arp, sizeof(arp))) return fm_drop(skb, FM_DROP_MALFORMED);
  bool is_probe = !(arp.sender_address[0] | arp.sender_address[1]);
  if (arp.operation != bpf_htons(FM_ARP_REQUEST) || arp.protocol != bpf_htons(ETH_P_IP) || is_probe ||
      fm_is_same_ipv4(arp.sender_address, arp.target_address))
    return TC_ACT_SHOT;
  struct fm_arp answer = arp;
  answer.operation = bpf_htons(FM_ARP_REPLY);
  answer.sender = member->router;
  answer.target = arp.sender;
  __builtin_memcpy(answer.sender_address, arp.target_address, sizeof(answer.sender_address));
  __builtin_memcpy(answer.target_address, arp.sender_address, sizeof(answer.target_address));
  if (bpf_skb_store_bytes(skb, 0, addresses, sizeof(addresses), 0) ||
      bpf_skb_store_bytes(skb, ETH_HLEN, &answer, sizeof(answer), 0))
    return fm_drop(skb, FM_DROP_MALFORMED);
  return (int)bpf_redirect(vif->interface, BPF_F_INGRESS);
}
