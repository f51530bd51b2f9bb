// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/pcap.h"

#include <array>

namespace flowmob::lab {
namespace {

constexpr std::uint32_t kMicroseconds = 0xa1b2c3d4;
constexpr std::uint32_t kNanoseconds = 0xa1b23c4d;
constexpr std::streamoff kFileHeader = 24;
constexpr std::uint32_t kLongest = 1 << 20;

template <class T>
bool read_exactly(std::ifstream& file, T& into) {
  file.read(reinterpret_cast<char*>(&into), sizeof into);
  return file.gcount() == sizeof into;
}

}  // namespace

std::vector<CapturedFrame> PcapReader::read() {
  std::vector<CapturedFrame> frames;
  if (!open()) return frames;
  for (CapturedFrame frame; take(frame);) frames.push_back(std::move(frame));
  return frames;
}

bool PcapReader::open() {
  if (!file_.is_open()) file_.open(path_, std::ios::binary);
  file_.clear();
  if (fraction_ != 0) return true;
  std::uint32_t magic = 0;
  file_.seekg(0);
  if (!read_exactly(file_, magic)) return false;
  fraction_ = magic == kNanoseconds ? 1 : magic == kMicroseconds ? 1000 : 0;
  position_ = kFileHeader;
  return fraction_ != 0;
}

bool PcapReader::take(CapturedFrame& frame) {
  struct RecordHeader {
    std::uint32_t seconds, fraction, captured, length;
  } header{};
  file_.clear();
  file_.seekg(position_);
  if (!read_exactly(file_, header) || header.captured > kLongest) return false;
  frame.octets.resize(header.captured);
  file_.read(reinterpret_cast<char*>(frame.octets.data()), header.captured);
  // A record still being written is left for the next time.
  if (file_.gcount() != static_cast<std::streamsize>(header.captured)) return false;
  frame.time = static_cast<Nanoseconds>(header.seconds) * 1'000'000'000 + header.fraction * fraction_;
  frame.length = header.length;
  position_ += static_cast<std::streamoff>(sizeof header + header.captured);
  return true;
}

}  // namespace flowmob::lab
