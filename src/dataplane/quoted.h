/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMP errors go where the packets go whose senders they answer: an error belongs to the flow that it quotes.
 */
#pragma once

#include "parse.h"

#define FM_ICMP_UNREACHABLE 3
#define FM_ICMP_QUENCH 4
#define FM_ICMP_TIME_EXCEEDED 11
#define FM_ICMP_PARAMETER_PROBLEM 12
#define FM_ICMPV6_LAST_ERROR 4
#define FM_LONGEST_ERROR 1280 /* RFC 4443 section 2.4 (c) */

/* What would not find room on the stack. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct fm_packet);
} quotes SEC(".maps");

static __always_inline bool fm_is_icmp_error(struct __sk_buff* skb, const struct fm_packet* packet) {
  __u8 type = 0;
  __u8 protocol = packet->ipv4 ? FM_PROTOCOL_ICMP : FM_PROTOCOL_ICMPV6;
  if (packet->key.protocol != protocol || !packet->upper) return false;
  if (fm_load(skb, packet, packet->upper, &type, 1)) return false;
  /* The fragments behind one cannot be told to be of an error. */
  if (packet->length > FM_LONGEST_ERROR || (packet->fragment & FM_IPV4_MORE_FRAGMENTS)) return false;
  if (!packet->ipv4) return type && type <= FM_ICMPV6_LAST_ERROR;
  return type == FM_ICMP_UNREACHABLE || type == FM_ICMP_QUENCH || type == FM_ICMP_TIME_EXCEEDED ||
         type == FM_ICMP_PARAMETER_PROBLEM;
}

static __always_inline bool fm_load_quoted_ipv6(struct __sk_buff* skb, struct fm_packet* quote) {
  struct fm_ipv6_header header;
  if (fm_load(skb, quote, quote->offset, &header, sizeof(header))) return false;
  __u32 word = bpf_ntohl(header.word);
  quote->next_header = header.next_header;
  quote->key.source = fm_number(&header.source);
  quote->key.destination = fm_number(&header.destination);
  quote->key.flow_label = word & 0xfffff;
  quote->key.ds = (__u8)(word >> 22 & 0x3f);
  return word >> 28 == 6;
}

static __always_inline bool fm_load_quoted_ipv4(struct __sk_buff* skb, struct fm_packet* quote) {
  struct fm_ipv4_header header;
  if (fm_load(skb, quote, quote->offset, &header, sizeof(header))) return false;
  quote->header = (__u8)((header.version & 0xf) * 4);
  quote->next_header = header.protocol;
  quote->key.source = fm_ipv4_number(header.source);
  quote->key.destination = fm_ipv4_number(header.destination);
  quote->key.flow_label = FM_NO_FLOW_LABEL;
  quote->key.ds = header.tos >> 2;
  quote->fragment = bpf_ntohs(header.fragment) & FM_IPV4_FRAGMENT_OFFSET;
  return header.version >> 4 == 4 && quote->header >= FM_IPV4_HEADER && !quote->fragment;
}

/* Whether there is a quote that says enough. */
static __noinline int fm_read_quote(struct __sk_buff* skb, const struct fm_packet* packet) {
  __u32 first = 0;
  if (!packet) return 0;
  struct fm_packet* quote = bpf_map_lookup_elem(&quotes, &first);
  if (!quote) return 0;
  __builtin_memset(quote, 0, sizeof(*quote));
  quote->offset = packet->upper + 8;
  if (quote->offset > packet->offset + packet->length) return 0;
  quote->length =
      packet->offset + packet->length - quote->offset; /* what its header says is changed on the way */
  quote->ipv4 = packet->ipv4; /* whole_key stays false: of a fragment nothing is to be remembered */
  bool is_read = packet->ipv4 ? fm_load_quoted_ipv4(skb, quote) : fm_load_quoted_ipv6(skb, quote);
  if (!is_read || quote->key.source.high != packet->key.destination.high ||
      quote->key.source.low != packet->key.destination.low)
    return 0;
  fm_parse_upper(skb, quote);
  if (!quote->upper || (quote->key.has & FM_FLOW_HAS_SPI)) return 0;
  if (fm_has_ports(quote->key.protocol) && !(quote->key.has & FM_FLOW_HAS_PORTS)) return 0;
  fm_reverse(&quote->key);
  return 1;
}

/* Of an error that quotes a packet of whom it goes to: the key of a packet of that flow which goes the
 * error's way, until the next is asked for. NULL: what the quote does not show, an SPI of the other direction
 * or the ports of a fragment behind the first, leaves the error a packet of its own. */
static __always_inline struct fm_flow_key* fm_quoted_key(struct __sk_buff* skb,
                                                         const struct fm_packet* packet) {
  __u32 first = 0;
  if (!fm_is_icmp_error(skb, packet) || !fm_read_quote(skb, packet)) return NULL;
  struct fm_packet* quote = bpf_map_lookup_elem(&quotes, &first);
  return quote ? &quote->key : NULL;
}
