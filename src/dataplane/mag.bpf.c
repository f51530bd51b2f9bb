/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The mobile access gateway: downlink to the node's link-layer address, uplink only from the node itself. */
#include "abi/mag.h"

#include "captured.h"
#include "counters.h"
#include "cut.h"
#include "decap.h"
#include "encap.h"
#include "notice.h"
#include "parse.h"

char fm_license[] SEC("license") = "Dual BSD/GPL";

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct fm_mag_config);
} config SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} flags SEC(".maps");

/* All our addresses, where there are several (RFC 8278). */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 16);
  __type(key, struct fm_address);
  __type(value, __u32);
} care_of SEC(".maps");

/* The upper 64 bits of a prefix for nodes without mobility service, and the access interface where it is. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 12);
  __type(key, __u64);
  __type(value, __u32);
} visited SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20);
  __type(key, __u64);
  __type(value, struct fm_hosted_row);
} hosted SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20);
  __type(key, struct fm_attachment_key);
  __type(value, struct fm_attachment_row);
} attachments SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20);
  __type(key, struct fm_delegated_key);
  __type(value, __u32);
} delegated SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20);
  __type(key, __u32);
  __type(value, struct fm_traffic);
} attachment_counters SEC(".maps");

/* Key: the attachment. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 12);
  __type(key, __u32);
  __type(value, __u32);
} captured SEC(".maps");

/* FM_MAG_*, of which each packet asks for one or another. */
static __always_inline __u32 fm_flags(void) {
  __u32 row = 0;
  const __u32* set = bpf_map_lookup_elem(&flags, &row);
  return set ? *set : 0;
}

static __always_inline bool fm_is_watched(__u32 set, __u32 attachment) {
  return (set & FM_MAG_WATCHES_FLOWS) && bpf_map_lookup_elem(&watched, &attachment) != NULL;
}

static __always_inline void fm_capture_of(struct __sk_buff* skb, const struct fm_packet* packet,
                                          __u32 attachment, __u32 way) {
  if (bpf_map_lookup_elem(&captured, &attachment))
    fm_capture(skb, fm_place(packet), FM_HALVES(attachment, 0), FM_HALVES(way, attachment));
}

static __always_inline bool fm_is_ours(const struct fm_address_number* address) {
  __u32 row = 0;
  const struct fm_mag_config* ours = bpf_map_lookup_elem(&config, &row);
  if (ours && fm_same_address(&ours->local, address)) return true;
  struct fm_address octets = fm_octets(address);
  return bpf_map_lookup_elem(&care_of, &octets) != NULL;
}

static __always_inline long fm_address_frame(struct __sk_buff* skb, const struct fm_hosted_row* host) {
  struct fm_mac addresses[2] = {host->node, host->router};
  return bpf_skb_store_bytes(skb, 0, addresses, sizeof(addresses), 0);
}

static __always_inline void fm_count_down(const struct __sk_buff* skb, const struct fm_packet* packet,
                                          __u32 attachment) {
  struct fm_traffic* traffic = bpf_map_lookup_elem(&attachment_counters, &attachment);
  struct fm_counter weight = fm_weight(skb, packet);
  if (traffic) fm_add(&traffic->down, &weight);
}

/* RFC 5845 section 4.2: the key, too, says whose the packet is. */
static __always_inline bool fm_is_same_shim(const struct fm_shim* a, const struct fm_shim* b) {
  return a->flags == b->flags && a->key == b->key;
}

/* A hop limit that ends here is the stack's to answer, for which it needs the inner packet. */
static __always_inline int fm_deliver(struct __sk_buff* skb, struct fm_packet* outer, struct fm_packet* inner,
                                      const struct fm_shim* shim) {
  const struct fm_hosted_row* row = bpf_map_lookup_elem(&hosted, &inner->key.destination.high);
  if (!row) return fm_drop(skb, FM_DROP_NOT_HOSTED);
  struct fm_hosted_row host = *row;
  if (!fm_same_address(&host.lma, &outer->key.source)) return fm_drop(skb, FM_DROP_UNKNOWN_TUNNEL);
  if (!fm_is_same_shim(shim, &host.shim)) return fm_drop(skb, FM_DROP_UNKNOWN_TUNNEL);
  if (fm_wants_ecn_drop(inner, outer)) return fm_drop(skb, FM_DROP_ECN);
  __u32 set = fm_flags();
  bool is_watched = fm_is_watched(set, host.attachment);
  if (set & FM_MAG_CAPTURES) fm_capture_of(skb, inner, host.attachment, FM_CAPTURED_DOWN);
  if (skb->gso_size || is_watched) fm_parse_rest(skb, inner);
  if (fm_take_off_outer(skb, outer, inner)) return fm_drop(skb, FM_DROP_DECAPSULATION);
  if (inner->hop_limit <= 1) return FM_PASS;
  if (is_watched) fm_watch_down(inner);
  fm_count_down(skb, inner, host.attachment);
  if (fm_set_hop_limit(skb, inner, ETH_HLEN, inner->hop_limit - 1) || fm_address_frame(skb, &host))
    return fm_drop(skb, FM_DROP_DECAPSULATION);
  return (int)bpf_redirect(host.interface, 0);
}

static __always_inline int fm_downlink(struct __sk_buff* skb, struct fm_packet* outer, __u32 outer_length,
                                       const struct fm_shim* shim) {
  struct fm_packet inner = {};
  enum fm_parsed parsed = fm_parse_inner(skb, outer, outer_length, &inner);
  if (parsed == FM_PARSE_NOT_IPV6 || parsed == FM_PARSE_NOT_IPV4) return fm_drop(skb, FM_DROP_INNER_NOT_IPV6);
  if (parsed != FM_PARSED) return fm_drop(skb, FM_DROP_MALFORMED);
  return fm_deliver(skb, outer, &inner, shim);
}

/* Ingress of interfaces towards the LMA. */
SEC("tc") int mag_downlink(struct __sk_buff* skb) {
  struct fm_packet outer = {};
  if (!fm_take_off_priority_tag(skb)) return fm_drop(skb, FM_DROP_NESTED_TAGS);
  bool ipv4 = fm_is_ipv4_for_stack(skb);
  if (!fm_is_ip_for_us(skb) || fm_parse_ip(skb, ETH_HLEN, ipv4, &outer) != FM_PARSED) return FM_PASS;
  if (fm_is_of_nobody(&outer)) return FM_PASS;
  if (!fm_is_ours(&outer.key.destination)) return FM_PASS;
  struct fm_shim shim = {};
  int length = fm_outer_length(skb, &outer, &shim);
  if (length == FM_TUNNEL_FRAGMENT) return fm_drop(skb, FM_DROP_OUTER_FRAGMENT);
  if (length == FM_TUNNEL_MALFORMED) return fm_drop(skb, FM_DROP_MALFORMED);
  return length == FM_NOT_A_TUNNEL ? FM_PASS : fm_downlink(skb, &outer, length, &shim);
}

static __always_inline const struct fm_attachment_row* fm_find_attachment(struct __sk_buff* skb) {
  struct fm_attachment_key key = {.interface = skb->ifindex};
  if (bpf_skb_load_bytes(skb, 6, &key.node, sizeof(key.node))) return NULL;
  return bpf_map_lookup_elem(&attachments, &key);
}

static __always_inline bool fm_owns(const struct fm_attachment_row* row, __u64 key) {
  for (int i = 0; i < FM_MAX_KEYS; ++i)
    if (i < (int)row->key_count && row->keys[i] == key) return true;
  return false;
}

/* Of the network behind the node (RFC 7148 section 5.1.4). */
static __always_inline bool fm_is_delegated(const struct fm_attachment_row* row, __u64 prefix) {
  struct fm_delegated_key key = {.prefix = prefix, .attachment = row->attachment};
  return bpf_map_lookup_elem(&delegated, &key) != NULL;
}

/* Neighbor Discovery and whatever else stays on the link. */
static __always_inline bool fm_is_local_to_link(const struct fm_packet* packet) {
  return fm_is_link_local(&packet->key.source) || fm_is_unspecified(&packet->key.source) ||
         fm_is_link_local(&packet->key.destination) || fm_is_multicast(&packet->key.destination);
}

/* Or hides one, for all we know, behind more headers than we follow: the stack follows them all. */
static __always_inline bool fm_may_be_mobility_header(const struct fm_packet* packet) {
  return packet->key.protocol == FM_PROTOCOL_MOBILITY_HEADER || fm_is_extension_header(packet->key.protocol);
}

#define FM_MOBILITY_PORT 5436 /* of Mobility Headers over IPv4 (RFC 5844 section 4.1.3) */

static __always_inline bool fm_is_signalling(const struct fm_packet* packet) {
  if (!packet->ipv4) return fm_may_be_mobility_header(packet);
  return packet->key.protocol == FM_PROTOCOL_UDP && packet->key.destination_port == FM_MOBILITY_PORT;
}

/* Those that a node exchanges with its own home agent go through the tunnel like all it sends. */
static __always_inline bool fm_is_signalling_to_us(const struct fm_packet* packet) {
  return fm_is_signalling(packet) && fm_is_ours(&packet->key.destination);
}

static __always_inline int fm_on_link(struct __sk_buff* skb, struct fm_packet* packet) {
  fm_parse_rest(skb, packet);
  return fm_may_be_mobility_header(packet) ? fm_drop(skb, FM_DROP_MOBILITY_HEADER) : FM_PASS;
}

static __always_inline bool fm_routes_locally(__u32 set) { return set & FM_MAG_LOCAL_ROUTING; }

/* To another node of this gateway: what its anchor would send us comes without the detour. */
static __always_inline int fm_deliver_locally(struct __sk_buff* skb, const struct fm_packet* packet,
                                              const struct fm_hosted_row* row) {
  struct fm_hosted_row host = *row;
  fm_count_down(skb, packet, host.attachment);
  if (fm_set_hop_limit(skb, packet, ETH_HLEN, packet->hop_limit - 1) || fm_address_frame(skb, &host))
    return fm_drop(skb, FM_DROP_ENCAPSULATION);
  return (int)bpf_redirect(host.interface, 0);
}

/* Of a node without mobility service: the stack routes it (RFC 5213 section 6.14), also towards a node of
 * ours by way of its anchor (section 6.10.5). */
static __always_inline int fm_from_visitor(struct __sk_buff* skb, struct fm_packet* packet) {
  fm_parse_rest(skb, packet);
  if (fm_is_signalling_to_us(packet)) return fm_drop(skb, FM_DROP_MOBILITY_HEADER);
  if (packet->hop_limit <= 1 || !fm_routes_locally(fm_flags())) return FM_PASS;
  const struct fm_hosted_row* peer = bpf_map_lookup_elem(&hosted, &packet->key.destination.high);
  return peer ? fm_deliver_locally(skb, packet, peer) : FM_PASS;
}

/* True if the destination is on another of our access links and the way there is open; `verdict` is then set.
 * Here is where all that a node sends comes by, and the flags are read: where it is captured.
 * The sender was told the tunnel's MTU, so nothing longer passes here either. */
static __always_inline bool fm_send_locally(struct __sk_buff* skb, const struct fm_packet* packet,
                                            struct fm_tunnel* tunnel, __u32 attachment, int* verdict) {
  __u32 set = fm_flags();
  if (set & FM_MAG_CAPTURES) {
    fm_capture_of(skb, packet, attachment, FM_CAPTURED_UP);
    set = fm_flags(); /* not kept meanwhile: there is no room on the stack */
  }
  if (!fm_routes_locally(set)) return false;
  const struct fm_hosted_row* peer = bpf_map_lookup_elem(&hosted, &packet->key.destination.high);
  if (peer) {
    __u32 segment = fm_segment_length(skb, packet);
    bool is_too_big = fm_exceeds(packet, segment, tunnel->mtu);
    tunnel->entered = !is_too_big;
    *verdict =
        is_too_big ? fm_too_big(skb, packet, tunnel, tunnel->mtu) : fm_deliver_locally(skb, packet, peer);
    return true;
  }
  if (!bpf_map_lookup_elem(&visited, &packet->key.destination.high)) return false;
  tunnel->entered = true;
  *verdict = FM_PASS;
  return true;
}

/* Who tells a node that a packet is too big: over IPv4 the gateway may have no address of IPv6 but the one
 * that all gateways have on their links (RFC 6543). */
static __always_inline struct fm_address fm_reporter(const struct fm_attachment_row* row) {
  struct fm_address_number fixed = {0xfe80ULL << 48, 0x02005efffe005213ULL};
  return fm_is_ipv4_address(&row->mag) ? fm_octets(&fixed) : row->mag;
}

static __always_inline bool fm_is_visitor(const struct __sk_buff* skb, const struct fm_packet* packet) {
  const __u32* interface = bpf_map_lookup_elem(&visited, &packet->key.source.high);
  return interface && *interface == skb->ifindex;
}

static __always_inline int fm_uplink(struct __sk_buff* skb, struct fm_packet* packet) {
  const struct fm_attachment_row* row = fm_find_attachment(skb);
  if (!row && fm_is_visitor(skb, packet)) return fm_from_visitor(skb, packet);
  if (!row) {
    bool is_node = bpf_map_lookup_elem(&hosted, &packet->key.source.high) != NULL;
    return fm_drop(skb, is_node ? FM_DROP_SPOOFED_MAC : FM_DROP_NO_BINDING);
  }
  if (!fm_owns(row, packet->key.source.high) && !fm_is_delegated(row, packet->key.source.high))
    return fm_drop(skb, FM_DROP_SPOOFED_SOURCE);
  fm_parse_rest(skb, packet);
  if (fm_is_signalling_to_us(packet)) return fm_drop(skb, FM_DROP_MOBILITY_HEADER);
  if (packet->hop_limit <= 1) return FM_PASS;

  struct fm_tunnel tunnel = {.local = row->mag,
                             .remote = row->lma,
                             .ipv6_router = fm_reporter(row),
                             .mtu = row->mtu,
                             .ipv4_router = row->ipv4_router,
                             .shim = row->shim,
                             .forwarded = true};
  struct fm_counter weight = fm_weight(skb, packet);
  __u32 attachment = row->attachment;
  int verdict;
  if (!fm_send_locally(skb, packet, &tunnel, attachment, &verdict)) {
    if (fm_is_watched(fm_flags(), attachment)) fm_watch_up(packet, attachment);
    verdict = fm_send_through_tunnel(skb, packet, &tunnel);
  }
  if (tunnel.cut_to) verdict = fm_hand_over(skb, packet, attachment, &tunnel);
  struct fm_traffic* traffic = bpf_map_lookup_elem(&attachment_counters, &attachment);
  if (traffic && tunnel.entered) fm_add(&traffic->up, &weight);
  return verdict;
}

#define FM_DHCP_SERVER_PORT 67

/* DHCP with the server that we are, under the default router's address, is the daemon's, which has it from a
 * packet socket. Subnet broadcasts stay on the link: the home subnet is a point-to-point link. */
static __always_inline bool fm_is_local_ipv4(struct __sk_buff* skb, struct fm_packet* packet) {
  __u32 source = fm_ipv4_of(&packet->key.source), destination = fm_ipv4_of(&packet->key.destination);
  if (!source || destination == 0xffffffff || destination >> 28 == 0xe) return true;
  const struct fm_attachment_row* row = fm_find_attachment(skb);
  if (!row || destination != bpf_ntohl(row->ipv4_router)) return false;
  fm_parse_upper(skb, packet);
  return packet->key.protocol == FM_PROTOCOL_UDP && packet->key.destination_port == FM_DHCP_SERVER_PORT;
}

/* Ingress of access interfaces (RFC 5213 section 6.10.5). Nothing that the stack would forward, or take for
 * the anchor's, passes unchecked. */
SEC("tc") int mag_uplink(struct __sk_buff* skb) {
  struct fm_packet packet = {};
  if (!fm_take_off_priority_tag(skb)) return fm_drop(skb, FM_DROP_NESTED_TAGS);
  bool ipv4 = fm_is_ipv4_for_stack(skb);
  if (!ipv4 && !fm_is_ipv6_for_stack(skb)) return FM_PASS;
  if (fm_parse_start_apart(skb, ETH_HLEN, ipv4, &packet) != FM_PARSED || fm_is_of_nobody(&packet))
    return fm_drop(skb, FM_DROP_MALFORMED);
  if (ipv4 ? fm_is_local_ipv4(skb, &packet) : fm_is_local_to_link(&packet)) return fm_on_link(skb, &packet);
  if (skb->pkt_type != PACKET_HOST) return fm_drop(skb, FM_DROP_MULTICAST_FRAME);
  return fm_uplink(skb, &packet);
}
