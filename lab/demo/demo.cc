// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/demo.h"

#include <fmt/format.h>

#include <fstream>

#include "lab/demo/steps.h"
#include "lab/domain/wait.h"
#include "lab/host/clock.h"
#include "lab/host/process.h"

namespace flowmob::lab {
namespace {

using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

constexpr int kDownloadSeconds = 62;  ///< a little more than all steps together
constexpr Nanoseconds kSecond = 1'000'000'000;
/// What is sent at a step's end must have arrived, or it is lost: many times the longest delay.
constexpr Duration kGrace = 600ms;

Nanoseconds wall() { return wall_now().time_since_epoch().count(); }
double seconds(Nanoseconds t) { return static_cast<double>(t) / 1e9; }

std::string indent(const std::string& text) {
  std::string result = "  ";
  for (const char c : text) result += c == '\n' ? std::string("\n  ") : std::string(1, c);
  while (result.ends_with(' ')) result.pop_back();
  return result;
}

}  // namespace

Demo::Demo(const Plan& plan, const DemoOptions& options)
    : plan_(plan),
      options_(options),
      display_(options.json ? stderr : stdout),
      observations_(Ipv6Prefix::parse(address::kPool).value()) {}

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
  if (!report_.steps.empty()) write_results();
  if (!done) return tl::unexpected(done.error());
  return report_;
}

Result<void> Demo::set_up() {
  display_.heading("Two links attach, and get one address");
  std::error_code error;
  std::filesystem::create_directories(options_.output, error);
  UpOptions options{.engine = options_.engine, .daemons = false};
  options.say = [this](const std::string& line) { display_.now(line); };
  auto domain = Domain::up(plan_, options);
  if (!domain) return tl::unexpected(domain.error());
  domain_ = std::move(*domain);
  auto captures = Captures::start(plan_, options_.output);
  if (!captures) return tl::unexpected(captures.error());
  captures_ = std::move(*captures);

  StepReport attach;
  attach.name = "attach";
  attach.title = "Both links attach: one prefix, one global address";
  attach.begin = attach.event = begin_ = wall();
  if (auto started = domain_->start_daemons(options); !started) return started;
  for (const LinkPlan& link : plan_.links()) {
    if (link.emulated()) report_.links[link.name] = domain_->link_status(link).value_or(Json());
  }
  if (auto rested = rest(kGrace); !rested) return rested;
  attach.end = wall();
  attach.signalling = summarize_signalling(observations_.signalling(), attach.begin, attach.end);
  attach.bindings_after = bindings();
  attach.checks.push_back(
      {fmt::format("{} has the global address {}", kVirtualInterface, domain_->virtual_address()),
       !domain_->virtual_address().empty()});
  attach.checks.push_back(
      {"both MAGs registered and were answered", attach.signalling.exchanges.size() >= 2});
  display_.print(binding_table() + step_text(attach, display_.colour()));
  report_.steps.push_back(std::move(attach));

  display_.now("starting a download (curl), a video stream (UDP, 100 packets/s both ways) and ping (250/s)");
  auto traffic = Traffic::start(*domain_, options_.output / "work", kDownloadSeconds);
  if (!traffic) return tl::unexpected(traffic.error());
  traffic_ = std::move(*traffic);
  if (auto rested = rest(1500ms); !rested) return rested;
  connection_ = traffic_->connection();
  return {};
}

Result<void> Demo::play(const Step& step) {
  display_.heading(step.title);
  StepReport report;
  report.name = step.name;
  report.title = step.title;
  report.begin = report_.steps.size() > 1 ? report_.steps.back().end : wall();
  report.bindings_before = bindings();
  event_ = wall();
  auto done = step.act(*this);
  report.event = event_;
  report.end = wall();
  if (done) done = rest(kGrace);
  report.bindings_after = bindings();
  measure(report);
  for (const Judge& judge : step.judges) judge(*this, report);
  if (!done) report.checks.push_back({done.error().message, false});
  display_.print(binding_table() + step_text(report, display_.colour()));
  report_.steps.push_back(std::move(report));
  return done;
}

Result<void> Demo::finish() {
  display_.heading("The download ends");
  StepReport report;
  report.name = "finish";
  report.title = "The download ends: same connection, same file";
  report.begin = report.event = report_.steps.back().end;
  report.bindings_before = bindings();
  report.connection = traffic_->connection();
  judge::same_connection(*this, report);
  display_.now("waiting for the download to end");
  const TimePoint limit = monotonic_now() + 60s;
  Result<void> waited;
  while (waited && traffic_->download_runs() && monotonic_now() < limit) waited = rest(100ms);
  if (!waited) return waited;
  report.end = wall();
  if (auto rested = rest(kGrace); !rested) return rested;
  report.bindings_after = bindings();
  const Json same = report.connection;
  measure(report);
  report.connection = same;
  judge::lossless(*this, report);
  report_.download = traffic_->download_result().value_or(Json::object());
  const Json& got = report_.download;
  report.checks.push_back({fmt::format("{} octets received by one connection, HTTP status {}",
                                       got.value("octets", std::uint64_t{0}), got.value("http_status", 0)),
                           got.value("connections", 0) == 1 && got.value("http_status", 0) == 200});
  report.checks.push_back(
      {"SHA-256 " + got.value("sha256_received", "missing").substr(0, 32) + "... as expected",
       got.value("sha256_received", "a") == got.value("sha256_expected", "b")});
  display_.print(step_text(report, display_.colour()));
  report_.steps.push_back(std::move(report));
  return {};
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

Result<void> Demo::set_link(std::string_view link, bool up) {
  mark(up ? "link restored" : "MAG2 link fails", !up);
  return domain_->set_link(link, up).map([&](const Domain::LinkChange& change) { event_ = change.begun; });
}

void Demo::mark(const std::string& label, bool opens_span) {
  event_ = wall();
  if (span_open_) events_.back().until = seconds(event_);
  span_open_ = opens_span;
  events_.push_back({seconds(event_), label});
}

void Demo::measure(StepReport& step) {
  captures_->read_into(observations_);
  step.connection = traffic_->connection();
  step.signalling = summarize_signalling(observations_.signalling(), step.begin, step.end);
  for (const FlowKind flow : kFlowKinds) {
    for (const Way way : kWays) {
      const FlowTrack track = flow == FlowKind::Video ? traffic_->video(way) : observations_.track(flow, way);
      step.flows.push_back(
          {flow, way, summarize_window(track.sent, track.arrivals, step.begin, step.end),
           observations_.frames_per_access(flow, way, step.begin, step.end),
           observations_.frames_per_access(flow, way, std::max(step.begin, step.end - kSecond), step.end)});
    }
  }
}

Json Demo::bindings() const { return domain_->call("lma", "show bindings").value_or(Json()); }

/// As a user would see it.
std::string Demo::binding_table() const {
  const auto table = lab::run(
      {.argv = {program_path("flowmob"), "--control", plan_.control_socket("lma"), "show", "bindings"}});
  return table ? indent(*table) + "\n" : std::string();
}

void Demo::write_results() {
  const auto& output = options_.output;
  std::ofstream(output / "report.json") << to_json(report_).dump(2) << '\n';
  if (auto drawn = draw_picture(picture(), output / "report.png"); !drawn)
    display_.print(drawn.error().message + "\n");
  std::error_code error;
  std::filesystem::remove_all(output / "work", error);
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
                              report_.passed() ? "every verdict holds" : "NOT every verdict holds");
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

int run_demo(const Plan& plan, const DemoOptions& options) {
  catch_interrupts();
  Domain::down(plan);
  Result<DemoReport> report = fail("not-run", "");
  {
    Demo demo(plan, options);
    report = demo.run();
    if (report) {
      demo.display().now("");
      demo.display().print("\n" + closing_text(*report, demo.display().colour()));
      demo.display().print(
          fmt::format("\n  {0}/report.json, {0}/report.png, {0}/*.pcap\n", options.output.string()));
    } else {
      demo.display().now("");
      demo.display().print(fmt::format("\nflowmob lab demo: {}\n", report.error().message));
    }
  }
  Domain::down(plan);
  if (options.json) {
    const Json failed{
        {"verdict", "fail"},
        {"error",
         report ? Json() : Json{{"code", report.error().code}, {"message", report.error().message}}}};
    fmt::print("{}\n", (report ? to_json(*report) : failed).dump(2));
  }
  return report && report->passed() ? 0 : 1;
}

}  // namespace flowmob::lab
