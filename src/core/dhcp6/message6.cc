// SPDX-License-Identifier: Apache-2.0
#include "core/dhcp6/message6.h"

#include <algorithm>

namespace flowmob::core::dhcp6 {
namespace {

constexpr std::size_t kHeader = 4, kOptionHeader = 4, kIaHeader = 12, kPrefixHeader = 25;

std::uint32_t read(ByteView octets, std::size_t at, std::size_t count) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < count; ++i) number = number << 8 | octets[at + i];
  return number;
}

void put(Bytes& bytes, std::uint32_t number, unsigned count) {
  while (count-- != 0) bytes.push_back(static_cast<std::uint8_t>(number >> (8 * count)));
}

std::optional<std::vector<Option>> read_options(ByteView octets) {
  std::vector<Option> options;
  while (!octets.empty()) {
    if (octets.size() < kOptionHeader) return std::nullopt;
    const std::size_t length = read(octets, 2, 2);
    if (length > octets.size() - kOptionHeader) return std::nullopt;
    const ByteView data = octets.subspan(kOptionHeader, length);
    options.push_back({static_cast<std::uint16_t>(read(octets, 0, 2)), Bytes(data.begin(), data.end())});
    octets = octets.subspan(kOptionHeader + length);
  }
  return options;
}

void put_option(Bytes& bytes, std::uint16_t code, ByteView data) {
  put(bytes, code, 2);
  put(bytes, static_cast<std::uint32_t>(data.size()), 2);
  append(bytes, data);
}

/// RFC 8415 section 21.22: one that would be preferred for longer than valid is none.
std::optional<IaPrefix> read_prefix(ByteView data) {
  if (data.size() < kPrefixHeader || data[8] > 128) return std::nullopt;
  const IaPrefix found{read(data, 0, 4), read(data, 4, 4),
                       Ipv6Prefix::truncated(Ipv6Address::from_bytes(data.subspan(9, 16)), data[8])};
  return found.preferred > found.valid ? std::nullopt : std::optional(found);
}

Bytes written_prefix(const IaPrefix& prefix) {
  Bytes data;
  put(data, prefix.preferred, 4);
  put(data, prefix.valid, 4);
  data.push_back(prefix.prefix.length);
  append(data, prefix.prefix.address.octets);
  return data;
}

}  // namespace

const Bytes* Message::find(std::uint16_t code) const {
  const auto found = std::ranges::find(options, code, &Option::code);
  return found == options.end() ? nullptr : &found->data;
}

std::optional<Message> decode(ByteView octets) {
  if (octets.size() < kHeader || octets[0] < static_cast<std::uint8_t>(Type::Solicit) ||
      octets[0] > static_cast<std::uint8_t>(Type::InformationRequest))
    return std::nullopt;
  auto options = read_options(octets.subspan(kHeader));
  if (!options) return std::nullopt;
  return Message{static_cast<Type>(octets[0]), read(octets, 1, 3), std::move(*options)};
}

Bytes encode(const Message& message) {
  Bytes bytes{static_cast<std::uint8_t>(message.type)};
  put(bytes, message.transaction, 3);
  for (const auto& [code, data] : message.options) put_option(bytes, code, data);
  return bytes;
}

std::optional<IaPd> decode_ia_pd(ByteView data) {
  if (data.size() < kIaHeader) return std::nullopt;
  const auto options = read_options(data.subspan(kIaHeader));
  if (!options) return std::nullopt;
  IaPd ia{read(data, 0, 4), read(data, 4, 4), read(data, 8, 4), {}, {}};
  for (const auto& inner : *options) {
    if (inner.code == option::kIaPrefix) {
      if (const auto prefix = read_prefix(inner.data)) ia.prefixes.push_back(*prefix);
    } else if (inner.code == option::kStatus && inner.data.size() >= 2) {
      ia.status = static_cast<Status>(read(inner.data, 0, 2));
    }
  }
  return ia;
}

Bytes encode(const IaPd& ia) {
  Bytes data;
  for (const auto number : {ia.id, ia.t1, ia.t2}) put(data, number, 4);
  for (const auto& prefix : ia.prefixes) put_option(data, option::kIaPrefix, written_prefix(prefix));
  if (ia.status) put_option(data, option::kStatus, encode(*ia.status));
  return data;
}

Bytes encode(Status status) {
  Bytes data;
  put(data, static_cast<std::uint16_t>(status), 2);
  return data;
}

}  // namespace flowmob::core::dhcp6
