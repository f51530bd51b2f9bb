// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <vector>

#include "capture/capture_parser.h"

namespace flowmob::lab {

using capture::CapturedFrame;

/// Reads a capture while it is still being written.
class PcapReader {
 public:
  explicit PcapReader(std::filesystem::path path) : path_(std::move(path)) {}
  /// The frames that are whole since the last call; nothing any more once the file is damaged.
  std::vector<CapturedFrame> read();

 private:
  void feed_what_is_new();

  std::filesystem::path path_;
  std::ifstream file_;
  std::streamoff position_ = 0;
  capture::CaptureParser parser_;
};

}  // namespace flowmob::lab
