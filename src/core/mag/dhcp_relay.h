// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/dhcp/frame.h"
#include "core/dhcp/relay.h"
#include "core/mag/registrar.h"

namespace flowmob::core {

/// How a gateway speaks DHCP with a client: in frames of the access link that nobody else hears.
struct DhcpClient {
  const AccessConfig& access;
  MacAddress station;
};
SendFrame to_client(const DhcpClient& client, const Ipv4Address& server, const dhcp::Message& reply);

/// What the binding of `attachment` says to DHCP.
dhcp::Lease lease_of(const MagConfig& config, const AccessConfig& access, const Attachment& attachment);

/// DHCP where the LMA wants a relay (RFC 5844 section 3.4.2): servers elsewhere give the addresses, and this
/// sees to it that they are those of the bindings. Without servers in the configuration nobody is answered.
class DhcpRelay {
 public:
  DhcpRelay(MagContext& context, Registrar& registrar) : context_(context), registrar_(registrar) {}

  /// From a node that has a home address.
  void handle_request(Now now, const AccessConfig& access, Attachment& attachment, const dhcp::UdpPacket& udp,
                      const dhcp::Message& request);
  /// A UDP payload that came from `server`, port 67, to the relay's address.
  void handle_answer(const Ipv4Address& server, ByteView payload);

 private:
  bool is_for_another_address(const Attachment& attachment, const dhcp::Message& request);
  void deliver(const AccessConfig& access, Attachment& attachment, const Ipv4Address& server,
               dhcp::Message reply);

  MagContext& context_;
  Registrar& registrar_;
};

}  // namespace flowmob::core
