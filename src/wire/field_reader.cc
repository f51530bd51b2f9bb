// SPDX-License-Identifier: Apache-2.0
#include "wire/field_reader.h"

#include <fmt/format.h>

namespace flowmob::wire {

void FieldReader::shortage(std::string_view name) {
  problem({"bad-option-length", fmt::format("too short for its {}", name)});
}

std::optional<Error> FieldReader::finish() const {
  if (error_) return error_;
  if (!rest_.empty()) return Error{"bad-option-length", fmt::format("{} octets too long", rest_.size())};
  return std::nullopt;
}

void FieldReader::numbers(std::string_view name, std::vector<std::uint16_t>& values) {
  if (rest_.empty() || rest_.size() % 2 != 0) return shortage(name);
  while (!rest_.empty()) integer(name, values.emplace_back());
}

void FieldReader::care_of(std::string_view name,
                          std::variant<std::monostate, Ipv4Address, Ipv6Address>& value) {
  if (rest_.empty()) return;
  if (rest_.size() == 16) {
    address(name, value.emplace<Ipv6Address>());
  } else if (const ByteView bytes = take(4, name); !bytes.empty()) {
    std::copy(bytes.begin(), bytes.end(), value.emplace<Ipv4Address>().octets.begin());
  }
}

void FieldReader::family(std::uint8_t mask6, std::uint8_t mask4,
                         std::variant<Ipv6Address, Ipv4Address>& value) {
  std::uint8_t octet = 0;
  integer("flags", octet);
  const bool four = (octet & mask4) != 0;
  const bool six = mask6 != 0 ? (octet & mask6) != 0 : !four;
  if (four == six) return problem({"bad-address-family", "its flags tell of no address family, or of two"});
  if (four) value = Ipv4Address{};
}

void FieldReader::degrees(std::string_view name, std::int32_t& value) {
  const ByteView bytes = take(3, name);
  if (bytes.empty()) return;
  const std::int32_t number = bytes[0] << 16 | bytes[1] << 8 | bytes[2];
  value = number >= 1 << 23 ? number - (1 << 24) : number;
}

std::optional<FieldReader::SubOption> FieldReader::sub_option(std::uint8_t type) {
  std::uint8_t length = 0;
  const bool has_length = !rest_.empty();
  if (has_length) integer("length", length);
  if (!has_length || rest_.size() < length) {
    problem({"bad-sub-option", fmt::format("sub-option {} leaves its option", type)});
    return std::nullopt;
  }
  return SubOption{type, take(length, "data")};
}

namespace {

/// One that contradicts itself is kept as its octets: what is wrong with one flow is that flow's (RFC 6089
/// section 4.2, status 130), and says nothing about the message.
FlowSubOption reference_from(ByteView data) {
  FieldReader reader(data);
  BindingReference reference;
  reader.numbers("binding_ids", reference.binding_ids);
  if (reader.finish()) return UnknownSubOption{BindingReference::kType, Bytes(data.begin(), data.end())};
  return reference;
}

FlowSubOption selector_from(ByteView data) {
  constexpr std::size_t kHead = 2;  // format and a reserved octet
  if (data.size() < kHead)
    return UnknownSubOption{TrafficSelectorSubOption::kType, Bytes(data.begin(), data.end())};
  const ByteView fields = data.subspan(kHead);
  auto selector = decode_selector(data[0], fields);
  if (!selector)
    return TrafficSelectorSubOption{UnknownSelector{data[0], Bytes(fields.begin(), fields.end())}};
  return TrafficSelectorSubOption{std::move(*selector)};
}

}  // namespace

/// RFC 6089 section 4.2.1. A PadN whose length fits is skipped whatever it counts (section 4.2.1.2
/// contradicts itself).
void FieldReader::sub_options(std::string_view name, std::vector<FlowSubOption>& values) {
  while (!rest_.empty() && !error_) {
    std::uint8_t type = 0;
    integer(name, type);
    if (type == 0) continue;
    const auto found = sub_option(type);
    if (!found) return;
    if (type == 1) continue;
    const ByteView data = found->data;
    if (type == BindingReference::kType)
      values.push_back(reference_from(data));
    else if (type == TrafficSelectorSubOption::kType)
      values.push_back(selector_from(data));
    else
      values.emplace_back(UnknownSubOption{type, Bytes(data.begin(), data.end())});
  }
}

namespace {

/// Tries the sub-option types of the variant from the I-th on.
template <std::size_t I = 0>
void read_sub_option(std::uint8_t type, FieldReader& reader, AccessNetworkSubOption& value) {
  using T = std::variant_alternative_t<I, AccessNetworkSubOption>;
  if constexpr (std::is_same_v<T, UnknownSubOption>) {
    reader.octets("data", value.emplace<T>(T{type, {}}).data, 0);
  } else {
    if (type == T::traits.type) return T::fields(value.emplace<T>(), reader);
    read_sub_option<I + 1>(type, reader, value);
  }
}

}  // namespace

void FieldReader::sub_options(std::string_view name, std::vector<AccessNetworkSubOption>& values) {
  while (!rest_.empty() && !error_) {
    std::uint8_t type = 0;
    integer(name, type);
    const auto found = sub_option(type);
    if (!found) return;
    FieldReader sub(found->data);
    read_sub_option(type, sub, values.emplace_back());
    if (auto error = sub.finish()) return problem({"bad-sub-option", error->message});
  }
}

}  // namespace flowmob::wire
