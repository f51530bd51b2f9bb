// SPDX-License-Identifier: Apache-2.0
#include "wire/field_writer.h"

#include "wire/option_codec.h"

namespace flowmob::wire {
namespace {

std::uint8_t format_of(const TrafficSelector& selector) {
  if (const auto* unknown = std::get_if<UnknownSelector>(&selector)) return unknown->format;
  return std::holds_alternative<TrafficSelector6>(selector) ? TrafficSelector6::kFormat
                                                            : TrafficSelector4::kFormat;
}

std::size_t alignment_of(const FlowSubOption& value) {
  if (const auto* selector = std::get_if<TrafficSelectorSubOption>(&value))
    return wire::alignment_of(selector->selector);
  return std::holds_alternative<BindingReference>(value) ? 2 : 1;
}

}  // namespace

/// A sub-option too long for its length octet makes the whole option too long, which encode_options refuses.
void FieldWriter::sub_option(std::uint8_t type, ByteView data) {
  out_.push_back(type);
  out_.push_back(static_cast<std::uint8_t>(data.size()));
  append(data);
}

/// Each aligned from the message's start, as options are (RFC 6089 section 4.2.1); the padding sub-options
/// have the numbers and the shape of the padding options.
void FieldWriter::sub_options(std::string_view name, const std::vector<FlowSubOption>& values) {
  for (const auto& value : values) {
    Bytes data;
    const std::size_t alignment = alignment_of(value);
    append_padding(out_, (alignment - out_.size() % alignment) % alignment);
    if (const auto* reference = std::get_if<BindingReference>(&value)) {
      FieldWriter(data).numbers(name, reference->binding_ids);
      sub_option(BindingReference::kType, data);
    } else if (const auto* selector = std::get_if<TrafficSelectorSubOption>(&value)) {
      data = {format_of(selector->selector), 0};
      const Bytes encoded = encode_selector(selector->selector);
      data.insert(data.end(), encoded.begin(), encoded.end());
      sub_option(TrafficSelectorSubOption::kType, data);
    } else {
      const auto& unknown = std::get<UnknownSubOption>(value);
      sub_option(unknown.type, unknown.data);
    }
  }
}

void FieldWriter::sub_options(std::string_view, const std::vector<AccessNetworkSubOption>& values) {
  for (const auto& value : values) {
    Bytes data;
    FieldWriter writer(data);
    std::visit(
        [&]<class T>(const T& v) {
          if constexpr (std::is_same_v<T, UnknownSubOption>) {
            sub_option(v.type, v.data);
          } else {
            T::fields(v, writer);
            sub_option(T::traits.type, data);
          }
        },
        value);
  }
}

}  // namespace flowmob::wire
