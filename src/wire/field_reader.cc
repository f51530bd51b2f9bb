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

/// RFC 6089 section 4.2.1. A PadN whose length fits is skipped whatever it counts (section 4.2.1.2
/// contradicts itself).
void FieldReader::sub_options(std::string_view name, std::vector<FlowSubOption>& values) {
  while (!rest_.empty() && !error_) {
    std::uint8_t type = 0, length = 0;
    integer(name, type);
    if (type == 0) continue;
    const bool has_length = !rest_.empty();
    if (has_length) integer(name, length);
    if (!has_length || rest_.size() < length)
      return problem({"bad-sub-option", fmt::format("sub-option {} leaves its option", type)});
    FieldReader sub(rest_.first(length));
    rest_ = rest_.subspan(length);
    if (type == 1) continue;
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

}  // namespace flowmob::wire
