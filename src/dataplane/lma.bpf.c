/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The local mobility anchor: downlink by flow into the right tunnel, uplink only from where it may come. */
#include "abi/lma.h"

#include "captured.h"
#include "classify.h"
#include "copies.h"
#include "counters.h"
#include "decap.h"
#include "encap.h"
#include "order.h"
#include "parse.h"
#include "quoted.h"
#include "spread.h"
#include "watch.h"

char fm_license[] SEC("license") = "Dual BSD/GPL";

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct fm_lma_config);
} config SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20);
  __type(key, __u32);
  __type(value, struct fm_flow_row);
} flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20);
  __type(key, __u32);
  __type(value, struct fm_session_row);
} sessions SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20);
  __type(key, struct fm_uplink_key);
  __type(value, struct fm_uplink_row);
} uplink SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 16);
  __type(key, struct fm_tunnel_key);
  __type(value, __u32);
} tunnels SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20);
  __type(key, __u32);
  __type(value, struct fm_flow_traffic);
} flow_counters SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20);
  __type(key, __u32);
  __type(value, struct fm_traffic);
} session_counters SEC(".maps");

/* By its flow's link, and by its session's tunnel with this MAG. Upwards several sessions of a node by one
 * MAG are told apart by their flows; what has none measures the path, or is a copy. */
static __noinline int fm_see_marked(__u32 flow, __u32 session, __u32 tunnel, __u64 packets, bool up) {
  fm_see_by(flow, session, packets, up);
  const struct fm_flow_row* binding = up ? bpf_map_lookup_elem(&flows, &flow) : NULL;
  if (!up || (binding && binding->session == session))
    fm_see_by(session | FM_WATCH_SESSION, tunnel, packets, up);
  return 0;
}

static __always_inline void fm_see(__u32 flow, __u32 session, __u32 tunnel, __u64 packets, bool up) {
  const struct fm_watch_marks* marks = fm_marks();
  if (marks && (fm_is_marked(marks, flow) || fm_is_marked(marks, session)))
    fm_see_marked(flow, session, tunnel, packets, up);
}

static __always_inline void fm_count_down(__u32 flow, __u32 session, __u32 tunnel,
                                          const struct fm_counter* weight) {
  struct fm_flow_traffic* of_flow = bpf_map_lookup_elem(&flow_counters, &flow);
  struct fm_traffic* of_session = bpf_map_lookup_elem(&session_counters, &session);
  if (of_flow) fm_add(&of_flow->traffic.down, weight);
  if (of_flow) of_flow->last_down = bpf_ktime_get_coarse_ns();
  if (of_session) fm_add(&of_session->down, weight);
  if (flow) fm_see(flow, session, tunnel, weight->packets, false);
}

/* What answers a measurement of this path is no packet of a flow that moves. */
static __always_inline void fm_count_up(__u32 flow, __u32 session, __u32 tunnel,
                                        const struct fm_counter* weight, bool is_measurement) {
  struct fm_flow_traffic* of_flow = bpf_map_lookup_elem(&flow_counters, &flow);
  struct fm_traffic* of_session = bpf_map_lookup_elem(&session_counters, &session);
  if (of_flow) fm_add(&of_flow->traffic.up, weight);
  if (of_flow) of_flow->last_up = bpf_ktime_get_coarse_ns();
  if (of_session) fm_add(&of_session->up, weight);
  if (!is_measurement) fm_see(flow, session, tunnel, weight->packets, true);
}

static __always_inline bool fm_is_anchor(const struct fm_address_number* address) {
  __u32 row = 0;
  const struct fm_lma_config* ours = bpf_map_lookup_elem(&config, &row);
  return ours && (fm_same_address(&ours->local, address) || fm_same_address(&ours->local_ipv4, address));
}

/* One of our own tunnel packets, on its way out. */
static __always_inline bool fm_is_our_tunnel_packet(const struct fm_packet* packet) {
  return fm_is_tunnel(packet->next_header) && fm_is_anchor(&packet->key.source);
}

/* The session that this packet goes by; of a flow with copies the others get theirs first, if it fits all. */
static __always_inline __u32 fm_session_of(struct __sk_buff* skb, const struct fm_packet* packet,
                                           const struct fm_flow_key* key, __u32 flow,
                                           const struct fm_flow_row* binding, struct fm_copy copy,
                                           __u32* narrowest) {
  __u32 first = 0;
  if (binding->action == FM_ACTION_SHARES) {
    __u32 session = fm_shared_session(key, flow, packet->whole_key);
    return session ? session : binding->session;
  }
  if (binding->action != FM_ACTION_COPIES) return binding->session;
  const struct fm_spread* spread = bpf_map_lookup_elem(&spreads, &flow);
  const struct fm_lma_config* ours = bpf_map_lookup_elem(&config, &first);
  if (!spread) return binding->session;
  *narrowest = spread->mtu;
  bool fits = !spread->mtu || !fm_exceeds(packet, fm_segment_length(skb, packet), spread->mtu);
  if (!copy.number && ours && fits) fm_send_copies(skb, spread, ours->copy_interface, copy.forwarded);
  return spread->sessions[copy.number & (FM_MAX_SPREAD - 1)];
}

/* `flow`: zero where the packet is nobody's traffic. */
static __always_inline int fm_send_by(struct __sk_buff* skb, struct fm_packet* packet, __u32 flow,
                                      __u32 session, struct fm_copy copy, __u32 narrowest) {
  const struct fm_session_row* row = bpf_map_lookup_elem(&sessions, &session);
  if (!row) return fm_drop(skb, FM_DROP_NO_SESSION);
  __u32 first = 0;
  const struct fm_lma_config* ours = bpf_map_lookup_elem(&config, &first);
  struct fm_tunnel tunnel = {.local = row->lma,
                             .remote = row->mag,
                             .mtu = row->mtu,
                             .shim = row->shim,
                             .forwarded = copy.forwarded,
                             .silent = copy.number != 0};
  if (ours) tunnel.ipv6_router = ours->local;
  if (narrowest && narrowest < tunnel.mtu) tunnel.mtu = narrowest;
  struct fm_counter weight = fm_weight(skb, packet);
  int verdict = fm_send_through_tunnel(skb, packet, &tunnel);
  if (tunnel.entered) {
    struct fm_address_number mag = fm_number(&tunnel.remote);
    fm_count_down(copy.number ? 0 : flow, session, fm_path_number(mag.high, mag.low), &weight);
  }
  return verdict;
}

/* One that has ended carries nothing, whatever the order. */
static __always_inline __u32 fm_old_session_alive(__u32 flow, __u32 otherwise) {
  __u32 session = fm_old_session(flow);
  return bpf_map_lookup_elem(&sessions, &session) ? session : otherwise;
}

static __always_inline void fm_capture_down(struct __sk_buff* skb, const struct fm_packet* packet,
                                            const struct fm_node_row* node, __u32 flow, __u32 session) {
  if (node->uses & FM_NODE_IS_CAPTURED)
    fm_capture(skb, fm_place(packet), FM_HALVES(node->node, flow), FM_HALVES(FM_CAPTURED_DOWN, session));
}

static __always_inline int fm_forward_flow(struct __sk_buff* skb, struct fm_packet* packet,
                                           const struct fm_flow_key* key, __u32 flow, struct fm_copy copy,
                                           const struct fm_node_row* node) {
  const struct fm_flow_row* binding = bpf_map_lookup_elem(&flows, &flow);
  if (!binding) return fm_drop(skb, FM_DROP_NO_FLOW);
  if (binding->action == FM_ACTION_DROP) return fm_drop(skb, FM_DROP_POLICY);
  __u32 narrowest = 0;
  __u32 session = fm_session_of(skb, packet, key, flow, binding, copy, &narrowest);
  if (binding->action == FM_ACTION_ORDERED && packet->whole_key) {
    struct fm_held held = {.kind = copy.forwarded ? FM_HELD_FORWARDED : FM_HELD_LOCAL};
    int turned = fm_in_order(key, flow, packet->length, &held);
    if (turned == FM_BY_OLD) session = fm_old_session_alive(flow, session);
    if (turned == FM_WAIT) {
      fm_capture_down(skb, packet, node, flow, session);
      return fm_hold(skb, flow, &held);
    }
  }
  fm_capture_down(skb, packet, node, flow, session);
  return fm_send_by(skb, packet, flow, session, copy, narrowest);
}

/* What is not for a mobile node, and what only the stack can answer, goes on to the stack. */
static __always_inline int fm_downlink(struct __sk_buff* skb, struct fm_copy copy) {
  struct fm_packet packet = {};
  bool ipv4 = skb->protocol == bpf_htons(ETH_P_IP);
  if (fm_parse_start_apart(skb, ETH_HLEN, ipv4, &packet) != FM_PARSED) return FM_PASS;
  if (fm_is_our_tunnel_packet(&packet)) return FM_PASS; /* asked first: on their way out most are */
  const struct fm_node_row* node = bpf_map_lookup_elem(&nodes, &packet.key.destination.high);
  if (!node || fm_is_link_local(&packet.key.source)) return FM_PASS;
  if (!packet.ipv4 && fm_is_ipv4_key(packet.key.destination.high)) return FM_PASS;
  if (fm_has_no_sender(&packet)) return fm_drop(skb, FM_DROP_MALFORMED);
  if (copy.forwarded && packet.hop_limit <= 1) return FM_PASS;
  fm_parse_rest(skb, &packet);
  struct fm_flow_key *key = &packet.key, *quoted = fm_quoted_key(skb, &packet);
  if (quoted) {
    key = quoted;
    packet.whole_key = false; /* it is remembered nowhere, and keeps no order */
  }
  __u32 flow = fm_classify(node, key, packet.whole_key);
  if (!flow) return fm_drop(skb, FM_DROP_NO_FLOW);
  return fm_forward_flow(skb, &packet, key, flow, copy, node);
}

/* Ingress of interfaces towards correspondents. */
SEC("tc") int lma_downlink(struct __sk_buff* skb) {
  if (!fm_take_off_priority_tag(skb)) return fm_drop(skb, FM_DROP_NESTED_TAGS);
  struct fm_copy original = {.forwarded = true};
  return fm_is_ip_for_us(skb) ? fm_downlink(skb, original) : FM_PASS;
}

/* Egress of interfaces towards MAGs: what this host itself says to a mobile node, what one mobile node says
 * to the other, and copies. */
SEC("tc") int lma_local(struct __sk_buff* skb) {
  bool is_ip = skb->protocol == bpf_htons(ETH_P_IPV6) || skb->protocol == bpf_htons(ETH_P_IP);
  return is_ip && !skb->vlan_present ? fm_downlink(skb, fm_take_copy_mark(skb)) : FM_PASS;
}

/* In skb->tc_index: came out of its tunnel before it waited, and goes on from where it was. In skb->mark,
 * too, which no packet keeps on its way from another namespace. */
#define FM_RELEASED_MARK 0x4d50

static __always_inline int fm_release_uplink(struct __sk_buff* skb) {
  __u32 first = 0;
  const struct fm_lma_config* ours = bpf_map_lookup_elem(&config, &first);
  if (!ours || !ours->copy_interface) return fm_drop(skb, FM_DROP_NO_ROUTE);
  skb->tc_index = FM_RELEASED_MARK;
  skb->mark = FM_RELEASED_MARK;
  return (int)bpf_redirect(ours->copy_interface, BPF_F_INGRESS);
}

/* Ingress of the interface where packets wait: their time has come, and they go where their flow goes now. */
SEC("tc") int lma_released(struct __sk_buff* skb) {
  struct fm_packet packet = {};
  struct fm_held held;
  if (bpf_skb_load_bytes(skb, 0, &held, sizeof(held)) || held.mark != FM_HELD_MARK || !held.kind ||
      held.kind > FM_HELD_BY_SESSION)
    return fm_drop(skb, FM_DROP_MALFORMED);
  bool ipv4 = skb->protocol == bpf_htons(ETH_P_IP);
  if (fm_parse_ip(skb, ETH_HLEN, ipv4, &packet) != FM_PARSED) return fm_drop(skb, FM_DROP_MALFORMED);
  fm_parse_upper(skb, &packet);
  bpf_skb_change_type(skb, PACKET_HOST);  // the stack answers what is too big
  struct fm_copy copy = {.forwarded = held.kind == FM_HELD_FORWARDED};
  __u32 flow = held.flow;
  if (held.kind == FM_HELD_UPLINK) {
    fm_note_released(&held, packet.length);
    return fm_release_uplink(skb);
  }
  if (held.kind == FM_HELD_BY_SESSION && !bpf_map_lookup_elem(&sessions, &flow))
    return fm_drop(skb, FM_DROP_NO_SESSION);
  if (held.kind == FM_HELD_BY_SESSION) return fm_send_by(skb, &packet, 0, flow, copy, 0);
  const struct fm_flow_row* binding = bpf_map_lookup_elem(&flows, &flow);
  fm_note_released(&held, packet.length);
  if (!binding) {  // it was announced, and is not any more
    const struct fm_node_row* node = bpf_map_lookup_elem(&nodes, &packet.key.destination.high);
    flow = node ? fm_classify(node, &packet.key, packet.whole_key) : 0;
    binding = bpf_map_lookup_elem(&flows, &flow);
  }
  if (!binding) return fm_drop(skb, FM_DROP_NO_FLOW);
  return fm_send_by(skb, &packet, flow, binding->session, copy, 0);
}

/* The node's, by this MAG, but in no way that was agreed. */
static __always_inline bool fm_is_carried_otherwise(struct fm_uplink_key* key) {
  const __u32 ways[] = {0, FM_SHIM_GRE, FM_SHIM_GRE | FM_SHIM_KEYS, FM_SHIM_UDP};
  for (int i = 0; i < 4; ++i) {
    key->shim = ways[i];
    if (bpf_map_lookup_elem(&uplink, key)) return true;
  }
  return false;
}

/* The inner source must be of a node with a session through this MAG (RFC 5213 section 5.6.2) that is carried
 * as this packet is. */
static __always_inline int fm_check_uplink(const struct fm_packet* outer, const struct fm_packet* inner,
                                           __u32 shim, const struct fm_uplink_row** row) {
  struct fm_uplink_key key = {fm_octets(&outer->key.source), inner->key.source.high, shim, 0};
  struct fm_tunnel_key tunnel = {fm_octets(&outer->key.destination), key.mag};
  *row = bpf_map_lookup_elem(&uplink, &key);
  if (*row) return -1;
  if (!bpf_map_lookup_elem(&tunnels, &tunnel) || fm_is_carried_otherwise(&key)) return FM_DROP_UNKNOWN_TUNNEL;
  return FM_DROP_SPOOFED_SOURCE;
}

/* The packet's key is that of a session of this node through this MAG (RFC 5845 section 5.2), or of the one
 * for which the row stands: it may have gone on to another MAG just now. */
static __always_inline bool fm_has_its_key(const struct fm_uplink_row* row, const struct fm_packet* outer,
                                           const struct fm_shim* shim, __u32* session) {
  *session = row->session;
  if (!(shim->flags & FM_SHIM_KEYS)) return true;
  const struct fm_session_row* named = bpf_map_lookup_elem(&sessions, &shim->key);
  *session = shim->key;
  if (!named || named->node != row->node) return false;
  return row->session == shim->key || fm_same_address(&named->mag, &outer->key.source);
}

/* The flow is the one that the packet's answer would belong to. Leaves the packet's key turned around. */
static __always_inline __u32 fm_uplink_flow_of(struct __sk_buff* skb, struct fm_packet* inner,
                                               const struct fm_node_row* node) {
  __u32 label = inner->key.flow_label;
  struct fm_flow_key* quoted = fm_quoted_key(skb, inner);
  fm_reverse(&inner->key);
  if (quoted) {
    inner->whole_key = false; /* likewise */
    fm_reverse(quoted);
    return fm_classify(node, quoted, false);
  }
  __u32 flow = fm_classify(node, &inner->key, inner->whole_key);
  inner->key.flow_label = label;  // of the packet, which goes on
  return flow;
}

static __always_inline __u32 fm_uplink_flow(struct __sk_buff* skb, struct fm_packet* inner, __u32 session) {
  const struct fm_node_row* node = bpf_map_lookup_elem(&nodes, &inner->key.source.high);
  if (!node) return 0;
  __u32 flow = fm_uplink_flow_of(skb, inner, node);
  if (node->uses & FM_NODE_IS_CAPTURED)
    fm_capture(skb, fm_place(inner), FM_HALVES(node->node, flow), FM_HALVES(FM_CAPTURED_UP, session));
  return flow;
}

static __always_inline bool fm_came_before(struct __sk_buff* skb, const struct fm_packet* inner, __u32 flow,
                                           __u32 session) {
  const struct fm_flow_row* binding = bpf_map_lookup_elem(&flows, &flow);
  return binding && binding->action == FM_ACTION_COPIES && fm_is_copy(skb, inner, session);
}

static __always_inline int fm_pass_in_order(struct __sk_buff* skb, const struct fm_packet* inner, __u32 flow,
                                            __u32 session) {
  struct fm_held held = {};
  const struct fm_flow_row* binding = bpf_map_lookup_elem(&flows, &flow);
  if (!binding || binding->action != FM_ACTION_ORDERED || !inner->whole_key) return FM_PASS;
  if (binding->session != session) fm_note_late_uplink(&inner->key, flow);
  if (binding->session != session) return FM_PASS;
  if (fm_in_order_uplink(&inner->key, flow, &held) != FM_WAIT) return FM_PASS;
  return fm_hold(skb, flow, &held);
}

static __always_inline int fm_uplink(struct __sk_buff* skb, struct fm_packet* outer, __u32 outer_length,
                                     const struct fm_shim* shim) {
  struct fm_packet inner = {};
  const struct fm_uplink_row* row;
  __u32 session;
  enum fm_parsed parsed = fm_parse_inner(skb, outer, outer_length, &inner);
  if (parsed == FM_PARSE_NOT_IPV6 || parsed == FM_PARSE_NOT_IPV4) return fm_drop(skb, FM_DROP_INNER_NOT_IPV6);
  if (parsed != FM_PARSED) return fm_drop(skb, FM_DROP_MALFORMED);
  int reason = fm_check_uplink(outer, &inner, shim->flags, &row);
  if (reason >= 0 || !row) return fm_drop(skb, reason);
  if (!fm_has_its_key(row, outer, shim, &session)) return fm_drop(skb, FM_DROP_UNKNOWN_TUNNEL);
  if (fm_wants_ecn_drop(&inner, outer)) return fm_drop(skb, FM_DROP_ECN);
  fm_parse_rest(skb, &inner);
  __u32 flow = fm_uplink_flow(skb, &inner, session);
  if (fm_came_before(skb, &inner, flow, session)) return fm_drop(skb, FM_DROP_COPY);
  struct fm_counter weight = fm_weight(skb, &inner);
  if (fm_take_off_outer(skb, outer, &inner)) return fm_drop(skb, FM_DROP_DECAPSULATION);
  bool is_measurement = inner.key.protocol == FM_PROTOCOL_ICMPV6 && fm_is_anchor(&inner.key.source);
  fm_count_up(flow, session, fm_path_number(outer->key.source.high, outer->key.source.low), &weight,
              is_measurement);
  return is_measurement ? FM_PASS : fm_pass_in_order(skb, &inner, flow, session);
}

/* From where the MAGs are, a node's packets come in their tunnels and no other way. */
static __always_inline int fm_outside_tunnels(struct __sk_buff* skb, const struct fm_packet* packet) {
  return bpf_map_lookup_elem(&nodes, &packet->key.source.high) ? fm_drop(skb, FM_DROP_SPOOFED_SOURCE)
                                                               : FM_PASS;
}

/* Ingress of interfaces towards MAGs. The stack routes what comes out of the tunnel. */
SEC("tc") int lma_uplink(struct __sk_buff* skb) {
  struct fm_packet outer = {};
  if (skb->tc_index == FM_RELEASED_MARK && skb->mark == FM_RELEASED_MARK) {
    skb->tc_index = 0;
    skb->mark = 0;
    bpf_skb_change_type(skb, PACKET_HOST);  // it has no Ethernet addresses any more
    return FM_PASS;
  }
  if (!fm_take_off_priority_tag(skb)) return fm_drop(skb, FM_DROP_NESTED_TAGS);
  bool ipv4 = fm_is_ipv4_for_stack(skb);
  if (!ipv4 && !fm_is_ipv6_for_stack(skb)) return FM_PASS;
  if (fm_parse_ip(skb, ETH_HLEN, ipv4, &outer) != FM_PARSED || fm_is_of_nobody(&outer))
    return fm_drop(skb, FM_DROP_MALFORMED);
  if (skb->pkt_type != PACKET_HOST || !fm_is_anchor(&outer.key.destination))
    return fm_outside_tunnels(skb, &outer);
  struct fm_shim shim = {};
  int length = fm_outer_length(skb, &outer, &shim);
  if (length == FM_TUNNEL_FRAGMENT) return fm_drop(skb, FM_DROP_OUTER_FRAGMENT);
  if (length == FM_TUNNEL_MALFORMED) return fm_drop(skb, FM_DROP_MALFORMED);
  return length == FM_NOT_A_TUNNEL ? fm_outside_tunnels(skb, &outer) : fm_uplink(skb, &outer, length, &shim);
}

#include "lma_xdp.h"
