// SPDX-License-Identifier: Apache-2.0
// One bit changed in a valid message, every bit in turn: an error with a code of its own, or another message
// that can be written and read again as it is. With the checksum on nothing passes; without it (UDP over
// IPv4), and with the checksum made right by whoever changed the bit, the decoder itself is what holds.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "wire/checksum.h"
#include "wire/random_message_for_test.h"

namespace flowmob::wire {
namespace {

using namespace test;

const std::set<std::string> kCodes{"truncated",         "bad-checksum",      "bad-payload-proto",
                                   "bad-header-length", "bad-option-length", "bad-address-family",
                                   "bad-selector",      "bad-sub-option"};

/// Few enough options that every bit can be tried, of all kinds in the long run.
MobilityMessage any_short_message() {
  MobilityMessage message = any_message();
  std::visit(
      []<class T>(T& m) {
        if constexpr (!std::is_same_v<T, UnknownMessage>)
          if (m.options.size() > 4) m.options.resize(4);
      },
      message);
  return message;
}

Bytes flipped(Bytes octets, std::size_t bit) {
  octets[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  return octets;
}

/// Whatever was read is written, and read again, the same.
void holds(const Result<MobilityMessage>& message) {
  if (!message) {
    RC_ASSERT(kCodes.contains(message.error().code));
    RC_ASSERT(!message.error().message.empty());
    return;
  }
  const Bytes written = encode_for_udp(*message);
  if (written.empty()) return;  // no room for the padding that is not there any more
  const auto again = decode(written, {}, {}, ChecksumPolicy::Ignore);
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == *message);
  RC_ASSERT(encode_for_udp(*again) == written);
}

RC_GTEST_PROP(FlippedBit, IsAnErrorOrAnotherMessage, ()) {
  const Bytes whole = encode_for_udp(any_short_message());
  RC_ASSERT(!whole.empty());
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit)
    holds(decode(flipped(whole, bit), {}, {}, ChecksumPolicy::Ignore));
}

RC_GTEST_PROP(FlippedBit, NeverPassesTheChecksum, ()) {
  const auto source = any_address<Ipv6Address>(), destination = any_address<Ipv6Address>();
  const Bytes whole = encode(any_short_message(), source, destination);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    const auto message = decode(flipped(whole, bit), source, destination);
    RC_ASSERT(!message.has_value());
    // Header Len is read before the checksum: what it promises has to be there, and nothing else.
    RC_ASSERT(message.error().code == "bad-checksum" ||
              (bit / 8 == 1 && message.error().code == "truncated"));
  }
}

/// The bits of the fixed part each mean one thing: a flip in it changes the message, unless the bit is
/// reserved.
RC_GTEST_PROP(FlippedBit, InsideAFixedFieldIsSeen, ()) {
  Heartbeat beat{any_bool(), any_bool(), any_integer<std::uint32_t>(), {}};
  const Bytes whole = encode_for_udp(beat);
  for (std::size_t bit = 6 * 8; bit < 12 * 8; ++bit) {
    const bool reserved = bit / 8 == 6 || (bit / 8 == 7 && bit % 8 > 1);
    const auto message = decode(flipped(whole, bit), {}, {}, ChecksumPolicy::Ignore);
    RC_ASSERT(message.has_value());
    RC_ASSERT((*message == MobilityMessage(beat)) == reserved);
  }
}

}  // namespace
}  // namespace flowmob::wire
