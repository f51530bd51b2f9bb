/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The mobile node's virtual interface (the draft's section 4; RFC 7847): each flow on its member link. */
#include "abi/vif.h"

#include "arp.h"
#include "captured.h"
#include "copies.h"
#include "counters.h"
#include "members.h"
#include "neighbor_discovery.h"
#include "parse.h"
#include "quoted.h"
#include "vif_rules.h"

char fm_license[] SEC("license") = "Dual BSD/GPL";

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct fm_vif_config);
} config SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1 << 14);
  __type(key, struct fm_flow_key);
  __type(value, struct fm_vif_flow);
} vif_flows SEC(".maps");

/* Of the virtual interface; zero: it has none. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct fm_address_number);
} vif_link_local SEC(".maps");

static __always_inline const struct fm_vif_config* fm_config(void) {
  __u32 row = 0;
  return bpf_map_lookup_elem(&config, &row);
}

/* The flow's member; if that is down the default, and if that is down too, any. */
static __always_inline const struct fm_member_row* fm_pick_member(__u32 wanted, __u32 otherwise) {
  const struct fm_member_row* member = fm_member_if_up(wanted);
  if (!member) member = fm_member_if_up(otherwise);
  for (__u32 number = 0; number < FM_MAX_MEMBERS && !member; ++number) member = fm_member_if_up(number);
  return member;
}

/* Which of the two directions a packet goes does not matter to its flow; marks and labels do not either. */
static __always_inline void fm_neutral_key(struct fm_flow_key* key) {
  key->flow_label = 0;
  key->ds = 0;
}

/* `fresh`: as it begins, where it is not known. */
static __always_inline struct fm_vif_flow* fm_flow_of(const struct fm_packet* packet,
                                                      const struct fm_vif_flow* fresh) {
  struct fm_flow_key neutral = packet->key;
  fm_neutral_key(&neutral);
  if (fresh) bpf_map_update_elem(&vif_flows, &neutral, fresh, BPF_NOEXIST);
  return bpf_map_lookup_elem(&vif_flows, &neutral);
}

static __always_inline struct fm_vif_flow* fm_new_flow(const struct fm_packet* packet, __u32 member) {
  struct fm_vif_flow fresh = {.member = member, .previous = member};
  return packet->whole_key ? fm_flow_of(packet, &fresh) : NULL;
}

/* To the clock's tick: a row that CPUs share is not written for every packet. */
static __always_inline void fm_see(struct fm_vif_flow* flow) {
  __u64 now = bpf_ktime_get_coarse_ns();
  if (flow->seen_ns != now) flow->seen_ns = now;
}

/* An error does not make the flow that it quotes, nor call it to the link by which it comes. */
static __always_inline struct fm_vif_flow* fm_quoted_flow(struct __sk_buff* skb,
                                                          const struct fm_packet* packet, bool up) {
  struct fm_flow_key* key = fm_quoted_key(skb, packet);
  if (!key) return NULL;
  if (up) fm_reverse(key);
  fm_neutral_key(key);
  return bpf_map_lookup_elem(&vif_flows, key);
}

/* Most frames have the addresses that they are to have, and need not be written. False, too, where that
 * cannot be seen in place. */
static __always_inline bool fm_is_mac_at(const struct __sk_buff* skb, __u32 offset,
                                         const struct fm_mac* mac) {
  const struct fm_mac* there = (const void*)((const __u8*)(long)skb->data + offset);
  return (const __u8*)(there + 1) <= (const __u8*)(long)skb->data_end && fm_is_same_mac(there, mac);
}

/* `resolved`: the destination as the stack has it. */
static __always_inline long fm_address_frame(struct __sk_buff* skb, const struct fm_packet* packet,
                                             const struct fm_member_row* member,
                                             const struct fm_mac* resolved) {
  struct {
    struct fm_mac to, from;
  } addresses = {member->router, member->mac};
  const __u8* router = addresses.to.octets;
  bool has_router = router[0] | router[1] | router[2] | router[3] | router[4] | router[5];
  bool is_one_host = !(resolved->octets[0] & 1) && !fm_is_multicast(&packet->key.destination);
  if (!has_router || !is_one_host) addresses.to = *resolved;
  if (fm_is_mac_at(skb, 0, &addresses.to) && fm_is_mac_at(skb, sizeof(addresses.to), &addresses.from))
    return 0;
  return bpf_skb_store_bytes(skb, 0, &addresses, sizeof(addresses), 0);
}

/* To those members that are up, have link-layer addresses or not, and are not the packet's own. */
static __always_inline void fm_send_to_kind(struct __sk_buff* skb, const struct fm_packet* packet,
                                            __u32 chosen, const struct fm_mac* resolved, __u8 nd_type,
                                            bool raw_ip) {
  for (__u32 number = 0; number < FM_MAX_MEMBERS; ++number) {
    const struct fm_member_row* member = fm_member_if_up(number);
    if (!member || member->interface == chosen || fm_is_raw_ip(member) != raw_ip) continue;
    __u32 interface = member->interface;
    struct fm_mac mac = member->mac;
    if (!raw_ip) {
      if (fm_address_frame(skb, packet, member, resolved)) continue;
      if (nd_type) fm_nd_rewrite_link_address(skb, packet, nd_type, &mac);
    }
    bpf_clone_redirect(skb, interface, 0);
  }
}

/* To every member that is up but the one that the packet itself leaves by. Not static: see
 * fm_number_of_member(). */
__noinline int fm_send_to_others(struct __sk_buff* skb, const struct fm_packet* packet, __u32 chosen,
                                 const struct fm_mac* resolved, __u8 nd_type) {
  struct fm_nd_link_address option;
  if (!packet || !resolved) return 0;
  fm_send_to_kind(skb, packet, chosen, resolved, nd_type, false);
  bool is_cut = nd_type && fm_nd_leave_out_link_address(skb, packet, nd_type, &option);
  fm_send_to_kind(skb, packet, chosen, resolved, nd_type, true);
  if (is_cut) fm_nd_put_back_link_address(skb, packet, nd_type, &option);
  return 0;
}

/* Questions for the router, which is the same on all links, go by the default member in its name, or by
 * another that has link-layer addresses. Where none has, we know the answer. */
static __always_inline int fm_send_arp(struct __sk_buff* skb, const struct fm_vif_config* vif) {
  const struct fm_member_row* asking = fm_member_if_up(fm_member_for_arp(vif->default_member));
  if (asking) return fm_ask_arp(skb, asking);
  const struct fm_member_row* raw = fm_pick_member(vif->default_member, vif->default_member);
  if (!raw) return fm_drop(skb, FM_DROP_NO_MEMBER);
  return fm_answer_arp(skb, vif, raw);
}

/* The flow's member, if it is up and no rule asks each time. */
static __always_inline const struct fm_member_row* fm_settled_member(const struct fm_vif_flow* flow) {
  if (!flow || flow->action == FM_VIF_PREFER || flow->action == FM_VIF_SHARE) return NULL;
  return fm_member_if_up(flow->member);
}

/* What the frame carries. A sender with a packet socket of the old kind (SOCK_PACKET, which udhcpc asks by
 * whether an address is taken) says so in the frame alone. */
static __always_inline __be16 fm_protocol_sent(const struct __sk_buff* skb) {
  __be16 protocol = (__be16)skb->protocol;
  if (!protocol && bpf_skb_load_bytes(skb, ETH_HLEN - sizeof(protocol), &protocol, sizeof(protocol)))
    return 0;
  return protocol;
}

/* Egress of the virtual interface. */
SEC("tc") int vif_egress(struct __sk_buff* skb) {
  const struct fm_vif_config* vif = fm_config();
  struct fm_packet packet = {};
  if (!vif) return FM_PASS;
  const __be16 protocol = fm_protocol_sent(skb);
  if (protocol == bpf_htons(ETH_P_ARP)) return fm_send_arp(skb, vif);
  bool ipv4 = protocol == bpf_htons(ETH_P_IP);
  if (!ipv4 && protocol != bpf_htons(ETH_P_IPV6)) return fm_drop(skb, FM_DROP_NOT_IPV6);
  if (fm_parse(skb, ETH_HLEN, ipv4, &packet) != FM_PARSED) return fm_drop(skb, FM_DROP_MALFORMED);
  __u8 nd_type = fm_nd_type(skb, &packet);
  struct fm_counter weight = fm_weight(skb, &packet);

  struct fm_vif_flow* flow = fm_quoted_flow(skb, &packet, true);
  bool is_quoted = flow;
  fm_reverse(&packet.key);
  if (!flow) flow = fm_flow_of(&packet, NULL);
  const __u64 source = packet.key.destination.high;
  if (!flow) flow = fm_new_flow(&packet, fm_members_for(source, vif->default_member).first);
  if (flow && !is_quoted) fm_judge(skb, flow, &packet.key, true);
  const struct fm_member_row* member = fm_settled_member(flow);
  if (!member) {
    struct fm_vif_source usable = fm_members_for(source, vif->default_member);
    __u32 home = usable.first;
    bool is_placed =
        flow && (!is_quoted || flow->action != FM_VIF_SHARE); /* an error's hash is not the flow's */
    member = fm_pick_member(is_placed ? fm_member_of(flow, &packet.key, home, usable.members)
                            : flow    ? flow->member
                                      : home,
                            home);
  }
  if (!member) return fm_drop(skb, FM_DROP_NO_MEMBER);
  if (flow) {
    fm_add_shared(&flow->traffic.up, &weight);
    fm_see(flow);
  }
  fm_reverse(&packet.key);
  struct fm_mac mac = member->mac;
  __u32 interface = member->interface;
  if (vif->flags & FM_VIF_IS_CAPTURED)
    fm_capture(skb, fm_place(&packet), 0, FM_HALVES(FM_CAPTURED_UP, interface));
  bool raw_ip = fm_is_raw_ip(member);
  struct fm_mac resolved;
  if (bpf_skb_load_bytes(skb, 0, &resolved, sizeof(resolved))) return fm_drop(skb, FM_DROP_MALFORMED);
  if (fm_is_for_all_links(skb, &packet, nd_type) || (flow && flow->action == FM_VIF_COPIES && !nd_type))
    fm_send_to_others(skb, &packet, interface, &resolved, nd_type);
  if (raw_ip) { /* the kernel takes the link-layer header off where a device has none */
    struct fm_nd_link_address option;
    if (nd_type) fm_nd_leave_out_link_address(skb, &packet, nd_type, &option);
    return (int)bpf_redirect(interface, 0);
  }
  fm_address_frame(skb, &packet, member, &resolved);
  if (nd_type) fm_nd_rewrite_link_address(skb, &packet, nd_type, &mac);
  return (int)bpf_redirect(interface, 0);
}

/* Frames that were under way when the flow left a slower link must not call it back: it returns to the member
 * it just left only after a while, or when the current one is down. */
static __always_inline void fm_reflect(struct fm_vif_flow* flow, __u32 member, __u64 hold_ns) {
  fm_see(flow);
  if (flow->member == member) return;
  __u64 now = bpf_ktime_get_ns();
  if (flow->moves && member == flow->previous && now - flow->moved_ns < hold_ns &&
      fm_member_if_up(flow->member))
    return;
  flow->previous = flow->member;
  flow->member = member;
  flow->moved_ns = now;
  ++flow->moves;
}

#define FM_DHCPV6_CLIENT_PORT 546

/* DHCPv6 is spoken with link-local addresses, by a client on the virtual interface, which may be another than
 * ours: a member has no use for what one is given. */
static __always_inline bool fm_is_for_dhcp_client(const struct fm_packet* packet) {
  return packet->key.protocol == FM_PROTOCOL_UDP && packet->key.destination_port == FM_DHCPV6_CLIENT_PORT;
}

static __always_inline bool fm_is_link_local_of_vif(const struct fm_address_number* address) {
  __u32 row = 0;
  const struct fm_address_number* own = bpf_map_lookup_elem(&vif_link_local, &row);
  return own && own->high == address->high && own->low == address->low;
}

/* Of Neighbor Discovery the virtual interface gets what is about its own addresses. Routers are found on each
 * link by the daemon, through packet sockets, and all link-local addresses but one belong to the members. */
static __always_inline bool fm_is_for_member(const struct fm_packet* packet, __u8 nd_type) {
  if (packet->ipv4) return false; /* members have no IPv4 of their own */
  if (fm_is_for_dhcp_client(packet)) return false;
  if (fm_is_link_local(&packet->key.destination) && !fm_is_link_local_of_vif(&packet->key.destination))
    return true;
  if (nd_type) return nd_type != FM_ND_NEIGHBOR_SOLICITATION && nd_type != FM_ND_NEIGHBOR_ADVERTISEMENT;
  return fm_is_multicast(&packet->key.destination);
}

/* A solicitation goes to a multicast address, but its answer will come from the target's. */
static __always_inline bool fm_aim_at_target(struct __sk_buff* skb, struct fm_packet* packet) {
  struct fm_neighbor_message message;
  if (bpf_skb_load_bytes(skb, packet->upper, &message, sizeof(message))) return false;
  packet->key.destination = fm_number(&message.target);
  return true;
}

/* False: it came by another member before. */
static __always_inline bool fm_learn(struct __sk_buff* skb, struct fm_packet* packet, __u32 number,
                                     bool reflect, __u64 hold_ns) {
  struct fm_counter weight = fm_weight(skb, packet);
  struct fm_vif_flow* flow = fm_quoted_flow(skb, packet, false);
  bool is_quoted = flow;
  if (!flow) flow = fm_flow_of(packet, NULL);
  if (!flow) flow = fm_new_flow(packet, number);
  if (!flow) return true;
  if (!is_quoted) fm_judge(skb, flow, &packet->key, false);
  if (flow->action == FM_VIF_COPIES && fm_is_copy(skb, packet, number + 1)) return false;
  fm_add_shared(&flow->traffic.down, &weight);
  if (fm_is_moved_by_node(flow))
    fm_see(flow); /* its downlink follows it */
  else if (reflect && !is_quoted)
    fm_reflect(flow, number, hold_ns);
  return true;
}

static __always_inline int fm_hand_to_vif(struct __sk_buff* skb, const struct fm_vif_config* vif) {
  struct fm_mac mac = vif->mac;
  if (skb->pkt_type == PACKET_HOST && !fm_is_mac_at(skb, 0, &mac))
    bpf_skb_store_bytes(skb, 0, &mac, sizeof(mac), 0);
  return (int)bpf_redirect(vif->interface, BPF_F_INGRESS);
}

/* Ingress of a virtual interface that may change its link-layer address: what was put into it is for this
 * host under the former one, too. */
SEC("tc") int vif_ingress(struct __sk_buff* skb) {
  const struct fm_vif_config* vif = fm_config();
  struct fm_mac to;
  if (!vif || skb->pkt_type != PACKET_OTHERHOST || bpf_skb_load_bytes(skb, 0, &to, sizeof(to)))
    return FM_PASS;
  if (fm_is_same_mac(&to, &vif->mac)) bpf_skb_change_type(skb, PACKET_HOST);
  return FM_PASS;
}

/* Frames of IP and ARP that are for this host. */
static __always_inline bool fm_is_for_vif(const struct __sk_buff* skb) {
  if (skb->vlan_present) return false;
  if (skb->protocol == bpf_htons(ETH_P_IPV6))
    return skb->pkt_type == PACKET_HOST || skb->pkt_type == PACKET_MULTICAST;
  return (skb->protocol == bpf_htons(ETH_P_IP) || skb->protocol == bpf_htons(ETH_P_ARP)) &&
         skb->pkt_type != PACKET_OTHERHOST;
}

/* Members whose links meet hear each other: a probe for duplicates of ours would seem another's. */
static __noinline bool fm_is_own_frame(struct __sk_buff* skb) {
  struct fm_mac from;
  if (bpf_skb_load_bytes(skb, 6, &from, sizeof(from))) return false;
  for (__u32 number = 0; number < FM_MAX_MEMBERS; ++number) {
    const __u32 row = number;
    const struct fm_member_row* member = bpf_map_lookup_elem(&members, &row);
    if (member && member->interface && fm_is_same_mac(&member->mac, &from)) return true;
  }
  return false;
}

/* What comes without a link-layer header gets one, so that from here on all is as on Ethernet. */
static __always_inline bool fm_put_header_on(struct __sk_buff* skb, struct fm_packet* packet,
                                             const struct fm_vif_config* vif, struct fm_mac router) {
  struct {
    struct fm_mac to, from;
    __be16 type;
  } header = {vif->mac, router, (__be16)skb->protocol};
  if (bpf_skb_change_head(skb, ETH_HLEN, 0) || bpf_skb_store_bytes(skb, 0, &header, ETH_HLEN, 0))
    return false;
  packet->offset += ETH_HLEN;
  if (packet->upper) packet->upper += ETH_HLEN;
  return true;
}

/* Ingress of each member. */
SEC("tc") int member_ingress(struct __sk_buff* skb) {
  const struct fm_vif_config* vif = fm_config();
  struct fm_packet packet = {};
  if (!fm_take_off_priority_tag(skb)) return fm_drop(skb, FM_DROP_NESTED_TAGS);
  if (!vif || !fm_is_for_vif(skb)) return FM_PASS;
  __u32 number = fm_number_of_member(skb->ifindex);
  const struct fm_member_row* member = bpf_map_lookup_elem(&members, &number);
  if (!member) return FM_PASS;
  bool raw_ip = fm_is_raw_ip(member);
  if (!raw_ip && skb->pkt_type != PACKET_HOST && fm_is_own_frame(skb)) return fm_drop(skb, FM_DROP_OWN_FRAME);
  if (skb->protocol == bpf_htons(ETH_P_ARP)) return raw_ip ? FM_PASS : fm_hand_to_vif(skb, vif);
  bool ipv4 = skb->protocol == bpf_htons(ETH_P_IP);
  if (fm_parse(skb, raw_ip ? 0 : ETH_HLEN, ipv4, &packet) != FM_PARSED) return FM_PASS;
  __u8 nd_type = fm_nd_type(skb, &packet);
  bool solicited = nd_type == FM_ND_NEIGHBOR_SOLICITATION && fm_aim_at_target(skb, &packet);
  if (!raw_ip && fm_is_group_query(skb, &packet)) bpf_clone_redirect(skb, vif->interface, BPF_F_INGRESS);
  if (fm_is_for_member(&packet, nd_type)) return vif->flags & FM_VIF_HAS_PORTS ? TC_ACT_SHOT : FM_PASS;
  if (raw_ip && !fm_put_header_on(skb, &packet, vif, member->router))
    return fm_drop(skb, FM_DROP_ENCAPSULATION);
  if (!fm_learn(skb, &packet, number, solicited || (vif->flags & FM_VIF_REFLECT), vif->hold_ns))
    return fm_drop(skb, FM_DROP_COPY);
  if (vif->flags & FM_VIF_IS_CAPTURED)
    fm_capture(skb, fm_place(&packet), 0, FM_HALVES(FM_CAPTURED_DOWN, skb->ifindex));
  return fm_hand_to_vif(skb, vif);
}
