// SPDX-License-Identifier: Apache-2.0
#include "packet.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "wire/checksum.h"

namespace flowmob::dataplane::testing {
namespace {

constexpr std::size_t kHeader = 40;
constexpr std::uint8_t kUdp = 17, kTcp = 6, kIcmp = 58, kFragment = 44, kDestinationOptions = 60, kIpv6 = 41,
                       kAuthentication = 51;

void put16(Bytes& octets, std::size_t at, std::uint16_t value) {
  octets[at] = static_cast<std::uint8_t>(value >> 8);
  octets[at + 1] = static_cast<std::uint8_t>(value);
}

std::uint16_t get16(ByteView octets, std::size_t at) {
  return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}

std::uint16_t fold(std::uint64_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

std::uint64_t sum_words(ByteView octets) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) sum += i % 2 ? octets[i] : octets[i] << 8U;
  return sum;
}

Bytes ports(std::uint16_t source, std::uint16_t destination, std::size_t length) {
  Bytes header(length);
  put16(header, 0, source);
  put16(header, 2, destination);
  return header;
}

}  // namespace

Ipv6Address ip(std::string_view text) { return Ipv6Address::parse(text).value(); }
MacAddress mac(std::string_view text) { return MacAddress::parse(text).value(); }
Ipv6Prefix prefix(std::string_view text) { return Ipv6Prefix::parse(text).value(); }

Packet& Packet::from(std::string_view address) {
  source_ = ip(address);
  return *this;
}

Packet& Packet::to(std::string_view address) {
  destination_ = ip(address);
  return *this;
}

Packet& Packet::hop_limit(std::uint8_t value) {
  hop_limit_ = value;
  return *this;
}

Packet& Packet::traffic_class(std::uint8_t value) {
  traffic_class_ = value;
  return *this;
}

Packet& Packet::flow_label(std::uint32_t value) {
  flow_label_ = value;
  return *this;
}

Packet& Packet::udp(std::uint16_t source_port, std::uint16_t destination_port) {
  protocol_ = kUdp;
  header_ = ports(source_port, destination_port, 8);
  checksum_at_ = 6;
  return *this;
}

Packet& Packet::tcp(std::uint16_t source_port, std::uint16_t destination_port) {
  protocol_ = kTcp;
  header_ = ports(source_port, destination_port, 20);
  header_[12] = 0x50;
  checksum_at_ = 16;
  return *this;
}

Packet& Packet::echo_request(std::uint16_t identifier) {
  protocol_ = kIcmp;
  header_ = {128, 0, 0, 0, 0, 0, 0, 1};
  put16(header_, 4, identifier);
  checksum_at_ = 2;
  return *this;
}

Packet& Packet::upper(std::uint8_t protocol, Bytes upper) {
  protocol_ = protocol;
  header_ = std::move(upper);
  checksum_at_ = 0;
  return *this;
}

Packet& Packet::content(Bytes octets) {
  content_ = std::move(octets);
  return *this;
}
Packet& Packet::payload(std::size_t octets) {
  payload_ = octets;
  return *this;
}

Packet& Packet::partial_checksum() {
  partial_ = true;
  return *this;
}

Packet& Packet::destination_options(std::size_t octets) {
  Bytes header(octets, 0xff);
  header[1] = static_cast<std::uint8_t>(octets / 8 - 1);
  header[2] = 1;  // PadN
  header[3] = static_cast<std::uint8_t>(octets - 4);
  extensions_.push_back({kDestinationOptions, header});
  return *this;
}

Packet& Packet::encapsulation_limit(std::uint8_t option_type) {
  extensions_.push_back({kDestinationOptions, {0, 0, option_type, 1, 4, 1, 1, 0}});
  return *this;
}

Packet& Packet::authentication(std::uint32_t spi) {
  Bytes header(24, 0xff);
  header[1] = 4;
  put16(header, 4, static_cast<std::uint16_t>(spi >> 16));
  put16(header, 6, static_cast<std::uint16_t>(spi));
  extensions_.push_back({kAuthentication, header});
  return *this;
}

Packet& Packet::fragment(std::uint16_t offset, bool more, std::uint32_t identification) {
  Bytes header(8);
  put16(header, 2, static_cast<std::uint16_t>(offset | (more ? 1 : 0)));
  put16(header, 4, static_cast<std::uint16_t>(identification >> 16));
  put16(header, 6, static_cast<std::uint16_t>(identification));
  extensions_.push_back({kFragment, header});
  return *this;
}

Packet Packet::in_tunnel(std::string_view source, std::string_view destination) const {
  return Packet().from(source).to(destination).hop_limit(64).upper(kIpv6, build());
}

Bytes behind_gre(std::optional<std::uint32_t> key, const Bytes& packet, std::uint16_t protocol) {
  Bytes octets(key ? 8 : 4);
  octets[0] = key ? 0x20 : 0;
  put16(octets, 2, protocol);
  if (key) put16(octets, 4, static_cast<std::uint16_t>(*key >> 16));
  if (key) put16(octets, 6, static_cast<std::uint16_t>(*key));
  octets.insert(octets.end(), packet.begin(), packet.end());
  return octets;
}

Packet Packet::in_gre(std::string_view source, std::string_view destination,
                      std::optional<std::uint32_t> key) const {
  return Packet().from(source).to(destination).hop_limit(64).upper(47, behind_gre(key, build()));
}

Packet& Packet::claimed_length(std::uint16_t octets) {
  claimed_ = octets;
  return *this;
}

bool Packet::is_behind_the_first() const {
  return std::ranges::any_of(extensions_, [](const Extension& extension) {
    return extension.type == kFragment && (get16(extension.octets, 2) & 0xfff8) != 0;
  });
}

Bytes Packet::upper_layer() const {
  Bytes upper = is_behind_the_first() ? Bytes{} : header_;
  for (std::size_t i = 0; i < payload_; ++i) upper.push_back(static_cast<std::uint8_t>(i * 7 + 1));
  upper.insert(upper.end(), content_.begin(), content_.end());
  if (upper.size() < header_.size() || checksum_at_ == 0) return upper;
  if (protocol_ == kUdp) put16(upper, 4, static_cast<std::uint16_t>(upper.size()));
  std::uint16_t checksum = wire::ipv6_checksum(source_, destination_, protocol_, upper);
  if (partial_)
    checksum = fold(sum_words(source_.octets) + sum_words(destination_.octets) + upper.size() + protocol_);
  put16(upper, checksum_at_, checksum);
  return upper;
}

Bytes Packet::build() const {
  Bytes rest;
  for (std::size_t i = 0; i < extensions_.size(); ++i) {
    Bytes octets = extensions_[i].octets;
    octets[0] = i + 1 < extensions_.size() ? extensions_[i + 1].type : protocol_;
    rest.insert(rest.end(), octets.begin(), octets.end());
  }
  const Bytes upper = upper_layer();
  rest.insert(rest.end(), upper.begin(), upper.end());

  Bytes packet(kHeader);
  put16(packet, 0, static_cast<std::uint16_t>(0x6000 | traffic_class_ << 4 | flow_label_ >> 16));
  put16(packet, 2, static_cast<std::uint16_t>(flow_label_));
  put16(packet, 4, claimed_.value_or(static_cast<std::uint16_t>(rest.size())));
  packet[6] = extensions_.empty() ? protocol_ : extensions_.front().type;
  packet[7] = hop_limit_;
  std::ranges::copy(source_.octets, packet.begin() + 8);
  std::ranges::copy(destination_.octets, packet.begin() + 24);
  packet.insert(packet.end(), rest.begin(), rest.end());
  return packet;
}

Bytes frame(std::string_view to, std::string_view from, const Bytes& packet, std::uint16_t type) {
  Bytes octets(14);
  std::ranges::copy(mac(to).octets, octets.begin());
  std::ranges::copy(mac(from).octets, octets.begin() + 6);
  put16(octets, 12, type);
  octets.insert(octets.end(), packet.begin(), packet.end());
  return octets;
}

Ipv6View Ipv6View::read(ByteView packet) {
  EXPECT_GE(packet.size(), kHeader);
  if (packet.size() < kHeader) return {};
  EXPECT_EQ(packet[0] >> 4, 6);
  const auto word = get16(packet, 0);
  return {static_cast<std::uint8_t>(word >> 4),
          packet[6],
          packet[7],
          static_cast<std::uint32_t>((word & 0xf) << 16 | get16(packet, 2)),
          get16(packet, 4),
          Ipv6Address::from_bytes(packet.subspan(8, 16)),
          Ipv6Address::from_bytes(packet.subspan(24, 16)),
          Bytes(packet.begin() + kHeader, packet.end())};
}

MacAddress frame_destination(ByteView frame) {
  MacAddress address;
  std::copy_n(frame.begin(), 6, address.octets.begin());
  return address;
}

MacAddress frame_source(ByteView frame) { return frame_destination(frame.subspan(6)); }

void complete_checksum(Bytes& packet, std::size_t start, std::size_t field) {
  const auto sum = sum_words(ByteView(packet).subspan(start));
  put16(packet, start + field, static_cast<std::uint16_t>(~fold(sum)));
}

}  // namespace flowmob::dataplane::testing
