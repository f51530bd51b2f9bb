// SPDX-License-Identifier: Apache-2.0
#include "capture/capture_parser.h"

#include <fmt/format.h>

#include <algorithm>

namespace flowmob::capture {
namespace {

constexpr std::uint32_t kMicroseconds = 0xa1b2c3d4, kNanoseconds = 0xa1b23c4d;
constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a, kInterfaceDescription = 1, kSimplePacket = 3,
                        kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::size_t kFileHeader = 24, kRecordHeader = 16;
/// More than any snap length in use: a longer record is damage, and is not allocated.
constexpr std::uint32_t kLongestRecord = 1 << 20;

constexpr std::uint32_t swapped(std::uint32_t v) {
  return v << 24 | (v & 0xff00) << 8 | (v >> 8 & 0xff00) | v >> 24;
}

tl::unexpected<Error> damaged(std::string what) { return fail("bad-capture", std::move(what)); }

}  // namespace

std::uint16_t CaptureParser::get16(ByteView in, std::size_t at) const {
  return static_cast<std::uint16_t>(big_endian_ ? in[at] << 8 | in[at + 1] : in[at + 1] << 8 | in[at]);
}
std::uint32_t CaptureParser::get32(ByteView in, std::size_t at) const {
  const std::uint32_t low = get16(in, big_endian_ ? at + 2 : at), high = get16(in, big_endian_ ? at : at + 2);
  return high << 16 | low;
}

void CaptureParser::feed(ByteView octets) {
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(position_));
  position_ = 0;
  buffer_.insert(buffer_.end(), octets.begin(), octets.end());
}

Result<std::optional<CapturedFrame>> CaptureParser::next() {
  if (format_ == Format::Unknown)
    if (auto error = recognise()) return tl::unexpected(*error);
  if (format_ == Format::Pcap) return next_record();
  if (format_ == Format::Pcapng) return next_block();
  return std::nullopt;
}

std::optional<Error> CaptureParser::finish() const {
  if (format_ == Format::Unknown) return Error{"not-a-capture", "neither a pcap nor a pcapng file"};
  if (!rest().empty())
    return Error{"truncated-capture",
                 fmt::format("the file ends within a record, {} octets into it", rest().size())};
  return std::nullopt;
}

std::optional<Error> CaptureParser::recognise() {
  if (rest().size() < 4) return std::nullopt;
  big_endian_ = false;
  const std::uint32_t magic = get32(rest(), 0);
  if (magic == kSectionHeader) {
    format_ = Format::Pcapng;
    return std::nullopt;
  }
  big_endian_ = magic == swapped(kMicroseconds) || magic == swapped(kNanoseconds);
  const std::uint32_t kind = get32(rest(), 0);
  if (kind != kMicroseconds && kind != kNanoseconds)
    return Error{"not-a-capture", "neither a pcap nor a pcapng file"};
  if (rest().size() < kFileHeader) return std::nullopt;
  nanoseconds_per_unit_ = kind == kNanoseconds ? 1 : 1000;
  link_type_ = get32(rest(), 20) & 0xffff;  // above are the flags about a frame check sequence
  position_ += kFileHeader;
  format_ = Format::Pcap;
  return std::nullopt;
}

Result<std::optional<CapturedFrame>> CaptureParser::next_record() {
  const ByteView record = rest();
  if (record.size() < kRecordHeader) return std::nullopt;
  const std::uint32_t captured = get32(record, 8);
  if (captured > kLongestRecord) return damaged(fmt::format("a record claims {} octets", captured));
  if (record.size() - kRecordHeader < captured) return std::nullopt;
  const ByteView octets = record.subspan(kRecordHeader, captured);
  CapturedFrame frame{
      std::int64_t{get32(record, 0)} * 1'000'000'000 + std::int64_t{get32(record, 4)} * nanoseconds_per_unit_,
      get32(record, 12), Bytes(octets.begin(), octets.end()), link_type_};
  position_ += kRecordHeader + captured;
  return frame;
}

/// Block: type (32), total length (32), body, total length again (32).
Result<std::optional<CapturedFrame>> CaptureParser::next_block() {
  while (rest().size() >= 12) {
    const bool is_section = get32(rest(), 0) == kSectionHeader;  // the same in both byte orders
    if (is_section)
      if (auto error = section(rest())) return tl::unexpected(*error);
    const std::uint32_t length = get32(rest(), 4);
    if (length < 12 || length % 4 != 0 || length > kLongestRecord + 64)
      return damaged(fmt::format("a block claims {} octets", length));
    if (rest().size() < length) return std::nullopt;
    if (get32(rest(), length - 4) != length) return damaged("a block's two lengths differ");
    const std::uint32_t type = get32(rest(), 0);
    const ByteView body = rest().subspan(8, length - 12);
    position_ += length;
    if (type == kInterfaceDescription)
      if (auto error = interface_block(body)) return tl::unexpected(*error);
    if (type == kSimplePacket) return damaged("simple packet blocks, which have no time, are not read");
    if (type == kEnhancedPacket) return packet_block(body);
  }
  return std::nullopt;
}

std::optional<Error> CaptureParser::section(ByteView header) {
  big_endian_ = false;
  if (get32(header, 8) == swapped(kByteOrderMagic)) big_endian_ = true;
  if (get32(header, 8) != kByteOrderMagic)
    return Error{"bad-capture", "a section without its byte-order magic"};
  interfaces_.clear();
  return std::nullopt;
}

std::optional<Error> CaptureParser::interface_block(ByteView body) {
  if (body.size() < 8) return Error{"bad-capture", "an interface block that is too short"};
  Interface interface { .link_type = get16(body, 0) };
  for (ByteView options = body.subspan(8); options.size() >= 4;) {
    const std::uint16_t code = get16(options, 0), length = get16(options, 2);
    const std::size_t padded = 4 + (std::size_t{length} + 3) / 4 * 4;
    if (code == 0 || options.size() < padded) break;
    if (code == 9 && length == 1) {  // if_tsresol: a power of ten, or of two with the upper bit
      const unsigned exponent = options[4] & 0x7f;
      const bool binary = (options[4] & 0x80) != 0;
      if (exponent > (binary ? 30U : 9U))
        return Error{"bad-capture", "a time resolution finer than nanoseconds"};
      interface.units_per_second = 1;
      for (unsigned i = 0; i < exponent; ++i) interface.units_per_second *= binary ? 2 : 10;
    }
    options = options.subspan(padded);
  }
  interfaces_.push_back(interface);
  return std::nullopt;
}

Result<std::optional<CapturedFrame>> CaptureParser::packet_block(ByteView body) const {
  if (body.size() < 20) return damaged("a packet block that is too short");
  const std::uint32_t index = get32(body, 0), captured = get32(body, 12);
  if (index >= interfaces_.size())
    return damaged(fmt::format("a packet of interface {}, which is none", index));
  if (body.size() - 20 < captured) return damaged("a packet leaves its block");
  const Interface& interface = interfaces_[index];
  const std::uint64_t units = std::uint64_t{get32(body, 4)} << 32 | get32(body, 8);
  const std::uint64_t per_second = interface.units_per_second;
  const std::uint64_t seconds = units / per_second;
  if (seconds > 0x7fffffffU * std::uint64_t{4}) return damaged("a packet from beyond the year 2200");
  const ByteView octets = body.subspan(20, captured);
  return CapturedFrame{
      static_cast<std::int64_t>(seconds * 1'000'000'000 + units % per_second * 1'000'000'000 / per_second),
      get32(body, 16), Bytes(octets.begin(), octets.end()), interface.link_type};
}

}  // namespace flowmob::capture
