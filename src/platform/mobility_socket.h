// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

struct ReceivedMessage {
  Ipv6Address source;
  Ipv6Address destination;
  InterfaceIndex interface;
  std::uint8_t hop_limit{};
  Bytes mobility_header;
};

/// A raw IPv6 socket for next header 135, bound to the daemon's address. The kernel's checksumming is
/// switched off both ways (docs/adr/0041): the codec fills in and verifies it, so that the core sees and
/// counts a bad one.
class MobilitySocket {
 public:
  /// Header Len is one octet, in units of 8 octets after the first 8 (RFC 6275 section 6.1.1).
  static constexpr std::size_t kMaxMessage = 2048;

  struct Counters {
    std::uint64_t received{}, sent{};
    std::uint64_t truncated{};  ///< longer than any Mobility Header can be
    std::uint64_t receive_errors{};
    std::uint64_t send_failures{};  ///< full queues included
  };

  static Result<MobilitySocket> open(const Ipv6Address& local);

  int fd() const { return fd_.get(); }
  /// The next message, nothing when none waits. Oversized datagrams are dropped and counted on the way.
  Result<std::optional<ReceivedMessage>> receive();
  /// Never blocks; "would-block" when the queues are full (the protocol's retransmission repairs that).
  Result<void> send(const Ipv6Address& source, const Ipv6Address& destination, ByteView mobility_header);
  const Counters& counters() const { return counters_; }

 private:
  explicit MobilitySocket(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  Counters counters_;
};

}  // namespace flowmob::platform
