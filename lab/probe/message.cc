// SPDX-License-Identifier: Apache-2.0
#include "lab/probe/message.h"

#include <algorithm>
#include <cmath>

namespace flowmob::lab {
namespace {

constexpr std::uint32_t kMagic = 0x666d6f62;  // "fmob"
constexpr std::uint8_t kVersion = 1;

template <class T>
void put(Bytes& out, T value) {
  for (std::size_t shift = sizeof(T) * 8; shift > 0;) {
    shift -= 8;
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

template <class T>
T get(ByteView in, std::size_t offset) {
  std::uint64_t value = 0;
  for (const std::uint8_t octet : in.subspan(offset, sizeof(T))) value = value << 8 | octet;
  return static_cast<T>(value);
}

std::size_t length_of(const ProbeMessage& m) {
  const std::size_t least = ProbeMessage::kHeader + m.body.size();
  return m.kind == ProbeMessage::Kind::Data ? std::max<std::size_t>(least, m.parameters.size) : least;
}

}  // namespace

Bytes encode(const ProbeMessage& m) {
  Bytes out;
  const std::size_t length = length_of(m);
  out.reserve(length);
  put(out, kMagic);
  put(out, kVersion);
  put(out, static_cast<std::uint8_t>(m.kind));
  put(out, std::uint16_t{0});
  put(out, m.session);
  put(out, static_cast<std::uint32_t>(length));
  put(out, m.parameters.size);
  put(out, static_cast<std::uint32_t>(std::lround(m.parameters.rate * 1000)));
  put(out, m.sequence);
  put(out, static_cast<std::uint64_t>(m.sent));
  out.insert(out.end(), m.body.begin(), m.body.end());
  out.resize(length);
  return out;
}

Result<std::size_t> record_length(ByteView stream) {
  if (stream.size() < ProbeMessage::kHeader) return 0;
  const std::size_t length = get<std::uint32_t>(stream, 12);
  if (get<std::uint32_t>(stream, 0) != kMagic || get<std::uint8_t>(stream, 4) != kVersion)
    return fail("bad-message", "not a probe message");
  if (length < ProbeMessage::kHeader || length > ProbeMessage::kLongest)
    return fail("bad-message", "bad length");
  return length;
}

Result<ProbeMessage> decode_probe(ByteView in) {
  const auto length = record_length(in);
  if (!length) return tl::unexpected(length.error());
  if (*length == 0 || in.size() < *length) return fail("truncated", "shorter than it says");
  ProbeMessage m;
  const auto kind = get<std::uint8_t>(in, 5);
  if (kind != 1 && kind != 2) return fail("bad-message", "unknown kind");
  m.kind = static_cast<ProbeMessage::Kind>(kind);
  m.session = get<std::uint32_t>(in, 8);
  m.parameters.size = get<std::uint32_t>(in, 16);
  m.parameters.rate = get<std::uint32_t>(in, 20) / 1000.0;
  m.sequence = get<std::uint64_t>(in, 24);
  m.sent = get<Nanoseconds>(in, 32);
  if (m.parameters.size > ProbeMessage::kLongest) return fail("bad-message", "bad size");
  if (m.kind == ProbeMessage::Kind::Finish) {
    const ByteView body = in.subspan(ProbeMessage::kHeader, *length - ProbeMessage::kHeader);
    m.body.assign(body.begin(), body.end());
  }
  return m;
}

}  // namespace flowmob::lab
