// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/neighbor_discovery.h"
#include "wire/option_codec.h"
#include "wire/random_message_for_test.h"

namespace flowmob::wire {
namespace {

using namespace test;

/// A body that is written is padded to whole units; its padding is then part of it.
MobilityMessage with_whole_body(MobilityMessage message) {
  if (auto* unknown = std::get_if<UnknownMessage>(&message)) {
    unknown->body.resize(2 + (unknown->body.size() < 2 ? 0 : unknown->body.size() - 2) / 8 * 8);
  }
  return message;
}

RC_GTEST_PROP(RoundTrip, AnyMessageComesBackAsItWas, ()) {
  const auto source = any_address<Ipv6Address>(), destination = any_address<Ipv6Address>();
  const MobilityMessage message = with_whole_body(any_message());
  const Bytes octets = encode(message, source, destination);
  RC_ASSERT(!octets.empty());
  RC_ASSERT(octets.size() % 8 == 0U);
  const auto decoded = decode(octets, source, destination);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == message);
}

template <std::size_t I>
void each_option_alone() {
  const MobilityOptions options{any_option<std::variant_alternative_t<I, MobilityOption>>()};
  Bytes out(any_number(16));
  const std::size_t before = out.size();
  RC_ASSERT(encode_options(options, out));
  const auto decoded = decode_options(ByteView(out).subspan(before));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == options);
  if constexpr (I + 1 < std::variant_size_v<MobilityOption>) each_option_alone<I + 1>();
}
RC_GTEST_PROP(RoundTrip, EachOptionAnywhere, ()) { each_option_alone<0>(); }

RC_GTEST_PROP(RoundTrip, Selectors, ()) {
  const auto selector = any_selector();
  const Bytes data = encode_selector(selector);
  const std::uint8_t format = std::holds_alternative<TrafficSelector6>(selector) ? 2
                              : std::holds_alternative<TrafficSelector4>(selector)
                                  ? 1
                                  : std::get<UnknownSelector>(selector).format;
  const auto decoded = decode_selector(format, data);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == selector);
}

/// Whatever is accepted is written so that it means the same, and written the same from then on.
void is_stable(ByteView octets) {
  const auto first = decode(octets, {}, {}, ChecksumPolicy::Ignore);
  if (!first) return;
  const Bytes written = encode(*first, {}, {});
  if (written.empty()) return;  // no room for the padding that its sender left out
  const auto second = decode(written, {}, {});
  RC_ASSERT(second.has_value());
  RC_ASSERT(*second == *first);
  RC_ASSERT(encode(*second, {}, {}) == written);
}

RC_GTEST_PROP(Hostile, ArbitraryOctets, ()) {
  is_stable(any_octets(0, 200));
  Bytes octets = any_octets(8, 200);
  octets[0] = kNoNextHeader;
  octets[1] = static_cast<std::uint8_t>(octets.size() / 8 - 1);
  octets[2] = static_cast<std::uint8_t>(5 + any_number(3));
  octets.resize(octets.size() / 8 * 8);
  is_stable(octets);
}

RC_GTEST_PROP(Hostile, ValidMessagesWithOctetsChanged, ()) {
  Bytes octets = encode(any_message(), {}, {});
  for (auto changes = 1 + any_number(3); changes > 0; --changes)
    octets[any_number(octets.size() - 1)] = any_integer<std::uint8_t>();
  is_stable(octets);
}

RC_GTEST_PROP(Hostile, ArbitrarySelectors, ()) {
  const auto format = static_cast<std::uint8_t>(any_number(3));
  const auto selector = decode_selector(format, any_octets(0, 60));
  if (!selector) return;
  const auto again = decode_selector(format, encode_selector(*selector));
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == *selector);
}

NdOptions any_nd_options() {
  NdOptions options;
  for (auto count = any_number(5); count > 0; --count) {
    const auto units = any_number(2);
    const auto data = [&] { return any_octets(6 + 8 * units, 6 + 8 * units); };
    switch (any_number(4)) {
      case 0:
        options.emplace_back(SourceLinkLayerAddress{data()});
        break;
      case 1:
        options.emplace_back(TargetLinkLayerAddress{data()});
        break;
      case 2:
        options.emplace_back(PrefixInformation{any_integer<std::uint8_t>(), any_bool(), any_bool(),
                                               any_integer<std::uint32_t>(), any_integer<std::uint32_t>(),
                                               any_address<Ipv6Address>()});
        break;
      case 3:
        options.emplace_back(Mtu{any_integer<std::uint32_t>()});
        break;
      default:
        options.emplace_back(UnknownNdOption{static_cast<std::uint8_t>(6 + any_number(249)), data()});
    }
  }
  return options;
}

NdMessage any_nd_message() {
  switch (any_number(3)) {
    case 0:
      return RouterSolicitation{any_nd_options()};
    case 1:
      return RouterAdvertisement{any_integer<std::uint8_t>(),
                                 any_bool(),
                                 any_bool(),
                                 any_integer<std::uint16_t>(),
                                 any_integer<std::uint32_t>(),
                                 any_integer<std::uint32_t>(),
                                 any_nd_options()};
    case 2:
      return NeighborSolicitation{any_address<Ipv6Address>(), any_nd_options()};
    default:
      return NeighborAdvertisement{any_bool(), any_bool(), any_bool(), any_address<Ipv6Address>(),
                                   any_nd_options()};
  }
}

RC_GTEST_PROP(RoundTrip, NeighborDiscovery, ()) {
  const auto source = any_address<Ipv6Address>(), destination = any_address<Ipv6Address>();
  const auto message = any_nd_message();
  const auto decoded = decode_nd(encode_nd(message, source, destination), source, destination);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == message);
}

}  // namespace
}  // namespace flowmob::wire
