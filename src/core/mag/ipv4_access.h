// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/dhcp/frame.h"
#include "core/dhcp/server.h"
#include "core/mag/registrar.h"

namespace flowmob::core {

/// What a node's IPv4 needs on its link (RFC 5844 sections 3.2.4 and 3.4): DHCP answered from the binding,
/// and ARP answered for the default router and all else on the home subnet. To whom no binding gives IPv4,
/// nothing is said but that a lease it claims is none.
class Ipv4Access {
 public:
  Ipv4Access(MagContext& context, Registrar& registrar) : context_(context), registrar_(registrar) {}

  /// A whole Ethernet frame from an access link.
  void handle_frame(Now now, InterfaceIndex interface, ByteView frame);

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
};

}  // namespace flowmob::core
