// SPDX-License-Identifier: Apache-2.0
// The kernel does it: what comes in at one end is redirected to the other's egress, where netem waits.
#include <fmt/format.h>

#include "lab/host/process.h"
#include "lab/wire/engine.h"

namespace flowmob::lab {
namespace {

using Json = nlohmann::ordered_json;

Result<void> tc(const std::string& lines) {
  return run({.argv = {"tc", "-batch", "-"}}, lines).map([](const std::string&) {});
}

std::string redirect_lines(const std::string& from, const std::string& to) {
  return fmt::format(
      "qdisc replace dev {0} clsact\n"
      "filter replace dev {0} ingress protocol all prio 1 matchall action mirred egress redirect dev {1}\n",
      from, to);
}

class NetemEngine : public WireEngine {
 public:
  explicit NetemEngine(const WireOptions& options) : a_(options.a), b_(options.b) {}
  ~NetemEngine() override {
    for (const std::string& end : {a_, b_}) {
      static_cast<void>(tc(fmt::format("qdisc del dev {0} root\nqdisc del dev {0} clsact\n", end)));
    }
  }

  Result<void> install(const WireOptions& options) {
    return tc(netem_line(b_, options.parameters[0]) + netem_line(a_, options.parameters[1]) +
              redirect_lines(a_, b_) + redirect_lines(b_, a_));
  }

  std::string_view name() const override { return "netem"; }
  Result<void> set_parameters(Direction direction, const LinkParameters& parameters) override {
    return tc(netem_line(direction == Direction::AToB ? b_ : a_, parameters));
  }

  Result<void> set_up(bool up) override {
    const char* state = up ? "up" : "down";
    return run({.argv = {"ip", "-batch", "-"}},
               fmt::format("link set {} {}\nlink set {} {}\n", a_, state, b_, state))
        .map([](const std::string&) {});
  }

  Json counters() override { return {{"a-to-b", counters_of(b_)}, {"b-to-a", counters_of(a_)}}; }

 private:
  static Json counters_of(const std::string& interface) {
    const auto text = run({.argv = {"tc", "-s", "-j", "qdisc", "show", "dev", interface, "root"}});
    const Json shown = text ? Json::parse(*text, nullptr, false) : Json();
    if (!shown.is_array() || shown.empty()) return Json::object();
    const Json& q = shown[0];
    return {{"frames", q.value("packets", 0)},
            {"octets", q.value("bytes", 0)},
            {"queue_full", q.value("drops", 0)}};
  }

  std::string a_, b_;
};

}  // namespace

std::string netem_line(const std::string& interface, const LinkParameters& p) {
  const auto us = [](Duration d) { return std::chrono::duration_cast<std::chrono::microseconds>(d).count(); };
  std::string line = fmt::format("qdisc replace dev {} root netem delay {}us", interface, us(p.delay));
  if (p.jitter > Duration{}) line += fmt::format(" {}us", us(p.jitter));
  if (p.loss > 0) line += fmt::format(" loss {:.4f}%", p.loss * 100);
  // netem counts its limit in packets: those under way as well as those that wait for the rate.
  const std::uint64_t under_way = static_cast<std::uint64_t>(us(p.delay + p.jitter)) * p.rate / 8'000'000;
  line += fmt::format(" limit {}", p.rate > 0 ? (p.queue + under_way) / 1500 + 1 : 20000);
  if (p.rate > 0) line += fmt::format(" rate {}bit", p.rate);
  return line + "\n";
}

Result<std::unique_ptr<WireEngine>> make_netem_engine(const WireOptions& options) {
  auto engine = std::make_unique<NetemEngine>(options);
  if (auto done = engine->install(options); !done) {
    return fail("not-supported", "netem with mirred: " + done.error().message);
  }
  return engine;
}

}  // namespace flowmob::lab
