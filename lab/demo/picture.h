// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "lab/demo/observations.h"
#include "lab/stats/arrivals.h"

namespace flowmob::lab {

/// What the picture shows, in seconds since its left edge.
struct PictureData {
  struct Panel {
    std::string title;
    std::array<std::vector<double>, kFlowKinds.size()> mbits;  ///< per flow kind, one value per bin
  };
  struct Event {
    double at{};
    std::string label{};
    double until = 0;  ///< greater than `at`: the span is shaded
  };
  struct Delay {
    double at, ms;
  };
  double seconds{};
  double bin{};
  std::array<Panel, 2> panels;
  std::vector<Delay> video_delay;
  std::vector<Event> events;
  std::string subtitle;
};

Result<void> draw_picture(const PictureData& data, const std::filesystem::path& file);

}  // namespace flowmob::lab
