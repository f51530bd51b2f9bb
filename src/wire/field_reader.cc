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
    FieldReader sub(found->data);
    if (type == BindingReference::kType) {
      sub.numbers("binding_ids",
                  std::get<BindingReference>(values.emplace_back(BindingReference{})).binding_ids);
    } else if (type == TrafficSelectorSubOption::kType) {
      std::uint8_t format = 0;
      sub.integer("format", format);
      sub.reserved(1);
      Bytes data;
      sub.octets("selector", data, 0);
      if (auto error = sub.finish()) return problem({"bad-sub-option", error->message});
      auto selector = decode_selector(format, data);
      if (!selector) return problem(selector.error());
      values.emplace_back(TrafficSelectorSubOption{std::move(*selector)});
    } else {
      sub.octets("data", std::get<UnknownSubOption>(values.emplace_back(UnknownSubOption{type, {}})).data, 0);
    }
    if (auto error = sub.finish()) return problem({"bad-sub-option", error->message});
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
