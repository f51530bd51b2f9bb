/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* Every reason to drop a packet, once: number, name in statistics, explanation. The order is the index of the
 * counters, which outlive programs: add at the end. */
#define FM_DROP_REASONS(X)                                                                                   \
  X(MALFORMED, "malformed", "an IP header or length that cannot be")                                         \
  X(NO_FLOW, "no-flow", "the node has no flow binding that matches")                                         \
  X(NO_SESSION, "no-session", "the flow's session is gone")                                                  \
  X(POLICY, "policy", "the flow binding says drop")                                                          \
  X(NO_ROUTE, "no-route", "no route to the tunnel's other end")                                              \
  X(TOO_BIG, "too-big", "longer than the tunnel carries; answered by Packet Too Big")                        \
  X(TOO_BIG_SILENT, "too-big-silent", "longer than the tunnel carries, and an answer is not permitted")      \
  X(TUNNEL_TOO_SMALL, "tunnel-too-small", "the link to the tunnel's other end carries less than IPv6 needs") \
  X(ENCAPSULATION, "encapsulation", "the kernel refused to add a header")                                    \
  X(DECAPSULATION, "decapsulation", "the kernel refused to take a header off")                               \
  X(UNKNOWN_TUNNEL, "unknown-tunnel", "a tunnel packet from nobody we know")                                 \
  X(OUTER_FRAGMENT, "outer-fragment", "a fragment of a tunnel packet")                                       \
  X(INNER_NOT_IPV6, "inner-not-ipv6", "a tunnel packet that carries not what its header says")               \
  X(ECN, "ecn", "congestion experienced, and the inner packet cannot say so (RFC 6040)")                     \
  X(SPOOFED_SOURCE, "spoofed-source", "a source address that is not the node's on this path")                \
  X(SPOOFED_MAC, "spoofed-mac", "the node's address, somebody else's link-layer address")                    \
  X(NO_BINDING, "no-binding", "from an attached link, but from no attached node")                            \
  X(NOT_HOSTED, "not-hosted", "a tunnel packet for a node that is not here")                                 \
  X(NO_MEMBER, "no-member", "no member link is up")                                                          \
  X(NOT_IPV6, "not-ipv6", "the virtual interface carries IP and ARP only")                                   \
  X(NESTED_TAGS, "nested-tags", "a priority tag inside a priority tag")                                      \
  X(MULTICAST_FRAME, "multicast-frame", "a packet for one host in a frame for many")                         \
  X(MOBILITY_HEADER, "mobility-header",                                                                      \
    "a Mobility Header from an access link, where nobody has one to send, or a packet that may hide one")    \
  X(CUT, "cut", "longer than the tunnel carries; the daemon cuts it and sends the pieces")                   \
  X(COPY, "copy", "the packet came by another link before; nothing is lost")                                 \
  X(OWN_FRAME, "own-frame", "what left by a member came back by one")

enum fm_drop_reason {
#define FM_DROP_ENUMERATOR(id, name, text) FM_DROP_##id,
  FM_DROP_REASONS(FM_DROP_ENUMERATOR)
#undef FM_DROP_ENUMERATOR
      FM_DROP_REASON_COUNT
};

/* The size of the counters' array: room for reasons to come. */
#define FM_DROP_ROWS 64
