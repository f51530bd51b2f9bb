// SPDX-License-Identifier: Apache-2.0
// What one more binding costs an anchor: time of a registration, a refresh, a handover, an expiry and a
// timer, and memory, at growing numbers of bindings. The anchor is the daemon's, its effects are answered at
// once: neither socket nor map nor disk is in the figures. The baseline is the codec on the same messages in
// the same run. capacity-bench --register NODES: registrations a second with their rows in the BPF maps of a
// data plane of its own, in wall-clock time: the message is decoded, judged and answered, and its rows are
// written; no socket, route or database takes part.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "core/binding/deadline_queue.h"
#include "core/lma/local_mobility_anchor.h"
#include "platform/dataplane/lma_dataplane.h"
#include "wire/mobility_header.h"

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBatch = 1000;        // messages that are timed as one
constexpr std::size_t kMeasured = 100'000;  // refreshes and handovers at most, whatever the size
const Ipv6Address kLma = *Ipv6Address::parse("2001:db8:f::1");
const Ipv6Address kMags[] = {*Ipv6Address::parse("2001:db8:a::1"), *Ipv6Address::parse("2001:db8:b::1")};

std::string node_name(std::size_t node) { return fmt::format("mn{:07}@example.net", node); }

std::size_t heap() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

/// Of the processor: what else runs on the machine does not count.
double seconds_now() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

/// ns an operation, a sample a batch.
struct Samples {
  std::vector<double> values;
  std::string json() {
    std::ranges::sort(values);
    const auto at = [&](double share) {
      return values.empty()
                 ? 0
                 : values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    };
    return fmt::format(R"({{"median": {:.0f}, "p10": {:.0f}, "p90": {:.0f}, "samples": {}}})", at(0.5),
                       at(0.1), at(0.9), values.size());
  }
};

struct Message {
  Ipv6Address source;
  Bytes octets;
};

template <class Work>
double timed(std::size_t operations, Work work) {
  const double begin = seconds_now();
  work();
  return (seconds_now() - begin) * 1e9 / static_cast<double>(operations);
}

/// The queue of deadlines alone: each of many timers is put off in turn, as refreshes do, and at last comes.
class Timers {
 public:
  explicit Timers(std::size_t count) : timers_(count) {
    for (std::size_t i = 0; i < count; ++i) set(i, at(random_() % kSpan));
  }

  std::string measure() {
    const auto some = std::min(timers_.size(), kMeasured);
    Samples put_off = run(some, [this] { set(random_() % timers_.size(), at(kSpan + random_() % kSpan)); });
    Samples come = run(some, [this] { set(queue_.front().node.value, DeadlineQueue::kNone); });
    return fmt::format(R"("timer_put_off_ns": {}, "timer_comes_ns": {})", put_off.json(), come.json());
  }

 private:
  static constexpr std::uint64_t kSpan = 900'000'000'000;
  static TimePoint at(std::uint64_t time) { return TimePoint{Duration{static_cast<Duration::rep>(time)}}; }

  template <class Work>
  Samples run(std::size_t count, Work work) {
    Samples samples;
    const auto batch = std::min(count, kBatch);
    for (std::size_t begin = 0; begin + batch <= count; begin += batch)
      samples.values.push_back(timed(batch, [&] {
        for (std::size_t i = 0; i < batch; ++i) work();
      }));
    return samples;
  }
  void set(std::size_t node, TimePoint deadline) {
    queue_.set(NodeIndex{static_cast<std::uint32_t>(node)}, timers_[node], deadline);
    queue_.settle(timers_.size(), [this](NodeIndex index) { return &timers_[index.value]; });
  }

  std::mt19937_64 random_{42};
  std::vector<DeadlineQueue::Timer> timers_;
  DeadlineQueue queue_;
};

/// What of the anchor's effects are rows.
struct Rows {
  dataplane::LmaDataplane& maps;

  Result<void> operator()(const EnsureTunnel& row) const { return maps.ensure_tunnel(row); }
  Result<void> operator()(const InstallNode& row) const { return maps.install_node(row); }
  Result<void> operator()(const InstallSession& row) const { return maps.install_session(row); }
  Result<void> operator()(const InstallFlow& row) const { return maps.install_flow(row); }
  template <class Other>
  Result<void> operator()(const Other&) const {
    return {};
  }
};

class Capacity {
 public:
  explicit Capacity(std::size_t nodes) : nodes_(nodes) {}

  /// A second, of all nodes in no order.
  double register_with_rows(dataplane::LmaDataplane& maps) {
    maps_ = &maps;
    lma_ = std::make_unique<LocalMobilityAnchor>(config());
    lma_->tell_extensions(false);
    const auto nodes = order(nodes_);
    std::chrono::duration<double> took{};
    std::vector<Message> messages;
    for (std::size_t begin = 0; begin < nodes_; begin += messages.size()) {
      messages.clear();
      for (std::size_t i = begin; i < std::min(nodes_, begin + kBatch); ++i) {
        advance(1us);
        messages.push_back(update(nodes[i], 0, false));
      }
      const auto start = std::chrono::steady_clock::now();
      for (const auto& message : messages) deliver(message);
      took += std::chrono::steady_clock::now() - start;
    }
    if (refused_ != 0) throw std::runtime_error(fmt::format("{} registrations were refused", refused_));
    return static_cast<double>(nodes_) / took.count();
  }

  std::string measure() {
    const auto empty = heap();
    lma_ = std::make_unique<LocalMobilityAnchor>(config());
    lma_->tell_extensions(false);  // as in a daemon that nobody listens to
    const auto configured = heap();
    Samples registration = run(order(nodes_), [&](std::size_t node) { return update(node, 0, false); });
    const auto registered = heap();
    const auto some = std::min(nodes_, kMeasured);
    Samples refresh = run(chosen(some), [&](std::size_t node) { return update(node, 0, true); });
    Samples handover = run(chosen(some), [&](std::size_t node) { return update(node, 1, false); });
    Samples expiry = expire();
    return fmt::format(
        R"({{"bindings": {}, "registration_ns": {}, "refresh_ns": {}, "handover_ns": {}, "expiry_ns": {}, )"
        R"("codec_ns": {}, {}, "octets_per_binding": {}, "octets_per_profile": {}, "refused": {}}})",
        nodes_, registration.json(), refresh.json(), handover.json(), expiry.json(), codec_.json(),
        Timers(nodes_).measure(), (registered - configured) / nodes_, (configured - empty) / nodes_,
        refused_);
  }

 private:
  LmaConfig config() const {
    LmaConfig config;
    config.address = kLma;
    config.pools = {*Ipv6Prefix::parse("2001:db8:1000::/40")};
    config.new_link_delay = {};
    config.mags = {{"mag1", kMags[0]}, {"mag2", kMags[1]}};
    config.mobile_nodes.reserve(nodes_);
    for (std::size_t node = 0; node < nodes_; ++node) {
      PolicyProfile profile;
      profile.mn_id = node_name(node);
      config.mobile_nodes.push_back(std::move(profile));
    }
    return config;
  }

  std::vector<std::size_t> order(std::size_t count) {
    std::vector<std::size_t> all(count);
    for (std::size_t i = 0; i < count; ++i) all[i] = i;
    std::ranges::shuffle(all, random_);
    return all;
  }
  /// Of all nodes, in no order.
  std::vector<std::size_t> chosen(std::size_t count) {
    auto all = order(nodes_);
    all.resize(count);
    return all;
  }

  Message update(std::size_t node, std::size_t mag, bool refresh) {
    wire::ProxyBindingUpdate update;
    update.sequence = ++sequence_;
    update.acknowledge = update.proxy = true;
    update.lifetime = 900;
    const std::string name = node_name(node);
    const Bytes link_layer{2,
                           0,
                           0,
                           static_cast<std::uint8_t>(node >> 16),
                           static_cast<std::uint8_t>(node >> 8),
                           static_cast<std::uint8_t>(node)};
    update.options = {wire::MobileNodeIdentifier{1, Bytes(name.begin(), name.end())},
                      wire::HomeNetworkPrefixOption{},
                      wire::HandoffIndicatorOption{refresh    ? wire::HandoffIndicator::NoChange
                                                   : mag == 0 ? wire::HandoffIndicator::NewInterface
                                                              : wire::HandoffIndicator::HandoffBetweenMags},
                      wire::AccessTechnologyTypeOption{wire::AccessTechnology::Wlan},
                      wire::MnLinkLayerIdentifier{link_layer},
                      wire::TimestampOption::from_wall(now_.wall)};
    return {kMags[mag], wire::encode(update, kMags[mag], kLma)};
  }

  template <class Make>
  Samples run(const std::vector<std::size_t>& nodes, Make make) {
    Samples samples;
    std::vector<Message> messages;
    const auto batch = std::min(nodes.size(), kBatch);
    for (std::size_t begin = 0; begin + batch <= nodes.size(); begin += batch) {
      messages.clear();
      for (std::size_t i = begin; i < begin + batch; ++i) {
        advance(1us);
        messages.push_back(make(nodes[i]));
      }
      samples.values.push_back(timed(batch, [&] {
        for (const auto& message : messages) deliver(message);
      }));
      codec_.values.push_back(timed(batch, [&] {
        for (const auto& message : messages) through_codec(message);
      }));
    }
    return samples;
  }

  void advance(Duration span) { now_ = now_ + span; }

  void deliver(const Message& message) {
    lma_->handle_message(now_, PacketMeta{message.source, kLma, {}, {}, 64}, message.octets);
    drain();
  }

  void drain() {
    while (const auto effect = lma_->poll_effect()) {
      if (maps_)
        if (const auto written = std::visit(Rows{*maps_}, effect->action); !written)
          throw std::runtime_error(written.error().message);
      if (effect->id) lma_->handle_effect_result(now_, effect->id, {});
      if (const auto* sent = std::get_if<SendMessage>(&effect->action);
          sent && sent->mobility_header[6] >= 128)
        ++refused_;
    }
  }

  static void through_codec(const Message& message) {
    const auto decoded = wire::decode(message.octets, message.source, kLma);
    if (!decoded || wire::encode(*decoded, message.source, kLma).empty()) std::abort();
  }

  /// All lifetimes end, one after another.
  Samples expire() {
    Samples samples;
    advance(2h);
    std::size_t rounds = 0;
    const double began = seconds_now();
    while (const auto deadline = lma_->poll_timeout()) {
      if (*deadline > now_.monotonic) advance(*deadline - now_.monotonic);
      lma_->handle_timeout(now_);
      drain();
      ++rounds;
    }
    samples.values.push_back((seconds_now() - began) * 1e9 / static_cast<double>(nodes_));
    return samples;
  }

  std::size_t nodes_;
  std::mt19937_64 random_{42};
  Now now_{TimePoint{100s}, WallTime{1'700'000'000s}};
  std::uint16_t sequence_ = 0;
  std::size_t refused_ = 0;
  std::unique_ptr<LocalMobilityAnchor> lma_;
  dataplane::LmaDataplane* maps_ = nullptr;  ///< none: nobody writes rows
  Samples codec_;
};

/// An anchor and a data plane of its own.
double register_once(std::size_t nodes) {
  dataplane::LmaDataplaneOptions options;
  options.bpf_dir = fmt::format("/sys/fs/bpf/fm-{}-register", getpid());
  options.local = kLma;
  auto maps = dataplane::LmaDataplane::open(options);
  if (!maps) throw std::runtime_error(maps.error().message);
  const double rate = Capacity(nodes).register_with_rows(**maps);
  maps->reset();
  static_cast<void>(dataplane::LmaDataplane::teardown(options));
  return rate;
}

int measure_registrations(std::size_t nodes) {
  constexpr int kRuns = 5;
  std::string samples;
  for (int run = 0; run < kRuns; ++run)
    samples += fmt::format("{}{:.0f}", run == 0 ? "" : ", ", register_once(nodes));
  fmt::print(
      R"({{"nodes": {}, "figures": [{{"id": "register_per_s", "unit": "1/s", "baseline": "", "samples": [{}], )"
      R"("note": "decoded, judged, answered, rows written; on one core"}}]}})"
      "\n",
      nodes, samples);
  return 0;
}

/// In a process of its own, so that the heap of one size is not the next one's.
bool measure_apart(std::size_t nodes, bool last) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    fmt::print(" {}{}\n", Capacity(nodes).measure(), last ? "" : ",");
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace
}  // namespace flowmob::core

int main(int argc, char** argv) try {
  if (argc == 3 && std::string_view(argv[1]) == "--register")
    return flowmob::core::measure_registrations(std::strtoull(argv[2], nullptr, 10));
  std::vector<std::size_t> sizes;
  for (const char* text : std::span(argv, static_cast<std::size_t>(argc)).subspan(1))
    sizes.push_back(std::strtoull(text, nullptr, 10));
  if (sizes.empty()) sizes = {1'000, 10'000, 100'000, 1'000'000};
  fmt::print("[\n");
  bool whole = true;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    whole = flowmob::core::measure_apart(sizes[i], i + 1 == sizes.size()) && whole;
  fmt::print("]\n");
  return whole ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "capacity-bench: {}\n", error.what());
  return 1;
}
