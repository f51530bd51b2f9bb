// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "lab/demo/captures.h"
#include "lab/demo/display.h"
#include "lab/demo/judges.h"
#include "lab/demo/observations.h"
#include "lab/demo/picture.h"
#include "lab/demo/report.h"
#include "lab/demo/rules.h"
#include "lab/demo/traffic.h"
#include "lab/domain/domain.h"

namespace flowmob::lab {

struct DemoOptions {
  std::filesystem::path output = "build/demo";
  std::string engine = "auto";
  bool json = false;  ///< standard output is for the report: the show goes to standard error
};

/// The stage on which the steps play: the domain, its traffic, and what is seen of it.
class Demo {
 public:
  Demo(const Plan& plan, const DemoOptions& options);
  ~Demo();
  Demo(const Demo&) = delete;
  Demo& operator=(const Demo&) = delete;

  Result<DemoReport> run();

  // What steps do.
  Domain& domain() { return *domain_; }
  Display& display() { return display_; }
  Result<void> rest(Duration span);  ///< lets traffic run, with the display alive
  Result<void> move_video(std::string_view mag);
  Result<void> let_node_decide();
  Result<void> node_moves_video(std::string_view member);  ///< the same by the mobile node's own word
  Result<void> set_link(std::string_view link, bool up);
  Result<void> start_steering();
  void stop_steering() { traffic_->stop_steering(); }
  void mark(const std::string& label,
            bool opens_span = false);  ///< in the picture; a span ends at the next mark

 private:
  Result<void> set_up();
  Result<void> change_files(FileChange* change);
  Result<void> attach(const UpOptions& options);
  Result<void> play(const struct Step& step);
  Result<void> finish();
  Result<void> wait_for_download();
  void measure(StepReport& step);
  void measure_flow(StepReport& step, FlowKind flow, Way way) const;
  /// Lets the judges speak, shows the step and keeps it.
  void conclude(StepReport step, const std::vector<Judge>& judges);
  nlohmann::ordered_json bindings() const;
  nlohmann::ordered_json handovers() const;
  std::string binding_table() const;
  Result<void> write_results();
  PictureData picture() const;

  const Plan& plan_;
  DemoOptions options_;
  Display display_;
  Observations observations_;
  std::optional<Domain> domain_;
  std::optional<Captures> captures_;
  std::optional<Traffic> traffic_;
  Evidence evidence_;
  DemoReport report_;
  std::vector<PictureData::Event> events_;  ///< absolute seconds until the picture is drawn
  Nanoseconds begin_{};
  bool span_open_ = false;
};

/// Runs the demo in a domain of its own and cleans up, whatever happens. The report may say that a verdict
/// does not hold; an error says that there is no whole report. What explains either stays in the output
/// folder.
Result<DemoReport> run_demo(const Plan& plan, const DemoOptions& options);

}  // namespace flowmob::lab
