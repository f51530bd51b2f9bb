// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "bench/frames.h"
#include "platform/dataplane/lma_dataplane.h"

namespace flowmob::bench {

using Frame = std::array<std::uint8_t, FRAME_SHORT>;

/// Interfaces, neighbours and routes for an anchor, in a network namespace of this process.
void make_network();

/// What BPF_PROG_TEST_RUN runs: a program, and where its frames come from.
struct Subject {
  int program = -1;
  bool xdp = false;
};

/// ns that a run on `frame` takes, the clock's own reading included; of several on the average.
std::uint32_t run_once(const Subject& subject, Frame& frame, std::uint32_t repeat = 1);

/// Mobile nodes with a session and a flow each, all through one MAG, and rules that name that flow.
struct Layout {
  std::uint32_t bindings = 1;
  std::uint32_t rules = 0;         ///< of each; none of the frames below matches one
  std::uint32_t cached = 1 << 16;  ///< room for flows that were looked up
};

class Anchor {
 public:
  explicit Anchor(const Layout& layout);
  ~Anchor();
  Anchor(const Anchor&) = delete;
  Anchor& operator=(const Anchor&) = delete;

  int program(const std::string& name) const { return lma_->object().program_fd(name); }
  const dataplane::BpfObject& object() const { return lma_->object(); }
  /// Octets that the kernel says a map takes.
  std::uint64_t memory_of(const std::string& map) const;
  /// Octets of kernel memory that a binding takes: its rows, and its part of the tables that they are in.
  double memory_per_binding() const { return memory_per_binding_; }
  double memory_of_rows() const { return memory_of_rows_; }

 private:
  void fill(const Layout& layout);

  dataplane::LmaDataplaneOptions options_;
  std::unique_ptr<dataplane::LmaDataplane> lma_;
  double memory_per_binding_ = 0, memory_of_rows_ = 0;
};

/// The `flow`th packet of 64 octets (UDP), for the binding of that number.
Frame frame_of(std::uint64_t flow, std::uint32_t binding);

/// Which flow comes next: evenly, or few of them often (Zipf, exponent 1).
class Choice {
 public:
  Choice(std::uint64_t flows, bool zipf);
  std::uint64_t operator()(std::mt19937_64& random) const;

 private:
  std::uint64_t flows_;
  std::vector<double> cumulative_;
};

}  // namespace flowmob::bench
