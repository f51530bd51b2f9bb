// SPDX-License-Identifier: Apache-2.0
#include "wire/option_codec.h"

#include <fmt/format.h>

#include "wire/field_reader.h"
#include "wire/field_writer.h"

namespace flowmob::wire {
namespace {

constexpr std::uint8_t kPad1 = 0;
constexpr std::uint8_t kPadN = 1;

/// Options that most messages do not exceed.
constexpr std::size_t kOrdinaryOptions = 8;

/// Tries the option types of the variant from the I-th on.
template <std::size_t I = 0>
Result<void> decode_option(std::uint8_t type, ByteView data, MobilityOptions& options) {
  using T = std::variant_alternative_t<I, MobilityOption>;
  if constexpr (std::is_same_v<T, UnknownOption>) {
    options.emplace_back(UnknownOption{type, Bytes(data.begin(), data.end())});
  } else {
    if (type != T::traits.type) return decode_option<I + 1>(type, data, options);
    FieldReader reader(data);
    T::fields(std::get<T>(options.emplace_back(std::in_place_type<T>)), reader);
    if (auto error = reader.finish())
      return fail(error->code, fmt::format("{} option: {}", T::traits.name, error->message));
  }
  return {};
}

struct Alignment {
  std::size_t n, y;
};

Alignment alignment_of(const MobilityOption& option) {
  if (const auto* bid = std::get_if<BindingIdentifierOption>(&option))
    if (std::holds_alternative<Ipv6Address>(bid->care_of)) return {8, 2};  // RFC 5648 section 4.1
  // RFC 5213 section 8.6 aligns by the identifier's size; it stands four octets behind the Type.
  if (const auto* link_layer = std::get_if<MnLinkLayerIdentifier>(&option)) {
    const std::size_t size = link_layer->identifier.size();
    return size % 8 == 0 ? Alignment{8, 4} : size % 4 == 0 ? Alignment{4, 0} : Alignment{2 - size % 2, 0};
  }
  return std::visit(
      []<class T>(const T&) -> Alignment {
        if constexpr (std::is_same_v<T, UnknownOption>)
          return {1, 0};
        else
          return {T::traits.align_n, T::traits.align_y};
      },
      option);
}

}  // namespace

Result<MobilityOptions> decode_options(ByteView bytes) {
  MobilityOptions options;
  options.reserve(kOrdinaryOptions);
  while (!bytes.empty()) {
    const std::uint8_t type = bytes[0];
    if (type == kPad1) {
      bytes = bytes.subspan(1);
      continue;
    }
    if (bytes.size() < 2 || bytes.size() - 2 < bytes[1])
      return fail("bad-option-length", fmt::format("option {} leaves the header", type));
    const ByteView data = bytes.subspan(2, bytes[1]);
    bytes = bytes.subspan(2 + data.size());
    if (type == kPadN) continue;
    if (auto decoded = decode_option(type, data, options); !decoded) return tl::unexpected(decoded.error());
  }
  return options;
}

void append_padding(Bytes& out, std::size_t count) {
  if (count == 0) return;
  if (count == 1) return out.push_back(kPad1);
  out.push_back(kPadN);
  out.push_back(static_cast<std::uint8_t>(count - 2));
  out.resize(out.size() + count - 2);
}

bool encode_options(const MobilityOptions& options, Bytes& out) {
  for (const auto& option : options) {
    const auto [n, y] = alignment_of(option);
    append_padding(out, (y + n - out.size() % n) % n);
    const std::size_t start = out.size();
    std::visit(
        [&]<class T>(const T& value) {
          if constexpr (std::is_same_v<T, UnknownOption>) {
            out.insert(out.end(), {value.type, 0});
            out.insert(out.end(), value.data.begin(), value.data.end());
          } else {
            out.insert(out.end(), {T::traits.type, 0});
            FieldWriter writer(out);
            T::fields(value, writer);
          }
        },
        option);
    const std::size_t length = out.size() - start - 2;
    if (length > 255) return false;
    out[start + 1] = static_cast<std::uint8_t>(length);
  }
  append_padding(out, (8 - out.size() % 8) % 8);
  return true;
}

}  // namespace flowmob::wire
