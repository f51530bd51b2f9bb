// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "checks.h"
#include "lies.h"
#include "life_plan.h"
#include "traffic.h"

namespace flowmob::sim {

/// Lives a plan: what has to hold is checked after every event; in the end faults stop, and everybody has to
/// agree, to leave, and to be forgotten. Throws Broken.
class Life {
 public:
  explicit Life(LifePlan plan);
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  /// The lines of trace to keep; with none it is faster.
  void remember(std::size_t lines);
  Tally live();

 private:
  static DomainOptions options(const LifePlan& plan);
  void set_faults();
  void set_node_rules();
  void set_rules_for_announced();
  void start_traffic(Duration interval);
  void run(Duration span) { domain_.run_for(span); }
  Duration outage() const;
  void allow_outages(Duration span);
  bool promises_nothing() const { return plan_.has_clock_steps || plan_.has_nonsense; }

  void act(const Action& action);
  void act_on_links(const Action& action);
  void act_on_machines(const Action& action);
  void act_on_words(const Action& action);
  void plug(Port port, std::size_t mag);
  void move_flow(const Action& action);
  void require_obedience() const;
  void require_announced() const;
  void announce(const Action& action);
  void unplug(Port port);
  void fade(Port port, Duration unnoticed);
  void flap(Port port, const Action& action);
  template <class Node>
  void die(Node& node, const Action& action);
  template <class Node>
  void revive(Node& node);
  void revive(MagNode& mag);
  void power(std::size_t mag, Duration span, bool loses_records);
  void lose_lma(Duration span);
  void step_mag_clock(std::size_t mag, Duration by, std::uint64_t seconds);
  void step_lma_clock(Duration by, std::uint64_t seconds);
  void partition(std::size_t mag, Duration span);
  void replay(std::uint64_t number);
  void talk_nonsense(Duration span);

  void calm_down();
  void send_surplus_away();
  void attach_again();
  void come_to_rest();

  LifePlan plan_;
  Domain domain_;
  Checks checks_;
  Traffic traffic_;
  std::unique_ptr<Liar> liar_;
  bool is_calm_ = false;
};

}  // namespace flowmob::sim
