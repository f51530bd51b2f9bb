// SPDX-License-Identifier: Apache-2.0
// What the anchor's downlink program takes for a packet, by BPF_PROG_TEST_RUN:
//   program-time [--rounds N] [--packets N] [--bindings N]
//   program-time --object FILE --program NAME | --pinned FILE     times another program, on the same packets
// A run with `repeat` would see its own output, a packet in a tunnel: every packet is a run of its own, in
// batches of every subject in a new order each round. From each batch that of a program which does nothing is
// subtracted: the clock and the call. The slowest hundredth of a batch is left out, which is the machine's.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>

#include "bench/time_rows.h"
#include "frames.skel.h"

namespace flowmob::bench {
namespace {

using Words = std::vector<std::string>;
using Series = std::vector<double>;

struct Options {
  int rounds = 9;
  std::size_t packets = FRAME_ROUND;  ///< of a batch
  std::uint32_t bindings = 1'000'000;
  std::uint64_t flows = 1'000'000;
  std::string object, program, pinned;
};

double mean_time(const Subject& subject, std::vector<Frame>& frames) {
  std::vector<std::uint32_t> times;
  times.reserve(frames.size());
  for (auto& frame : frames) times.push_back(run_once(subject, frame));
  const auto kept = static_cast<std::ptrdiff_t>(times.size() - times.size() / 100);
  std::ranges::nth_element(times, times.begin() + kept - 1);
  return std::accumulate(times.begin(), times.begin() + kept, 0.0) / static_cast<double>(kept);
}

/// Runs programs, and what is subtracted from them.
class Runner {
 public:
  Runner() {
    if (!object_) throw std::runtime_error("the kernel does not take the programs that run others");
    void* at = ::mmap(nullptr, sizeof(frames_other) * FRAME_ROUND, PROT_READ | PROT_WRITE, MAP_SHARED,
                      bpf_map__fd(object_->maps.others), 0);
    if (at == MAP_FAILED) throw std::runtime_error("no memory is shared with the kernel");
    others_ = static_cast<frames_other*>(at);
  }

  struct Times {
    double subject = 0, nothing = 0;
  };
  Times run(const Subject& subject, std::vector<Frame>& frames) {
    if (!subject.xdp) {
      const double nothing = mean_time({bpf_program__fd(object_->progs.nothing), false}, frames);
      return {mean_time(subject, frames), nothing};
    }
    give(frames);
    const double nothing = one_after_the_other(bpf_program__fd(object_->progs.cover_xdp), frames[0]);
    return {one_after_the_other(subject.program, frames[0]), nothing};
  }

 private:
  void give(const std::vector<Frame>& frames) {
    frames_plan plan{};
    std::ranges::copy(frames[0], plan.frame);
    const __u32 row = 0;
    bpf_map_update_elem(bpf_map__fd(object_->maps.plan), &row, &plan, BPF_ANY);
    for (std::size_t i = 0; i < FRAME_ROUND; ++i)
      std::ranges::copy(std::span(frames[i % frames.size()]).subspan(FRAME_SAME), others_[i].octets);
  }
  double one_after_the_other(int program, Frame& first) {
    const __u32 row = 0;
    if (bpf_map_update_elem(bpf_map__fd(object_->maps.subject), &row, &program, BPF_ANY) != 0)
      throw std::runtime_error("the program cannot be run by another");
    return run_once({bpf_program__fd(object_->progs.again), true}, first, FRAME_ROUND);
  }

  frames_bpf* object_ = frames_bpf::open_and_load();
  frames_other* others_ = nullptr;
};

/// Something to be timed: a batch of its frames at a time.
struct Case {
  std::string name;
  Subject subject;
  std::function<Frame()> next;
  Series ns;
};

class Measurement {
 public:
  explicit Measurement(const Options& options) : options_(options) {}

  void add(std::string name, Subject subject, std::function<Frame()> next) {
    cases_.push_back({std::move(name), subject, std::move(next), {}});
  }
  void run() {
    std::vector<std::size_t> order(cases_.size());
    std::iota(order.begin(), order.end(), 0);
    for (int round = 0; round < options_.rounds; ++round) {
      std::ranges::shuffle(order, random_);
      for (const auto i : order) {
        auto& one = cases_[i];
        auto frames = batch(one);
        const auto times = runner_.run(one.subject, frames);
        one.ns.push_back(times.subject - times.nothing);
        overhead_.push_back(times.nothing);
      }
    }
  }
  bool has(const std::string& name) const { return find(name) != nullptr; }
  const Series& of(const std::string& name) const {
    const auto* found = find(name);
    if (!found) throw std::runtime_error("nothing was timed that is called " + name);
    return found->ns;
  }
  const std::vector<Case>& cases() const { return cases_; }
  const Series& overhead() const { return overhead_; }

 private:
  const Case* find(const std::string& name) const {
    const auto found = std::ranges::find(cases_, name, &Case::name);
    return found == cases_.end() ? nullptr : &*found;
  }
  std::vector<Frame> batch(Case& one) const {
    std::vector<Frame> frames(options_.packets);
    std::ranges::generate(frames, one.next);
    return frames;
  }

  Options options_;
  Runner runner_;
  std::mt19937_64 random_{42};
  std::vector<Case> cases_;
  Series overhead_;
};

std::string list(const Series& values, int digits = 1) {
  std::string text;
  for (const double value : values) text += fmt::format("{}{:.{}f}", text.empty() ? "" : ", ", value, digits);
  return "[" + text + "]";
}

Series ratios(const Series& a, const Series& b) {
  Series result;
  std::ranges::transform(a, b, std::back_inserter(result), std::divides<>{});
  return result;
}

/// Parts of the output that bench/report.py takes.
class Figures {
 public:
  void add(std::string_view id, std::string_view unit, std::string_view baseline, const Series& samples,
           std::string_view note) {
    lines_.push_back(
        fmt::format(R"({{"id": "{}", "unit": "{}", "baseline": "{}", "samples": {}, "note": "{}"}})", id,
                    unit, baseline, list(samples, unit == "ratio" ? 3 : 1), note));
  }
  std::string json() const { return fmt::format("[\n  {}]", fmt::join(lines_, ",\n  ")); }

 private:
  Words lines_;
};

constexpr std::uint32_t kFewBindings = 100;
constexpr std::string_view kHooks[] = {"lma_downlink", "lma_xdp"};

std::string name_of(std::string_view program, std::string_view what) {
  return fmt::format("{} {}", program, what);
}
bool is_xdp(std::string_view program) { return program.find("xdp") != std::string_view::npos; }

/// Anchors of growing size, all of them there for the whole run.
class Anchors {
 public:
  Anchors(const Options& options, Measurement& measurement) : options_(options), measurement_(measurement) {
    for (const std::uint64_t flows :
         {std::uint64_t{1}, std::uint64_t{100}, std::uint64_t{10'000}, options.flows})
      add_flows(flows);
    for (const std::uint32_t bindings : {kFewBindings, 10'000U, options.bindings}) add_bindings(bindings);
    add_first_packets();
  }
  double memory_per_binding() const { return by_bindings_.back()->memory_per_binding(); }
  double memory_of_rows() const { return by_bindings_.back()->memory_of_rows(); }
  double memory_per_flow() const { return memory_per_flow_; }

 private:
  void time_each(const Anchor& anchor, const std::string& what, const std::function<Frame()>& next) {
    for (const auto program : kHooks)
      if (const int fd = anchor.program(std::string(program)); fd >= 0)
        measurement_.add(name_of(program, what), {fd, is_xdp(program)}, next);
  }
  void add_flows(std::uint64_t flows) {
    const auto few = static_cast<std::uint32_t>(std::min<std::uint64_t>(flows, kFewBindings));
    const std::uint32_t cached = flows > 60'000 ? 1U << 20 : 1U << 16;
    const auto& anchor = *by_flows_.emplace_back(std::make_unique<Anchor>(Layout{few, 1, cached}));
    const auto frame = [few](std::uint64_t flow) {
      return frame_of(flow, static_cast<std::uint32_t>(flow % few));
    };
    for (std::uint64_t flow = 0; flow < flows; ++flow) {  // its first packet
      Frame first = frame(flow);
      run_once({anchor.program("lma_downlink"), false}, first);
    }
    for (const bool zipf : {false, true}) {
      const auto choice = std::make_shared<Choice>(flows, zipf);
      if (zipf && flows == 1) continue;
      time_each(anchor, fmt::format("flows {} {}", flows, zipf ? "zipf" : "uniform"),
                [this, choice, frame] { return frame((*choice)(random_)); });
    }
    memory_per_flow_ = static_cast<double>(anchor.memory_of("flow_cache")) / cached;
  }
  void add_bindings(std::uint32_t bindings) {
    const auto& anchor = *by_bindings_.emplace_back(std::make_unique<Anchor>(Layout{bindings, 0, 1U << 16}));
    const auto among = [this](std::uint32_t some) {
      return [this, some] {
        const auto binding = static_cast<std::uint32_t>(random_() % some);
        return frame_of(binding, binding);
      };
    };
    time_each(anchor, fmt::format("bindings {}", bindings), among(bindings));
    time_each(anchor, fmt::format("bindings {} of which {} busy", bindings, kFewBindings),
              among(kFewBindings));
  }
  void add_first_packets() {
    first_ = std::make_unique<Anchor>(Layout{1, FM_MAX_RULES, 1U << 16});
    time_each(*first_, "miss", [this] { return frame_of(++fresh_ + 1000, 0); });
    time_each(*first_, "hit", [this] { return frame_of(random_() % 100, 0); });
  }

  Options options_;
  Measurement& measurement_;
  std::mt19937_64 random_{1};
  std::uint64_t fresh_ = 0;
  double memory_per_flow_ = 0;
  std::vector<std::unique_ptr<Anchor>> by_flows_, by_bindings_;
  std::unique_ptr<Anchor> first_;
};

void add_times(Figures& figures, const Options& options, const Measurement& measured,
               std::string_view program, std::string_view suffix) {
  const auto of = [&](const std::string& what) -> const Series& {
    return measured.of(name_of(program, what));
  };
  const auto id = [&](std::string_view name) { return fmt::format("{}{}", name, suffix); };
  const auto most = fmt::format("flows {} uniform", options.flows),
             most_zipf = fmt::format("flows {} zipf", options.flows);
  const std::string bindings = fmt::format("bindings {}", options.bindings);
  const auto busy = fmt::format(" of which {} busy", kFewBindings);
  figures.add(id("prog_ns_flows_1"), "ns", "what runs it", of("flows 1 uniform"), program);
  figures.add(id("prog_ns_flows_1e6"), "ns", "what runs it", of(most), program);
  figures.add(id("scale_flows_uniform"), "ratio", "100 flows", ratios(of(most), of("flows 100 uniform")),
              program);
  figures.add(id("scale_flows_zipf"), "ratio", "100 flows", ratios(of(most_zipf), of("flows 100 zipf")),
              program);
  figures.add(id("scale_bindings"), "ratio", "100 bindings", ratios(of(bindings), of("bindings 100")),
              fmt::format("{}; packets for all bindings, uniform", program));
  figures.add(id("scale_bindings_busy"), "ratio", "100 bindings",
              ratios(of(bindings + busy), of("bindings 100")),
              fmt::format("{}; packets for 100 of the bindings", program));
  figures.add(id("miss_over_hit"), "ratio", "a packet of a known flow", ratios(of("miss"), of("hit")),
              program);
}

int measure(const Options& options) {
  make_network();
  Measurement measurement(options);
  const Anchors anchors(options, measurement);
  measurement.run();
  Figures figures;
  const bool has_xdp = measurement.has(name_of(kHooks[1], "hit"));
  add_times(figures, options, measurement, kHooks[has_xdp], "");
  figures.add("bytes_per_binding", "octets", "", {anchors.memory_per_binding()},
              fmt::format("rows {:.0f}, the rest tables for 2^20 bindings", anchors.memory_of_rows()));
  figures.add("bytes_per_flow", "octets", "", {anchors.memory_per_flow()},
              "the cache of flows with its table");
  if (has_xdp) add_times(figures, options, measurement, kHooks[0], "_tc");
  Words rows;
  for (const auto& one : measurement.cases())
    rows.push_back(fmt::format(R"({{"name": "{}", "ns": {}}})", one.name, list(one.ns)));
  fmt::print("{{\"packets\": {}, \"overhead_ns\": {},\n\"rows\": [\n  {}],\n\"figures\": {}}}\n",
             options.packets, list(measurement.overhead()), fmt::join(rows, ",\n  "), figures.json());
  return 0;
}

Subject other_program(const Options& options) {
  bpf_prog_info info{};
  __u32 length = sizeof(info);
  int fd = -1;
  if (!options.pinned.empty()) {
    fd = bpf_obj_get(options.pinned.c_str());
  } else if (bpf_object* object = bpf_object__open_file(options.object.c_str(), nullptr); object) {
    if (bpf_object__load(object) != 0) throw std::runtime_error("the kernel does not take " + options.object);
    if (const auto* program = bpf_object__find_program_by_name(object, options.program.c_str()))
      fd = bpf_program__fd(program);
  }
  if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length) != 0)
    throw std::runtime_error("there is no such program");
  if (info.type != BPF_PROG_TYPE_XDP && info.type != BPF_PROG_TYPE_SCHED_CLS)
    throw std::runtime_error("a program of tc or XDP is wanted");
  return {fd, info.type == BPF_PROG_TYPE_XDP};
}

/// Its maps hold what the object says, or whoever pinned it has written.
int measure_other(const Options& options) {
  const Subject subject = other_program(options);
  make_network();
  Measurement measurement(options);
  std::mt19937_64 random(1);
  for (const std::uint64_t flows :
       {std::uint64_t{1}, std::uint64_t{100}, std::uint64_t{10'000}, options.flows})
    measurement.add(fmt::format("flows {} uniform", flows), subject, [&random, flows] {
      const auto flow = random() % flows;
      return frame_of(flow, static_cast<std::uint32_t>(flow % kFewBindings));
    });
  measurement.run();
  Words rows;
  for (const auto& one : measurement.cases())
    rows.push_back(fmt::format(R"({{"name": "{}", "ns": {}}})", one.name, list(one.ns)));
  fmt::print("{{\"packets\": {}, \"overhead_ns\": {},\n\"rows\": [\n  {}]}}\n", options.packets,
             list(measurement.overhead()), fmt::join(rows, ",\n  "));
  return 0;
}

Options parse(const Words& words) {
  Options options;
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const auto& [name, value] = std::tie(words[i], words[i + 1]);
    if (name == "--rounds")
      options.rounds = std::stoi(value);
    else if (name == "--packets")
      options.packets = std::max(100UL, std::stoul(value));
    else if (name == "--bindings")
      options.bindings = static_cast<std::uint32_t>(std::stoul(value));
    else if (name == "--flows")
      options.flows = std::stoull(value);
    else if (name == "--object")
      options.object = value;
    else if (name == "--program")
      options.program = value;
    else if (name == "--pinned")
      options.pinned = value;
    else
      throw std::runtime_error("what is " + name + "?");
  }
  if (words.size() % 2 != 0) throw std::runtime_error(words.back() + " wants a value");
  if (options.object.empty() != options.program.empty())
    throw std::runtime_error("--object and --program go together");
  return options;
}

}  // namespace
}  // namespace flowmob::bench

int main(int argc, char** argv) {
  using namespace flowmob::bench;
  try {
    const auto options = parse({argv + 1, argv + argc});
    return options.object.empty() && options.pinned.empty() ? measure(options) : measure_other(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "program-time: {}\n", error.what());
    return 1;
  }
}
