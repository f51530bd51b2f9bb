// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/pcap.h"

#include <array>

namespace flowmob::lab {

std::vector<CapturedFrame> PcapReader::read() {
  std::vector<CapturedFrame> frames;
  feed_what_is_new();
  for (;;) {
    auto frame = parser_.next();
    if (!frame || !*frame) return frames;
    frames.push_back(std::move(**frame));
  }
}

void PcapReader::feed_what_is_new() {
  if (!file_.is_open()) file_.open(path_, std::ios::binary);
  file_.clear();
  file_.seekg(position_);
  Bytes fresh;
  std::array<char, 65536> part{};
  while (file_.read(part.data(), part.size()), file_.gcount() > 0) {
    fresh.insert(fresh.end(), part.begin(), part.begin() + file_.gcount());
    position_ += file_.gcount();
  }
  parser_.feed(fresh);
}

}  // namespace flowmob::lab
