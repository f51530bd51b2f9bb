// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/demo.h"

#include <fmt/format.h>

#include "lab/demo/steps.h"
#include "lab/domain/wait.h"
#include "lab/host/clock.h"
#include "lab/host/process.h"
#include "lab/host/programs.h"
#include "lab/wire/parameters.h"

namespace flowmob::lab {
namespace {

using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

/// Twice what all steps take together: on a busy machine they take longer.
constexpr int kDownloadSeconds = 120;
/// What is sent at a step's end must have arrived, or it is lost: many times the longest delay.
constexpr Duration kGrace = 600ms;

const std::string kAttachTitle = "Two links attach, and get one prefix and one address";
const std::string kFinishTitle = "The download ends: same connection, same file";

Nanoseconds wall() { return wall_now().time_since_epoch().count(); }

std::string indent(const std::string& text) {
  std::string result = "  ";
  for (const char c : text) result += c == '\n' ? std::string("\n  ") : std::string(1, c);
  while (result.ends_with(' ')) result.pop_back();
  return result;
}

/// From the links as they are configured. Measured during the failure it would excuse its own slowness.
Nanoseconds mag_lma_round_trip(const Plan& plan) {
  const auto link = parse_parameters(plan.link("lma-mag2")->parameters, {});
  return link ? 2 * link->delay.count() : 0;
}

std::uint64_t unmatched_within(const FlowTrack& track, const StepReport& step) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      track.unmatched, [&](Nanoseconds time) { return time >= step.begin && time < step.end; }));
}

}  // namespace

Demo::Demo(const Plan& plan, const DemoOptions& options)
    : plan_(plan),
      options_(options),
      display_(options.json ? stderr : stdout),
      observations_(Ipv6Prefix::parse(address::kPool).value(), Ipv6Address::parse(address::kCn).value()) {
  evidence_.mag_lma_round_trip = mag_lma_round_trip(plan);
}

Demo::~Demo() {
  traffic_.reset();
  captures_.reset();
}

Result<DemoReport> Demo::run() {
  auto done = set_up();
  for (const Step& step : demo_steps()) {
    if (done) done = play(step);
  }
  if (done) done = finish();
  if (traffic_) traffic_->stop();
  if (captures_) {
    captures_->stop();
    captures_->read_into(observations_);
  }
  report_.unfinished = done ? std::optional<Error>() : done.error();
  const auto written = write_results();
  if (!done) return tl::unexpected(done.error());
  if (!written) return tl::unexpected(written.error());
  return report_;
}

Result<void> Demo::set_up() {
  display_.heading(kAttachTitle);
  UpOptions options{.engine = options_.engine, .daemons = false, .demo = true};
  options.say = [this](const std::string& line) { display_.now(line); };
  auto domain = Domain::up(plan_, options);
  if (!domain) return tl::unexpected(domain.error());
  domain_ = std::move(*domain);
  if (auto changed = change_files(with_redundant_flow); !changed) return changed;
  auto captures = Captures::start(plan_, options_.output);
  if (!captures) return tl::unexpected(captures.error());
  captures_ = std::move(*captures);
  if (auto attached = attach(options); !attached) return attached;

  display_.now("starting a download (curl), a video stream (UDP, 100 packets/s both ways) and ping (500/s)");
  auto traffic = Traffic::start(*domain_, options_.output / "work", kDownloadSeconds);
  if (!traffic) return tl::unexpected(traffic.error());
  traffic_ = std::move(*traffic);
  if (auto rested = rest(1500ms); !rested) return rested;
  evidence_.first_connection = traffic_->connection();
  return {};
}

Result<void> Demo::change_files(FileChange* change) {
  Result<void> done;
  for (const DaemonPlan& daemon : plan_.daemons()) {
    const auto changed = [&](std::string text) { return change(daemon.node, std::move(text)); };
    if (done) done = domain_->change_file(daemon.node, changed);
  }
  return done;
}

Result<void> Demo::attach(const UpOptions& options) {
  display_.print("  before: no daemon runs, so there is no binding\n");
  StepReport step;
  step.name = "attach";
  step.title = kAttachTitle;
  step.bindings_before = {{"bindings", Json::array()}};
  step.begin = step.event = begin_ = wall();
  if (auto started = domain_->start_daemons(options); !started) return started;
  for (const LinkPlan& link : plan_.links()) {
    if (link.emulated()) report_.links[link.name] = domain_->link_status(link).value_or(Json());
  }
  if (auto rested = rest(kGrace); !rested) return rested;
  step.end = wall();
  step.signalling = summarize_signalling(observations_.signalling(), step.begin, step.end);
  conclude(std::move(step), {judge::has_address(domain_->virtual_address()), judge::both_registered});
  return {};
}

Result<void> Demo::play(const Step& step) {
  display_.heading(step.title);
  display_.print("  before:\n" + binding_table());
  StepReport report;
  report.name = step.name;
  report.title = step.title;
  report.concerned = step.concerned;
  report.begin = report_.steps.size() > 1 ? report_.steps.back().end : wall();
  report.bindings_before = bindings();
  const Json moves_before = handovers();
  evidence_.event = wall();
  auto done = step.act(*this);
  report.event = evidence_.event;
  report.end = wall();
  if (done) done = rest(kGrace);
  if (done) {
    measure(report);
    report.handovers = new_handovers(moves_before, handovers());
    report.connection = traffic_->connection();
    conclude(std::move(report), step.judges);
  } else {
    report.checks.push_back({done.error().message, false});
    conclude(std::move(report), {});
  }
  return done;
}

Result<void> Demo::finish() {
  display_.heading(kFinishTitle);
  StepReport report;
  report.name = "finish";
  report.title = kFinishTitle;
  report.begin = report.event = report_.steps.back().end;
  report.bindings_before = bindings();
  report.connection = traffic_->connection();
  if (auto waited = wait_for_download(); !waited) return waited;
  report.end = wall();
  if (auto rested = rest(kGrace); !rested) return rested;
  captures_->stop();
  measure(report);
  report_.download = traffic_->download_result().value_or(Json::object());
  report_.captures = captures_->counts();
  conclude(std::move(report), {judge::same_connection, judge::lossless, judge::whole_file(report_.download),
                               judge::whole_captures(report_.captures)});
  return {};
}

Result<void> Demo::wait_for_download() {
  display_.now("waiting for the download to end");
  mark("download hurried");
  traffic_->hurry_download();
  const TimePoint limit = monotonic_now() + 60s;
  Result<void> waited;
  while (waited && traffic_->download_runs() && monotonic_now() < limit) waited = rest(100ms);
  return waited;
}

void Demo::conclude(StepReport step, const std::vector<Judge>& judges) {
  step.bindings_after = bindings();
  for (const Judge& judge : judges) judge(evidence_, step);
  display_.print("  after:\n" + binding_table() + step_text(step, display_.colour()));
  report_.steps.push_back(std::move(step));
}

Result<void> Demo::rest(Duration span) {
  const TimePoint end = monotonic_now() + span;
  while (monotonic_now() < end) {
    if (auto slept = pause(std::min<Duration>(end - monotonic_now(), 100ms)); !slept) return slept;
    captures_->read_into(observations_);
    display_.tick(observations_);
  }
  return {};
}

Result<void> Demo::move_video(std::string_view mag) {
  mark(fmt::format("video to {}", mag));
  return domain_->call("lma", "flow move", {{"flow", "video"}, {"to", mag}}).map([](const Json&) {});
}

Result<void> Demo::let_node_decide() {
  auto done = change_files(with_deciding_node);
  for (const DaemonPlan& daemon : plan_.daemons()) {
    if (done) done = domain_->call(daemon.node, "reload").map([](const Json&) {});
  }
  return done;
}

Result<void> Demo::node_moves_video(std::string_view member) {
  mark("the node moves video");
  return domain_->call("mn", "flow move", {{"flow", "video"}, {"to", member}}).map([](const Json&) {});
}

Result<void> Demo::set_link(std::string_view link, bool up) {
  mark(up ? "link restored" : "MAG2 link fails", !up);
  return domain_->set_link(link, up ? "up" : "down").map([&](const Domain::LinkChange& change) {
    evidence_.event = change.begun;
  });
}

Result<void> Demo::start_steering() {
  mark("steering begins");
  display_.now("starting a stream (UDP, 500 packets/s both ways), each packet by both links");
  return traffic_->start_steering();
}

void Demo::mark(const std::string& label, bool opens_span) {
  evidence_.event = wall();
  const double now = static_cast<double>(evidence_.event) / 1e9;
  if (span_open_) events_.back().until = now;
  span_open_ = opens_span;
  events_.push_back({now, label});
}

void Demo::measure(StepReport& step) {
  captures_->read_into(observations_);
  step.signalling = summarize_signalling(observations_.signalling(), step.begin, step.end);
  for (const FlowKind flow : kFlowKinds) {
    for (const Way way : kWays) measure_flow(step, flow, way);
  }
}

/// From its first packet on, if that falls into the step. One that was not started yet, or was stopped
/// before, is no flow of the step.
void Demo::measure_flow(StepReport& step, FlowKind flow, Way way) const {
  const FlowTrack track =
      Traffic::has_log(flow) ? traffic_->logged(flow, way) : observations_.track(flow, way);
  const Nanoseconds first = track.sent.empty() ? step.end : track.sent.front().sent;
  const Nanoseconds begin = std::max(step.begin, first);
  const Nanoseconds end = std::min(step.end, traffic_->stopped(flow).value_or(step.end));
  if (begin >= end && !std::ranges::count(kLastingFlows, flow)) return;
  step.flows.push_back({flow, way, summarize_window(track.sent, track.arrivals, begin, end),
                        observations_.frames_per_access(flow, way, begin, end),
                        observations_.frames_per_access(flow, way, std::max(begin, end - kSecond), end),
                        unmatched_within(track, step), losses_within(track, begin, end),
                        observations_.first_per_access(flow, way, step.event, end)});
}

Json Demo::handovers() const { return domain_->call("lma", "show handovers").value_or(Json()); }
Json Demo::bindings() const { return domain_->call("lma", "show bindings").value_or(Json()); }

/// As a user would see it.
std::string Demo::binding_table() const {
  const auto table = lab::run(
      {.argv = {program_path("flowmob"), "--control", plan_.control_socket("lma"), "show", "bindings"}});
  return table ? indent(*table) + "\n" : std::string();
}

}  // namespace flowmob::lab
