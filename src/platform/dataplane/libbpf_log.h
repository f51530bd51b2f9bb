// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace flowmob::dataplane {

/// While it lives, what libbpf has to say in this thread is kept instead of printed: the end of it explains
/// a failure.
class LibbpfLog {
 public:
  LibbpfLog();
  ~LibbpfLog();
  LibbpfLog(const LibbpfLog&) = delete;
  LibbpfLog& operator=(const LibbpfLog&) = delete;

  std::string tail() const;

 private:
  std::string text_;
  std::string* outer_;
};

}  // namespace flowmob::dataplane
