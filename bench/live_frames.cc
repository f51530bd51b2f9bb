// SPDX-License-Identifier: Apache-2.0
// Frames as fast as one core makes them, from BPF_PROG_TEST_RUN's live frames, and how many arrive:
//   live-frames load DIRECTORY                    pins the programs and maps of frames.bpf.c there
//   live-frames divert DIRECTORY INTERFACE        where `divert` sends what comes
//   live-frames run DIRECTORY INTERFACE FRAME FLOWS SECONDS [INTERVAL-NS]
// FRAME is in hexadecimal; its UDP source port is the first of FLOWS, a power of two. They leave by
// INTERFACE, which takes them where its peer has an XDP program. With an interval they are paced, and their
// ages on arrival are in what is printed: {"sent", "arrived", "seconds", "ages": [[us, packets], ...]}.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/address.h"
#include "bench/frames.h"
#include "frames.skel.h"

namespace {

using Clock = std::chrono::steady_clock;
using Words = std::vector<std::string>;
constexpr __u32 kRow = 0;

class Directory {
 public:
  explicit Directory(std::filesystem::path path) : path_(std::move(path)) {}
  void load() const {
    frames_bpf* object = frames_bpf::open_and_load();
    if (!object) throw std::runtime_error("the kernel does not take the programs");
    std::filesystem::create_directories(path_);
    if (bpf_object__pin_maps(object->obj, (path_ / "maps").c_str()) != 0 ||
        bpf_object__pin_programs(object->obj, path_.c_str()) != 0)
      throw std::runtime_error("cannot pin to " + path_.string());
  }
  int open(const std::string& name) const {
    const int fd = bpf_obj_get((path_ / name).c_str());
    if (fd < 0) throw std::runtime_error("cannot open " + (path_ / name).string());
    return fd;
  }

 private:
  std::filesystem::path path_;
};

/// Of all CPUs.
template <class Row, class Value>
std::uint64_t total(int map, __u32 key, Value value) {
  std::vector<Row> each(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  if (bpf_map_lookup_elem(map, &key, each.data()) != 0) throw std::runtime_error("cannot read a counter");
  std::uint64_t sum = 0;
  for (const auto& row : each) sum += value(row);
  return sum;
}

std::uint64_t packets(int map) {
  return total<frames_count>(map, kRow, [](const frames_count& row) { return row.packets; });
}

template <class Row>
void clear(int map, std::uint32_t rows, const Row& to = {}) {
  const std::vector<Row> each(static_cast<std::size_t>(libbpf_num_possible_cpus()), to);
  for (__u32 key = 0; key < rows; ++key)
    if (bpf_map_update_elem(map, &key, each.data(), BPF_ANY) != 0) throw std::runtime_error("cannot clear");
}

unsigned index_of(const std::string& interface) {
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) throw std::runtime_error("no interface " + interface);
  return index;
}

frames_plan plan_of(const Words& words) {
  const auto frame = flowmob::from_hex(words.at(3));
  if (!frame || (frame->size() != FRAME_SHORT && frame->size() != FRAME_LONG))
    throw std::runtime_error(fmt::format("a frame has {} or {} octets", FRAME_SHORT, FRAME_LONG));
  frames_plan plan{};
  std::ranges::copy(*frame, plan.frame);
  plan.length = static_cast<__u32>(frame->size());
  plan.interface = index_of(words.at(2));
  plan.flow_mask = static_cast<__u32>(std::stoul(words.at(4))) - 1;
  const std::size_t port = plan.length == FRAME_LONG ? 94 : 54;
  plan.port = static_cast<__u32>((*frame)[port] << 8 | (*frame)[port + 1]);
  return plan;
}

void make_frames(int program, const frames_plan& plan, unsigned repeat) {
  auto frame = std::vector<__u8>(plan.frame, plan.frame + plan.length);
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = frame.data();
  options.data_size_in = plan.length;
  options.repeat = static_cast<int>(repeat);
  options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  if (bpf_prog_test_run_opts(program, &options) != 0)
    throw std::runtime_error(fmt::format("live frames: {}", std::strerror(errno)));
}

std::string ages_of(int map) {
  std::string text;
  for (__u32 bucket = 0; bucket < FRAME_BUCKETS; ++bucket)
    if (const auto count = total<std::uint64_t>(map, bucket, [](std::uint64_t row) { return row; }))
      text += fmt::format("{}[{}, {}]", text.empty() ? "" : ", ", bucket * (FRAME_BUCKET_NS / 1000), count);
  return text;
}

std::uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);  // bpf_ktime_get_ns()
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

/// Until what was made has arrived, or got lost.
void settle(int arrived) {
  for (auto before = packets(arrived) - 1; before != packets(arrived); ::usleep(20'000))
    before = packets(arrived);
}

int run(const Directory& directory, const Words& words) {
  frames_plan plan = plan_of(words);
  const double seconds = std::stod(words.at(5));
  const int generator = directory.open("generate"), row = directory.open("maps/plan"),
            made = directory.open("maps/made"), arrived = directory.open("maps/arrived"),
            ages = directory.open("maps/ages");
  frames_count first{};
  if (words.size() > 6) {
    plan.interval_ns = std::stoull(words[6]);
    plan.left = static_cast<__u64>(seconds * 1e9 / static_cast<double>(plan.interval_ns));
    first.next_ns = now_ns() + 10'000'000;
    clear<std::uint64_t>(ages, FRAME_BUCKETS);
  }
  if (bpf_map_update_elem(row, &kRow, &plan, BPF_ANY) != 0) throw std::runtime_error("cannot write the plan");
  if (!plan.interval_ns) make_frames(generator, plan, 10'000);  // what is cold gets warm
  settle(arrived);
  clear(made, 1, first);
  clear<frames_count>(arrived, 1);
  const auto start = Clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  while (plan.interval_ns ? packets(made) < plan.left && passed() < seconds + 1 : passed() < seconds)
    make_frames(generator, plan, 100'000);
  const double took = passed();
  settle(arrived);
  fmt::print(R"({{"sent": {}, "arrived": {}, "seconds": {:.6f}, "ages": [{}]}})"
             "\n",
             packets(made), packets(arrived), took, plan.interval_ns ? ages_of(ages) : "");
  return 0;
}

int serve(const Words& words) {
  const std::string command = words.empty() ? "" : words[0];
  if (command == "load" && words.size() == 2) {
    Directory(words[1]).load();
    return 0;
  }
  if (command == "divert" && words.size() == 3) {
    const __u32 to = index_of(words[2]);
    if (bpf_map_update_elem(Directory(words[1]).open("maps/diversion"), &kRow, &to, BPF_ANY) == 0) return 0;
    throw std::runtime_error("cannot write the diversion");
  }
  if (command == "run" && (words.size() == 6 || words.size() == 7)) return run(Directory(words[1]), words);
  fmt::print(stderr,
             "live-frames load DIRECTORY | divert DIRECTORY INTERFACE | "
             "run DIRECTORY INTERFACE FRAME FLOWS SECONDS [INTERVAL-NS]\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return serve({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "live-frames: {}\n", error.what());
    return 1;
  }
}
