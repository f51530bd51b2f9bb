// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>

#include "base/time.h"
#include "lab/demo/observations.h"

namespace flowmob::lab {

/// Text that stays scrolls up; on a terminal a live block below it shows where we are and what each link
/// carries.
class Display {
 public:
  explicit Display(std::FILE* out);
  ~Display();
  Display(const Display&) = delete;
  Display& operator=(const Display&) = delete;

  bool colour() const { return terminal_; }
  void print(const std::string& text);
  void heading(const std::string& text);  ///< also what goes on from now on
  /// What goes on at present; without a terminal, a line of its own.
  void now(const std::string& activity);
  void tick(const Observations& observations);

 private:
  void erase();
  void draw();
  std::string link_line(const Observations& observations, std::size_t access) const;

  std::FILE* out_;
  bool terminal_;
  TimePoint started_, last_drawn_;
  std::string activity_;
  std::string links_;
  int drawn_lines_ = 0;
};

}  // namespace flowmob::lab
