// SPDX-License-Identifier: Apache-2.0
// Frames pass through this process: off a packet socket, into a queue ordered by when they are due, out of
// the other.
#include <deque>

#include "lab/wire/engine.h"
#include "lab/wire/packet_port.h"

namespace flowmob::lab {
namespace {

using Json = nlohmann::ordered_json;

struct Counters {
  std::uint64_t frames{}, octets{}, lost{}, queue_full{}, link_down{}, not_sent{};
};

/// One direction: from the port where frames come to the one where they leave.
class Lane {
 public:
  Lane(PacketPort& from, PacketPort& to, const LinkParameters& parameters, std::uint64_t seed)
      : from_(from), to_(to), model_(parameters, seed) {}

  void take_in(bool up) {
    while (from_.receive([&](TimePoint arrived, Frame frame) { accept(arrived, std::move(frame), up); })) {
    }
  }

  void let_out(TimePoint now) {
    for (; !waiting_.empty() && waiting_.front().due <= now; waiting_.pop_front()) {
      const Frame& frame = waiting_.front().frame;
      if (!to_.send(frame)) {
        ++counters_.not_sent;
        continue;
      }
      ++counters_.frames;
      counters_.octets += frame.octets.size();
    }
  }

  void cut() {
    counters_.link_down += waiting_.size();
    waiting_.clear();
    model_.clear();
  }

  std::optional<TimePoint> next_due() const {
    return waiting_.empty() ? std::optional<TimePoint>() : waiting_.front().due;
  }
  void set_parameters(const LinkParameters& parameters) { model_.set_parameters(parameters); }
  Json counters() const {
    return {{"frames", counters_.frames},       {"octets", counters_.octets},
            {"lost", counters_.lost},           {"queue_full", counters_.queue_full},
            {"link_down", counters_.link_down}, {"not_sent", counters_.not_sent},
            {"under_way", waiting_.size()}};
  }

 private:
  struct Waiting {
    TimePoint due;
    Frame frame;
  };

  void accept(TimePoint arrived, Frame frame, bool up) {
    if (!up) {
      ++counters_.link_down;
      return;
    }
    const auto verdict = model_.offer(arrived, frame.octets.size());
    if (verdict.fate == LinkModel::Fate::Lost) ++counters_.lost;
    if (verdict.fate == LinkModel::Fate::QueueFull) ++counters_.queue_full;
    if (verdict.fate == LinkModel::Fate::Delivered) waiting_.push_back({verdict.due, std::move(frame)});
  }

  PacketPort& from_;
  PacketPort& to_;
  LinkModel model_;
  std::deque<Waiting> waiting_;
  Counters counters_;
};

class UserspaceEngine : public WireEngine {
 public:
  UserspaceEngine(PacketPort a, PacketPort b, const WireOptions& options)
      : a_(std::move(a)),
        b_(std::move(b)),
        lanes_{Lane(a_, b_, options.parameters[0], options.seed),
               Lane(b_, a_, options.parameters[1], ~options.seed)} {}

  std::string_view name() const override { return "userspace"; }

  Result<void> set_parameters(Direction direction, const LinkParameters& parameters) override {
    lanes_[index_of(direction)].set_parameters(parameters);
    return {};
  }

  Result<void> set_up(bool up) override {
    handle_readable();
    up_ = up;
    if (!up) {
      for (Lane& lane : lanes_) lane.cut();
    }
    auto a = a_.set_up(up), b = b_.set_up(up);
    return a ? b : a;
  }

  Json counters() override { return {{"a-to-b", lanes_[0].counters()}, {"b-to-a", lanes_[1].counters()}}; }

  std::vector<int> fds() const override { return {a_.fd(), b_.fd()}; }
  void handle_readable() override {
    for (Lane& lane : lanes_) lane.take_in(up_);
  }

  std::optional<TimePoint> poll_timeout() const override {
    const auto first = lanes_[0].next_due(), second = lanes_[1].next_due();
    return first && second ? std::min(*first, *second) : first ? first : second;
  }
  void handle_timeout(TimePoint now) override {
    for (Lane& lane : lanes_) lane.let_out(now);
  }

 private:
  PacketPort a_, b_;
  std::array<Lane, 2> lanes_;
  bool up_ = true;
};

}  // namespace

Result<std::unique_ptr<WireEngine>> make_userspace_engine(const WireOptions& options) {
  auto a = PacketPort::open(options.a);
  if (!a) return tl::unexpected(a.error());
  auto b = PacketPort::open(options.b);
  if (!b) return tl::unexpected(b.error());
  return std::make_unique<UserspaceEngine>(std::move(*a), std::move(*b), options);
}

}  // namespace flowmob::lab
