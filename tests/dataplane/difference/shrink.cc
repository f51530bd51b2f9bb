// SPDX-License-Identifier: Apache-2.0
#include "shrink.h"

#include <fmt/format.h>

namespace flowmob::dataplane::testing {
namespace {

struct Last {
  Expected expected;
  Actual actual;
  std::string difference;
};

Last last_of(Runner& runner, const Trial& trial) {
  Judge judge(trial.world);
  Last last;
  if (!runner.install(trial.world)) return last;
  for (const auto& frame : trial.frames) {
    last.expected = judge.expect(trial.way, frame);
    last.actual = runner.run(trial.way, frame);
    last.difference = judge.difference(last.expected, last.actual);
  }
  return last;
}

class Shrinker {
 public:
  Shrinker(Runner& runner, Trial trial) : runner_(runner), trial_(std::move(trial)) {}

  Trial run() {
    drop_from(&Trial::frames, 1);  // all but the last
    drop_in_world(&World::nodes);
    for (std::size_t i = 0; i < trial_.world.nodes.size(); ++i) drop_rules(i);
    for (std::size_t i = 0; i < trial_.world.nodes.size(); ++i) drop_fields(i);
    drop_in_world(&World::flows);
    drop_in_world(&World::sessions);
    return trial_;
  }

 private:
  bool keep_if_it_differs(Trial candidate) {
    if (differs(runner_, candidate).empty()) return false;
    trial_ = std::move(candidate);
    return true;
  }

  /// Pieces of half, a quarter and so on of what there is, down to one.
  template <class List>
  void drop_parts(List list_of, std::size_t keep) {
    for (std::size_t part = std::max<std::size_t>(list_of(trial_).size() / 2, 1);; part /= 2) {
      for (std::size_t first = 0; first + keep < list_of(trial_).size();) {
        auto candidate = trial_;
        auto& list = list_of(candidate);
        const auto last = std::min(first + part, list.size() - keep);
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(first),
                   list.begin() + static_cast<std::ptrdiff_t>(last));
        if (!keep_if_it_differs(std::move(candidate))) first = last;
      }
      if (part <= 1) return;
    }
  }
  template <class Member>
  void drop_from(Member member, std::size_t keep) {
    drop_parts(
        [member](Trial & trial) -> auto& { return trial.*member; }, keep);
  }
  template <class Member>
  void drop_in_world(Member member) {
    drop_parts(
        [member](Trial & trial) -> auto& { return trial.world.*member; }, 0);
  }
  void drop_rules(std::size_t node) {
    drop_parts(
        [node](Trial & trial) -> auto& { return trial.world.nodes[node].rules; }, 0);
  }

  void drop_fields(std::size_t node) {
    for (std::size_t rule = 0; rule < trial_.world.nodes[node].rules.size(); ++rule) {
      const auto drop = [&](auto member) {
        auto candidate = trial_;
        (candidate.world.nodes[node].rules[rule].selector.*member).reset();
        keep_if_it_differs(std::move(candidate));
      };
      using S = wire::TrafficSelector6;
      drop(&S::source), drop(&S::destination), drop(&S::spi), drop(&S::flow_label), drop(&S::source_port);
      drop(&S::destination_port), drop(&S::traffic_class), drop(&S::next_header);
    }
  }

  Runner& runner_;
  Trial trial_;
};

}  // namespace

std::string differs(Runner& runner, const Trial& trial) { return last_of(runner, trial).difference; }

Trial shrink(Runner& runner, Trial trial) { return Shrinker(runner, std::move(trial)).run(); }

std::string describe(Runner& runner, const Trial& trial) {
  const auto last = last_of(runner, trial);
  auto text = last.difference + "\n" + to_string(trial.world);
  for (const auto& frame : trial.frames) text += "frame " + to_hex(frame) + '\n';
  return text + "expected " + to_string(last.expected) + "\nactual   " + to_string(last.actual) + '\n';
}

}  // namespace flowmob::dataplane::testing
