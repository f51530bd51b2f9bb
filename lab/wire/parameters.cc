// SPDX-License-Identifier: Apache-2.0
#include "lab/wire/parameters.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <span>
#include <vector>

namespace flowmob::lab {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};
constexpr std::array kTime{Unit{"us", 1e3}, Unit{"ms", 1e6}, Unit{"s", 1e9}};
constexpr std::array kShare{Unit{"%", 0.01}, Unit{"", 1.0}};
constexpr std::array kRate{Unit{"kbit", 1e3}, Unit{"mbit", 1e6}, Unit{"gbit", 1e9}, Unit{"bit", 1.0}};
constexpr std::array kSize{Unit{"k", 1024.0}, Unit{"m", 1048576.0}, Unit{"", 1.0}};

tl::unexpected<Error> bad(std::string_view key, std::string_view value) {
  return fail("bad-parameter", fmt::format("{}={}: not understood", key, value));
}

Result<double> number(std::string_view key, std::string_view text, std::span<const Unit> units) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) return bad(key, text);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& u : units) {
    if (u.name == unit) return value * u.factor;
  }
  return bad(key, text);
}

Result<void> assign(LinkParameters& p, std::string_view key, std::string_view value) {
  const auto to_duration = [](double ns) { return Duration{static_cast<Duration::rep>(ns)}; };
  const auto to_count = [](double n) { return static_cast<std::uint64_t>(n); };
  if (key == "delay") return number(key, value, kTime).map([&](double v) { p.delay = to_duration(v); });
  if (key == "jitter") return number(key, value, kTime).map([&](double v) { p.jitter = to_duration(v); });
  if (key == "rate") return number(key, value, kRate).map([&](double v) { p.rate = to_count(v); });
  if (key == "queue") return number(key, value, kSize).map([&](double v) { p.queue = to_count(v); });
  if (key != "loss")
    return fail("bad-parameter", fmt::format("'{}' is none of delay, jitter, loss, rate, queue", key));
  const auto share = number(key, value, kShare);
  if (!share || *share > 1) return bad(key, value);
  p.loss = *share;
  return {};
}

}  // namespace

Result<LinkParameters> parse_parameters(std::string_view text, LinkParameters start) {
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const auto equals = item.find('=');
    if (equals == item.npos) return fail("bad-parameter", fmt::format("'{}': expected KEY=VALUE", item));
    if (auto done = assign(start, item.substr(0, equals), item.substr(equals + 1)); !done) {
      return tl::unexpected(done.error());
    }
  }
  return start;
}

std::string to_string(const LinkParameters& p) {
  const auto ms = [](Duration d) { return std::chrono::duration<double, std::milli>(d).count(); };
  return fmt::format("delay={}ms,jitter={}ms,loss={}%,rate={}bit,queue={}", ms(p.delay), ms(p.jitter),
                     p.loss * 100, p.rate, p.queue);
}

}  // namespace flowmob::lab
