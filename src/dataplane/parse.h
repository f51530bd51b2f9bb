/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "fragments.h"
#include "packet.h"

#define FM_MAX_EXTENSION_HEADERS 8

enum fm_parsed { FM_PARSED, FM_PARSE_NOT_IPV6, FM_PARSE_NOT_IPV4, FM_PARSE_MALFORMED };

/* `header` is the packet's at `offset`, of which the buffer has `available` octets. A GSO packet longer than
 * 64 KiB says 0 (jumbo); its buffer knows better. */
static __always_inline enum fm_parsed fm_read_ipv6(const struct fm_ipv6_header* header, __u32 offset,
                                                   __u32 available, bool is_gso, struct fm_packet* packet) {
  __u32 word = bpf_ntohl(header->word);
  if (word >> 28 != 6) return FM_PARSE_NOT_IPV6;
  packet->offset = offset;
  packet->length = FM_IPV6_HEADER + bpf_ntohs(header->payload_length);
  if (is_gso && !header->payload_length) packet->length = available;
  if (packet->length > available) return FM_PARSE_MALFORMED;
  packet->traffic_class = (__u8)(word >> 20);
  packet->next_header = header->next_header;
  packet->hop_limit = header->hop_limit;
  packet->key.source = fm_number(&header->source);
  packet->key.destination = fm_number(&header->destination);
  packet->key.flow_label = word & 0xfffff;
  packet->key.ds = packet->traffic_class >> 2;
  packet->whole_key = true;
  return FM_PARSED;
}

static __always_inline enum fm_parsed fm_take_ipv6(const struct __sk_buff* skb, __u32 offset,
                                                   const struct fm_ipv6_header* header,
                                                   struct fm_packet* packet) {
  return fm_read_ipv6(header, offset, skb->len - offset, skb->gso_size, packet);
}

static __always_inline enum fm_parsed fm_parse_ipv6(struct __sk_buff* skb, __u32 offset,
                                                    struct fm_packet* packet) {
  struct fm_ipv6_header header;
  if (bpf_skb_load_bytes(skb, offset, &header, sizeof(header))) return FM_PARSE_MALFORMED;
  return fm_take_ipv6(skb, offset, &header, packet);
}

/* IPv4 has no flow label: one that no rule's 20 bits can be. */
#define FM_NO_FLOW_LABEL 0xffffffff

static __always_inline enum fm_parsed fm_read_ipv4(const struct fm_ipv4_header* header, __u32 offset,
                                                   __u32 available, bool is_gso, struct fm_packet* packet) {
  if (header->version >> 4 != 4) return FM_PARSE_NOT_IPV4;
  packet->ipv4 = true;
  packet->offset = offset;
  packet->header = (__u8)((header->version & 0xf) * 4);
  packet->length = bpf_ntohs(header->length);
  if (is_gso && !header->length) packet->length = available;
  if (packet->header < FM_IPV4_HEADER || packet->length < packet->header || packet->length > available)
    return FM_PARSE_MALFORMED;
  packet->traffic_class = header->tos;
  packet->next_header = header->protocol;
  packet->hop_limit = header->ttl;
  packet->fragment = bpf_ntohs(header->fragment);
  packet->identification = bpf_ntohs(header->identification);
  packet->key.source = fm_ipv4_number(header->source);
  packet->key.destination = fm_ipv4_number(header->destination);
  packet->key.flow_label = FM_NO_FLOW_LABEL;
  packet->key.ds = header->tos >> 2;
  packet->whole_key = true;
  return FM_PARSED;
}

static __always_inline enum fm_parsed fm_parse_ipv4(struct __sk_buff* skb, __u32 offset,
                                                    struct fm_packet* packet) {
  struct fm_ipv4_header header;
  if (bpf_skb_load_bytes(skb, offset, &header, sizeof(header))) return FM_PARSE_MALFORMED;
  return fm_read_ipv4(&header, offset, skb->len - offset, skb->gso_size, packet);
}

static __always_inline enum fm_parsed fm_parse_ip(struct __sk_buff* skb, __u32 offset, bool ipv4,
                                                  struct fm_packet* packet) {
  return ipv4 ? fm_parse_ipv4(skb, offset, packet) : fm_parse_ipv6(skb, offset, packet);
}

static __always_inline bool fm_has_ports(__u8 protocol) {
  return protocol == FM_PROTOCOL_TCP || protocol == FM_PROTOCOL_UDP || protocol == FM_PROTOCOL_SCTP ||
         protocol == FM_PROTOCOL_DCCP || protocol == FM_PROTOCOL_UDP_LITE;
}

static __always_inline void fm_parse_ports(struct __sk_buff* skb, struct fm_packet* packet) {
  __be16 ports[2];
  if (fm_load(skb, packet, packet->upper, ports, sizeof(ports))) return;
  packet->key.source_port = bpf_ntohs(ports[0]);
  packet->key.destination_port = bpf_ntohs(ports[1]);
  packet->key.has |= FM_FLOW_HAS_PORTS;
}

/* Length of the headers up to the payload, which each segment of a GSO packet repeats. */
static __always_inline void fm_parse_segment_headers(struct __sk_buff* skb, struct fm_packet* packet) {
  __u8 data_offset = 0;
  packet->headers = packet->upper - packet->offset + 8;
  if (packet->key.protocol != FM_PROTOCOL_TCP) return;
  if (bpf_skb_load_bytes(skb, packet->upper + 12, &data_offset, 1)) return;
  packet->headers += (data_offset >> 4) * 4 - 8;
}

/* ESP's SPI counts for selectors; an echo's identifier only tells one ping from the other, where no AH's SPI
 * does. */
static __always_inline void fm_parse_upper_header(struct __sk_buff* skb, struct fm_packet* packet) {
  __u8 head[8];
  if (fm_has_ports(packet->key.protocol)) {
    fm_parse_ports(skb, packet);
  } else if (packet->key.protocol == FM_PROTOCOL_ESP) {
    if (fm_load(skb, packet, packet->upper, head, 4)) return;
    __builtin_memcpy(&packet->key.spi, head, 4);
    packet->key.spi = bpf_ntohl(packet->key.spi);
    packet->key.has |= FM_FLOW_HAS_SPI;
  } else if (packet->key.protocol == (packet->ipv4 ? FM_PROTOCOL_ICMP : FM_PROTOCOL_ICMPV6)) {
    if (fm_load(skb, packet, packet->upper, head, 8)) return;
    bool is_echo = packet->ipv4 ? head[0] == 8 || head[0] == 0 : head[0] == 128 || head[0] == 129;
    if (is_echo && !(packet->key.has & FM_FLOW_HAS_SPI)) packet->key.spi = (__u32)head[4] << 8 | head[5];
  }
  if (skb->gso_size) fm_parse_segment_headers(skb, packet);
}

static __always_inline bool fm_is_extension_header(__u8 protocol) {
  return protocol == FM_PROTOCOL_HOP_BY_HOP || protocol == FM_PROTOCOL_ROUTING ||
         protocol == FM_PROTOCOL_FRAGMENT || protocol == FM_PROTOCOL_DESTINATION_OPTIONS ||
         protocol == FM_PROTOCOL_AH;
}

/* Of IPv4 the protocol is the header's (RFC 6088 section 3.1), whatever is behind it. */
static __always_inline void fm_parse_ah_of_ipv4(struct __sk_buff* skb, struct fm_packet* packet) {
  __be32 spi;
  if (fm_load(skb, packet, packet->upper + 4, &spi, sizeof(spi))) return;
  packet->key.spi = bpf_ntohl(spi);
  packet->key.has |= FM_FLOW_HAS_SPI;
}

static __always_inline void fm_parse_upper_ipv4(struct __sk_buff* skb, struct fm_packet* packet) {
  packet->key.protocol = packet->next_header;
  if (packet->fragment & FM_IPV4_FRAGMENT_OFFSET) {
    fm_follow_first_fragment(packet, packet->identification);
    return;
  }
  packet->upper = packet->offset + packet->header;
  if (packet->key.protocol == FM_PROTOCOL_AH) fm_parse_ah_of_ipv4(skb, packet);
  fm_parse_upper_header(skb, packet);
  if (packet->fragment & FM_IPV4_MORE_FRAGMENTS) fm_remember_first_fragment(packet, packet->identification);
}

/* Walks the extension headers, each at least 8 octets, to the upper layer and completes the key. What cannot
 * be read is left out of the key: to judge it is the destination's business. Of fragments in a fragment the
 * outer one says which datagram it is of. Not static: see fm_number_of_member(). */
__noinline int fm_parse_upper(struct __sk_buff* skb, struct fm_packet* packet) {
  if (!packet) return 0;
  __u8 protocol = packet->next_header;
  __u32 offset = packet->offset + FM_IPV6_HEADER;
  __u32 identification = 0;

  if (packet->ipv4) {
    fm_parse_upper_ipv4(skb, packet);
    return 0;
  }
  for (int i = 0; i < FM_MAX_EXTENSION_HEADERS && fm_is_extension_header(protocol); ++i) {
    __u8 header[8];
    __u32 word;
    if (fm_load(skb, packet, offset, header, sizeof(header))) break;
    __builtin_memcpy(&word, header + 4, sizeof(word));
    if (protocol == FM_PROTOCOL_FRAGMENT) {
      __u16 position = (__u16)(header[2] << 8 | header[3]);
      if (position & 0xfff8) {
        packet->key.protocol = header[0];
        fm_follow_first_fragment(packet, word);
        return 0;
      }
      if (!packet->fragment && (position & 1)) {
        packet->fragment = FM_IPV4_MORE_FRAGMENTS;
        identification = word;
      }
      offset += 8;
    } else if (protocol == FM_PROTOCOL_AH) {
      packet->key.spi = bpf_ntohl(word);
      packet->key.has |= FM_FLOW_HAS_SPI;
      offset += (header[1] + 2) * 4;
    } else {
      offset += (header[1] + 1) * 8;
    }
    protocol = header[0];
  }
  packet->key.protocol = protocol;
  if (!fm_is_extension_header(protocol)) {
    packet->upper = offset;
    fm_parse_upper_header(skb, packet);
  }
  if (packet->fragment && packet->whole_key) fm_remember_first_fragment(packet, identification);
  return 0;
}

/* What most packets are: TCP or UDP right behind an IPv6 header. Where all of that is in the linear part of
 * the buffer it is read in place: no helper is called for it. */
struct fm_plain_packet {
  struct fm_ipv6_header ip;
  __be16 source_port, destination_port;
  __u8 udp_or_tcp[8];
  __u8 data_offset; /* of TCP */
};

static __always_inline bool fm_parse_plain(struct __sk_buff* skb, __u32 offset, struct fm_packet* packet) {
  const __u8* data = (const __u8*)(long)skb->data;
  const struct fm_plain_packet* plain = (const void*)(data + offset);
  if (data + offset + sizeof(*plain) > (const __u8*)(long)skb->data_end) return false;
  __u8 protocol = plain->ip.next_header;
  if (protocol != FM_PROTOCOL_TCP && protocol != FM_PROTOCOL_UDP) return false;
  if (fm_take_ipv6(skb, offset, &plain->ip, packet) != FM_PARSED) return false;
  if (packet->length < FM_IPV6_HEADER + sizeof(__be16[2])) return false;
  packet->key.protocol = protocol;
  packet->upper = offset + FM_IPV6_HEADER;
  packet->key.source_port = bpf_ntohs(plain->source_port);
  packet->key.destination_port = bpf_ntohs(plain->destination_port);
  packet->key.has = FM_FLOW_HAS_PORTS;
  if (skb->gso_size)
    packet->headers = FM_IPV6_HEADER + (protocol == FM_PROTOCOL_TCP ? (plain->data_offset >> 4) * 4 : 8);
  return true;
}

/* The IP header, and of what most packets are what fm_parse_rest() would find as well. */
static __always_inline enum fm_parsed fm_parse_start(struct __sk_buff* skb, __u32 offset, bool ipv4,
                                                     struct fm_packet* packet) {
  if (!ipv4 && fm_parse_plain(skb, offset, packet)) return FM_PARSED;
  return fm_parse_ip(skb, offset, ipv4, packet);
}

/* fm_parse_upper(), unless that is known. */
static __always_inline void fm_parse_rest(struct __sk_buff* skb, struct fm_packet* packet) {
  if (!packet->upper) fm_parse_upper(skb, packet);
}

/* Both. */
static __always_inline enum fm_parsed fm_parse(struct __sk_buff* skb, __u32 offset, bool ipv4,
                                               struct fm_packet* packet) {
  enum fm_parsed parsed = fm_parse_start(skb, offset, ipv4, packet);
  if (parsed == FM_PARSED) fm_parse_rest(skb, packet);
  return parsed;
}
