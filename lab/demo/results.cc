// SPDX-License-Identifier: Apache-2.0
// What stays of a demo: its report, its picture.
#include <fmt/format.h>

#include <fstream>

#include "lab/demo/demo.h"

namespace flowmob::lab {
namespace {

double seconds(Nanoseconds t) { return static_cast<double>(t) / 1e9; }

}  // namespace

Result<void> Demo::write_results() {
  const auto path = options_.output / "report.json";
  std::ofstream file(path);
  file << to_json(report_).dump(2) << '\n';
  file.close();
  if (!file) return fail("write-failed", "cannot write " + path.string());
  if (report_.steps.empty()) return {};  // nothing to draw
  return draw_picture(picture(), options_.output / "report.png");
}

PictureData Demo::picture() const {
  PictureData data;
  const Nanoseconds from = (report_.steps.size() > 1 ? report_.steps[1].begin : begin_) - 2 * kSecond;
  const auto bins = static_cast<std::size_t>((report_.steps.back().end - from) / Observations::kBin) + 1;
  data.bin = seconds(Observations::kBin);
  data.seconds = data.bin * static_cast<double>(bins);
  data.panels[0].title = "MAG1: 802.16-like access, 20 ms, 20 Mbit/s";
  data.panels[1].title = "MAG2: 802.11-like access, 3 ms, 50 Mbit/s";
  data.subtitle = fmt::format("one global address ({}) on two access links; {}", domain_->virtual_address(),
                              outcome_text(report_));
  for (std::size_t access = 0; access < kAccessLinks.size(); ++access) {
    for (const FlowKind flow : kFlowKinds) {
      auto& series = data.panels[access].mbits[static_cast<std::size_t>(flow)];
      series.assign(bins, 0);
      for (const auto& [time, octets] : observations_.bins(access, flow)) {
        const auto index = static_cast<std::size_t>((time - from) / Observations::kBin);
        if (time >= from && index < bins) series[index] = static_cast<double>(octets) * 8 / data.bin / 1e6;
      }
    }
  }
  for (PictureData::Event event : events_) {
    event.at -= seconds(from);
    event.until = event.until > 0 ? event.until - seconds(from) : 0;
    data.events.push_back(event);
  }
  for (const Arrival& a : observations_.track(FlowKind::Video, Way::Down).arrivals) {
    const bool inside = a.sent >= from && a.sent < report_.steps.back().end;
    if (inside) data.video_delay.push_back({seconds(a.sent - from), to_ms(a.arrived - a.sent)});
  }
  return data;
}

}  // namespace flowmob::lab
