// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "core/effect.h"
#include "core/rate_limiter.h"

namespace flowmob::core {

/// What a Mobility Header that RFC 6275 section 9.2 refuses is answered with: a Binding Error for an unknown
/// type, an ICMPv6 Parameter Problem for a Payload Proto or a Header Len that cannot be, silence for all
/// else. One bucket for all of them (RFC 4443 section 2.4 f, RFC 6275 section 9.3.3).
///
/// A kernel with CONFIG_IPV6_MIP6 looks at Payload Proto and Header Len itself, answers, and gives such a
/// message to no raw socket; other kernels do neither. So whatever arrives here has had no answer yet
/// (docs/adr/0045).
class HeaderErrors {
 public:
  explicit HeaderErrors(unsigned per_second) : limit_(RateLimiter::per_second(per_second)) {}
  void set_rate(unsigned per_second) { limit_.set_rate(per_second); }

  using Answer = std::variant<SendMessage, SendIcmpv6>;
  /// Nothing for a source that is no single node, and above the rate.
  std::optional<Answer> unknown_type(Now now, const PacketMeta& meta);
  /// `code` is that of wire::decode(); the answer goes out from `meta.destination`.
  std::optional<Answer> undecodable(Now now, const PacketMeta& meta, ByteView header, std::string_view code);

 private:
  bool may_answer(Now now, const PacketMeta& meta);

  RateLimiter limit_;
};

}  // namespace flowmob::core
