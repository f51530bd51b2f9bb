// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/dhcp/frame.h"
#include "core/mag/dhcp_relay.h"

namespace flowmob::core {

/// What a node's IPv4 needs on its link (RFC 5844 sections 3.2.4 and 3.4): DHCP answered from the binding, or
/// relayed if the LMA wants that,
/// and ARP answered for the default router and all else on the home subnet. To whom no binding gives IPv4,
/// nothing is said but that a lease it claims is none.
class Ipv4Access {
 public:
  Ipv4Access(MagContext& context, Registrar& registrar)
      : context_(context), registrar_(registrar), relay_(context, registrar) {}

  /// A whole Ethernet frame from an access link.
  void handle_frame(Now now, InterfaceIndex interface, ByteView frame);
  /// A UDP payload from port 67 of `server` to the relay's address.
  void handle_server(const Ipv4Address& server, ByteView payload) { relay_.handle_answer(server, payload); }

 private:
  void handle_arp(const AccessConfig& access, const dhcp::ArpPacket& arp);
  void handle_dhcp(Now now, const AccessConfig& access, const dhcp::UdpPacket& udp);
  void serve(Now now, const AccessConfig& access, Attachment& attachment, const dhcp::UdpPacket& udp,
             const dhcp::Message& request);
  void serve_nothing(Now now, const AccessConfig& access, Attachment& attachment, const dhcp::UdpPacket& udp,
                     const dhcp::Message& request);
  void send(const AccessConfig& access, const dhcp::UdpPacket& request, const Ipv4Address& server,
            const dhcp::Message& reply);
  Attachment* served(const AccessConfig& access, const MacAddress& node);

  MagContext& context_;
  Registrar& registrar_;
  DhcpRelay relay_;
};

}  // namespace flowmob::core
