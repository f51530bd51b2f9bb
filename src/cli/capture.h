// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "cli/terminal.h"
#include "platform/control_client.h"

namespace flowmob::cli {

struct CaptureOptions {
  std::string file{};  ///< empty: a line for each packet; "-": standard output
  std::optional<std::uint64_t> count{};
  std::optional<std::uint64_t> seconds{};
};

/// Events of captured packets as the blocks of a pcapng file: an interface of the file is an interface of the
/// kernel and a direction.
class CaptureBlocks {
 public:
  explicit CaptureBlocks(std::uint32_t snaplen) : snaplen_(snaplen) {}
  /// The file's first.
  static Bytes opening();
  /// "bad-event": one that is no packet.
  Result<Bytes> packet(const Json& event);
  /// The last: how many packets of each there are. Those that were lost are counted at the first, for nobody
  /// knows where they were.
  Bytes closing(std::uint64_t lost) const;

 private:
  struct Interface {
    std::uint32_t number{};
    std::uint64_t packets = 0;
  };
  Bytes interface_of(const Json& event, Interface*& found);

  std::uint32_t snaplen_;
  std::map<std::string, Interface> interfaces_;
  std::int64_t last_ = 0;
};

/// What a packet's comment says of the way it takes: "flow video, mag1, session 7".
std::string comment_of(const Json& event);

/// `flowmob capture`: until the count, the time, the daemon or the reader has ended, or SIGINT or SIGTERM
/// comes. Whatever is written is a whole file.
int capture(platform::ControlClient& client, Terminal& terminal, const Json& arguments,
            const CaptureOptions& options);

}  // namespace flowmob::cli
