// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace flowmob::capture {

struct CapturedFrame {
  std::int64_t time{};     ///< nanoseconds since 1970
  std::uint32_t length{};  ///< on the wire; `octets` may be fewer
  Bytes octets{};
  std::uint32_t link_type{};  ///< LINKTYPE_ number, see packet.h
};

/// Reads a capture (pcap of either byte order, with micro- or nanoseconds; pcapng) from octets that arrive
/// bit by bit, as from a file that is still being written:
///   feed() what there is, then next() until it gives nothing; at the end of the file finish() says whether
///   something was cut off. An error is final.
/// Errors: "not-a-capture", "bad-capture", "truncated-capture".
class CaptureParser {
 public:
  void feed(ByteView octets);
  /// The next whole frame; nothing while it is not all there.
  Result<std::optional<CapturedFrame>> next();
  /// After the last octet: an error if the file ends within a record, or before its header is whole.
  std::optional<Error> finish() const;

 private:
  enum class Format { Unknown, Pcap, Pcapng };
  struct Interface {
    std::uint32_t link_type{};
    std::uint64_t units_per_second = 1'000'000;
  };

  std::optional<Error> recognise();
  Result<std::optional<CapturedFrame>> next_record();
  Result<std::optional<CapturedFrame>> next_block();
  Result<std::optional<CapturedFrame>> packet_block(ByteView body) const;
  std::optional<Error> section(ByteView header);
  std::optional<Error> interface_block(ByteView body);
  std::uint16_t get16(ByteView in, std::size_t at) const;
  std::uint32_t get32(ByteView in, std::size_t at) const;
  ByteView rest() const { return ByteView(buffer_).subspan(position_); }

  Bytes buffer_;
  std::size_t position_ = 0;
  Format format_ = Format::Unknown;
  bool big_endian_ = false;
  std::uint32_t nanoseconds_per_unit_ = 1;  ///< pcap
  std::uint32_t link_type_ = 0;             ///< pcap
  std::vector<Interface> interfaces_;       ///< pcapng
};

}  // namespace flowmob::capture
