// SPDX-License-Identifier: Apache-2.0
// wire-samples FILE.pcap: messages of every kind that the encoder knows, in raw IPv6 packets.
// wire-samples --seeds DIRECTORY: each message as a file of its own, without the IPv6 header
// (fuzz/corpus/decode).
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <vector>

#include "wire/mobility_header.h"
#include "wire/neighbor_discovery.h"

namespace {

using namespace flowmob;
using namespace flowmob::wire;

Ipv6Address ip(const char* text) { return Ipv6Address::parse(text).value(); }
Bytes text(std::string_view words) { return {words.begin(), words.end()}; }
const Bytes kMac = from_hex("020000000001").value();

struct Sample {
  const char* name;
  std::uint8_t protocol;
  Bytes octets;
};

ProxyBindingUpdate registration() {
  ProxyBindingUpdate m;
  m.sequence = 0x1234;
  m.acknowledge = m.proxy = true;
  m.lifetime = 900;
  m.options = {MobileNodeIdentifier{1, text("mn1@example.org")},
               ServiceSelection{text("video")},
               HomeNetworkPrefixOption{false, 64, ip("2001:db8:100::")},
               HandoffIndicatorOption{HandoffIndicator::NewInterface},
               AccessTechnologyTypeOption{AccessTechnology::Wlan},
               MnLinkLayerIdentifier{kMac},
               LinkLocalAddressOption{ip("fe80::200:5eff:fe00:5213")},
               TimestampOption{(std::uint64_t{1735689600} << 16) + 0x8000},
               AlternateCareOfAddress{ip("2001:db8:a::2")}};
  return m;
}

ProxyBindingUpdate flows() {
  ProxyBindingUpdate m;
  m.sequence = 7;
  m.acknowledge = m.home = m.link_local_compat = m.key_management = true;
  m.mobile_router = m.proxy = m.force_udp = m.tlv_header = true;
  m.lifetime = 0xffff;
  TrafficSelector6 six;
  six.source = {ip("2001:db8::1"), ip("2001:db8::ff")};
  six.destination = {ip("2001:db8:100::1"), ip("2001:db8:100::1")};
  six.spi = {1, 2};
  six.flow_label = {3, 0xfffff};
  six.source_port = {5000, 6000};
  six.destination_port = {80, 80};
  six.traffic_class = {10, 46};
  six.next_header = {6, 17};
  TrafficSelector4 four;
  four.source = {Ipv4Address{{192, 0, 2, 1}}, Ipv4Address{{192, 0, 2, 255}}};
  four.destination_port = {443, 443};
  four.traffic_class = {46, 46};
  four.protocol = {6, 6};
  m.options = {
      MobileNodeIdentifier{5, kMac},
      BindingIdentifierOption{7, 0, false, 3, {}},
      BindingIdentifierOption{8, 0, true, 4, Ipv4Address{{192, 0, 2, 9}}},
      BindingIdentifierOption{9, 0, false, 5, ip("2001:db8:a::2")},
      FlowIdentification{1, 10, 0, {BindingReference{{7, 8}}, TrafficSelectorSubOption{six}}},
      FlowIdentification{2, 20, 0, {TrafficSelectorSubOption{four}, UnknownSubOption{99, text("abc")}}},
      FlowSummary{{1, 2, 3}},
      UnknownOption{200, text("anything")}};
  return m;
}

ProxyBindingAcknowledgement answer(std::uint8_t status) {
  ProxyBindingAcknowledgement m;
  m.status = static_cast<BindingStatus>(status);
  m.proxy = true;
  m.mobile_router = status == 0;
  m.sequence = 0x1234;
  m.lifetime = status < 128 ? 900 : 0;
  m.options = {MobileNodeIdentifier{1, text("mn1@example.org")},
               HomeNetworkPrefixOption{false, 64, ip("2001:db8:100::")},
               HomeNetworkPrefixOption{true, 56, ip("2001:db8:200::")},
               HandoffIndicatorOption{HandoffIndicator::Unknown},
               AccessTechnologyTypeOption{AccessTechnology::Wimax}};
  return m;
}

BindingRevocationIndication revocation() {
  return {RevocationTrigger::InterMagHandoverDifferentAccess,
          0xbeef,
          true,
          false,
          true,
          {MobileNodeIdentifier{1, text("mn1@example.org")},
           HomeNetworkPrefixOption{false, 64, ip("2001:db8:100::")}}};
}

ProxyBindingUpdate ipv4_asked() {
  ProxyBindingUpdate m;
  m.sequence = 8;
  m.acknowledge = m.proxy = m.force_udp = true;
  m.lifetime = 900;
  m.options = {MobileNodeIdentifier{1, text("mn1@example.org")},
               HandoffIndicatorOption{HandoffIndicator::NewInterface},
               AccessTechnologyTypeOption{AccessTechnology::Eutran},
               Ipv4HomeAddressRequest{24, Ipv4Address{{192, 0, 2, 7}}}, GreKey{0xfedcba98}};
  return m;
}

ProxyBindingAcknowledgement ipv4_given() {
  ProxyBindingAcknowledgement m;
  m.proxy = true;
  m.sequence = 8;
  m.lifetime = 900;
  m.options = {MobileNodeIdentifier{1, text("mn1@example.org")},
               HandoffIndicatorOption{HandoffIndicator::NewInterface},
               AccessTechnologyTypeOption{AccessTechnology::Eutran},
               Ipv4HomeAddressReply{Ipv4HomeAddressStatus::Success, 24, Ipv4Address{{192, 0, 2, 7}}},
               Ipv4DefaultRouter{Ipv4Address{{192, 0, 2, 1}}},
               Ipv4DhcpSupportMode{true},
               NatDetection{true, 110},
               GreKey{}};
  return m;
}

UpdateNotification flow_mobility_asked() {
  return {9,
          NotificationReason::FlowMobility,
          true,
          false,
          {MobileNodeIdentifier{1, text("mn1@example.org")},
           HomeNetworkPrefixOption{true, 64, ip("2001:db8:100::")}}};
}

ProxyBindingUpdate access_network() {
  ProxyBindingUpdate m;
  m.sequence = 10;
  m.acknowledge = m.proxy = true;
  m.lifetime = 900;
  m.options = {MobileNodeIdentifier{1, text("mn1@example.org")},
               VendorSpecific{10415, 200, text("abc")},
               RedirectCapability{},
               MobileNodeGroupIdentifier{1, 77},
               AccessNetworkIdentifier{{NetworkIdentifier{true, text("cafe"), text("ap-7")},
                                        GeoLocation{0x2ca81e, -0x9a5f6},
                                        OperatorIdentifier{OperatorIdentifier::kRealm, text("example.org")}}},
               DelegatedMobileNetworkPrefix{56, ip("2001:db8:300::")},
               DelegatedMobileNetworkPrefix{24, Ipv4Address{{198, 51, 100, 0}}}};
  return m;
}

ProxyBindingAcknowledgement multipath() {
  ProxyBindingAcknowledgement m;
  m.status = BindingStatus::CannotSupportMultipathBinding;
  m.proxy = true;
  m.sequence = 11;
  m.options = {MobileNodeIdentifier{1, text("mn1@example.org")},
               Redirect{ip("2001:db8:f::2")},
               LoadInformation{1, 2, 3, 4, 5},
               AlternateIpv4CareOfAddress{Ipv4Address{{192, 0, 2, 77}}},
               MagMultipathBinding{AccessTechnology::Eutran, 11, 2, true, false},
               MagIdentifier{1, text("mag1@example.org")}};
  return m;
}

RouterAdvertisement advertisement() {
  return {64,
          false,
          true,
          1800,
          30000,
          1000,
          {PrefixInformation{64, true, true, 86400, 14400, ip("2001:db8:100::")}, Mtu{1428},
           SourceLinkLayerAddress{kMac}}};
}

std::vector<Sample> samples(const Ipv6Address& from, const Ipv6Address& to) {
  std::vector<Sample> all;
  const auto mobility = [&](const char* name, const MobilityMessage& m) {
    all.push_back({name, kMobilityHeaderProtocol, encode(m, from, to)});
  };
  const auto neighbor = [&](const char* name, const NdMessage& m) {
    all.push_back({name, kIcmpv6Protocol, encode_nd(m, from, to)});
  };
  mobility("registration", registration());
  mobility("flows", flows());
  mobility("accepted", answer(0));
  mobility("not-authorised", answer(155));
  mobility("binding-error", BindingError{BindingErrorStatus::UnrecognizedMhType, ip("2001:db8:100::1"), {}});
  mobility("heartbeat", Heartbeat{.sequence = 5, .options = {}});
  mobility("restarted", Heartbeat{true, true, 0xfffefdfc, {RestartCounter{7}}});
  mobility("revocation", revocation());
  mobility("revoked", BindingRevocationAcknowledgement{RevocationStatus::PartialSuccess,
                                                       0xbeef,
                                                       true,
                                                       false,
                                                       false,
                                                       {MobileNodeIdentifier{1, text("mn1@example.org")}}});
  mobility("ipv4-asked", ipv4_asked());
  mobility("ipv4-given", ipv4_given());
  mobility("flow-mobility-asked", flow_mobility_asked());
  mobility(
      "flow-mobility-done",
      UpdateNotificationAcknowledgement{
          9, NotificationStatus::MobileNodeNotAttached, {MobileNodeIdentifier{1, text("mn1@example.org")}}});
  mobility("access-network", access_network());
  mobility("multipath", multipath());
  neighbor("router-solicitation", RouterSolicitation{{SourceLinkLayerAddress{kMac}}});
  neighbor("router-advertisement", advertisement());
  neighbor("neighbor-solicitation",
           NeighborSolicitation{ip("2001:db8:100::1"), {SourceLinkLayerAddress{kMac}}});
  neighbor("neighbor-advertisement",
           NeighborAdvertisement{true, true, true, ip("2001:db8:100::1"), {TargetLinkLayerAddress{kMac}}});
  return all;
}

void put32(std::ostream& file, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) file.put(static_cast<char>(value >> (8 * i)));
}
void write(std::ostream& file, ByteView octets) {
  file.write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
}

void write_capture(const char* path, const Ipv6Address& from, const Ipv6Address& to) {
  std::ofstream file(path, std::ios::binary);
  for (const std::uint32_t word : {0xa1b2c3d4U, 0x00040002U, 0U, 0U, 65535U, 229U}) put32(file, word);
  std::uint32_t second = 1735689600;
  for (const auto& sample : samples(from, to)) {
    const auto payload = static_cast<std::uint32_t>(sample.octets.size());
    for (const std::uint32_t word : {second++, 0U, payload + 40, payload + 40}) put32(file, word);
    write(file, Bytes{0x60, 0, 0, 0, static_cast<std::uint8_t>(payload >> 8),
                      static_cast<std::uint8_t>(payload), sample.protocol, 255});
    write(file, from.octets);
    write(file, to.octets);
    write(file, sample.octets);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) {
    write_capture(argv[1], ip("2001:db8:a::1"), ip("2001:db8:f::1"));
    return 0;
  }
  if (argc != 3 || std::strcmp(argv[1], "--seeds") != 0) {
    std::cerr << "usage: wire-samples FILE.pcap | --seeds DIRECTORY\n";
    return 2;
  }
  for (const auto& sample : samples({}, {})) {  // between unspecified addresses, as the fuzzer decodes them
    std::ofstream file(std::filesystem::path(argv[2]) / sample.name, std::ios::binary);
    write(file, sample.octets);
  }
}
