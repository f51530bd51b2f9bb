// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "lab/probe/message.h"

namespace flowmob::lab {

struct ProbeOptions {
  std::string host;  ///< serve: where to listen; stream: whom to reach
  std::uint16_t port = 5004;
  std::string source;  ///< stream: own address, if it matters
  std::string netns;
  bool tcp = false, once = false, json = false;
  StreamParameters parameters;
  double duration = 10;  ///< seconds; 0: until SIGTERM
  double drain = 1;      ///< seconds
  std::string json_file, log_file, progress_file;
};

inline Duration seconds(double s) { return Duration{static_cast<Duration::rep>(s * 1e9)}; }

/// Each runs to the end of its measurement or to SIGTERM, writes its reports and tells whether they are
/// complete.
Result<bool> serve_udp(const ProbeOptions& options);
Result<bool> stream_udp(const ProbeOptions& options);
Result<bool> serve_tcp(const ProbeOptions& options);
Result<bool> stream_tcp(const ProbeOptions& options);
Result<bool> ping(const ProbeOptions& options);

}  // namespace flowmob::lab
