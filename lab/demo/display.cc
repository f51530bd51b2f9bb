// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/display.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "lab/host/clock.h"

namespace flowmob::lab {
namespace {

using namespace std::chrono_literals;

constexpr int kBarWidth = 40;
constexpr double kFullBar = 10.0;  // Mbit/s
constexpr std::array<std::string_view, kFlowKinds.size()> kFlowColour{"31", "34", "32", "35"};
constexpr std::array<std::string_view, 2> kLinkTitle{"MAG1 802.16", "MAG2 802.11"};

/// Mbit/s during the last half second that is complete.
double rate(const Observations::Bins& bins) {
  const Nanoseconds until = wall_now().time_since_epoch().count() - 2 * Observations::kBin;
  const Nanoseconds from = until - 5 * Observations::kBin;
  std::uint64_t octets = 0;
  for (auto bin = bins.lower_bound(from); bin != bins.end() && bin->first < until; ++bin)
    octets += bin->second;
  return static_cast<double>(octets) * 8 / 0.5 / 1e6;
}

}  // namespace

Display::Display(std::FILE* out)
    : out_(out), terminal_(::isatty(::fileno(out)) != 0), started_(monotonic_now()) {}
Display::~Display() { erase(); }

void Display::print(const std::string& text) {
  erase();
  std::fputs(text.c_str(), out_);
  draw();
  std::fflush(out_);
}

void Display::heading(const std::string& text) {
  activity_ = text;
  print(terminal_ ? fmt::format("\n\033[1m{}\033[0m\n", text) : fmt::format("\n== {}\n", text));
}

void Display::now(const std::string& activity) {
  activity_ = activity;
  if (terminal_ || activity.empty()) {
    print("");
  } else {
    print(fmt::format("  {}\n", activity));
  }
}

void Display::tick(const Observations& observations) {
  if (!terminal_ || monotonic_now() - last_drawn_ < 150ms) return;
  last_drawn_ = monotonic_now();
  links_ = link_line(observations, 0) + link_line(observations, 1);
  print("");
}

void Display::erase() {
  for (; drawn_lines_ > 0; --drawn_lines_) std::fputs("\033[1A\033[2K", out_);
}

void Display::draw() {
  if (!terminal_ || activity_.empty()) return;
  const double elapsed = std::chrono::duration<double>(monotonic_now() - started_).count();
  const std::string block = fmt::format("\n{}  \033[2m{:4.0f} s\033[0m  {}\n", links_, elapsed, activity_);
  std::fputs(block.c_str(), out_);
  drawn_lines_ = static_cast<int>(std::ranges::count(block, '\n'));
}

std::string Display::link_line(const Observations& observations, std::size_t access) const {
  std::string bar, names;
  double total = 0;
  int used = 0;
  for (const FlowKind flow : kFlowKinds) {
    const auto index = static_cast<std::size_t>(flow);
    const double mbits = rate(observations.bins(access, flow));
    if (mbits <= 0) continue;
    total += mbits;
    // Whatever flows at all shows.
    const int length = static_cast<int>(std::lround(total / kFullBar * kBarWidth));
    const int until = std::clamp(length, std::min(used + 1, kBarWidth), kBarWidth);
    bar += fmt::format("\033[{}m", kFlowColour[index]);
    for (; used < until; ++used) bar += "█";
    names += fmt::format(" \033[{}m{}\033[0m", kFlowColour[index], to_string(flow));
  }
  bar += "\033[0m\033[2m";
  for (; used < kBarWidth; ++used) bar += "·";
  return fmt::format("  {}  {}\033[0m {:5.1f} Mbit/s {}\n", kLinkTitle[access], bar, total, names);
}

}  // namespace flowmob::lab
