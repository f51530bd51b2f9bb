// SPDX-License-Identifier: Apache-2.0
#include "lab/wire/commands.h"

#include <chrono>
#include <utility>

#include "lab/wire/parameters.h"

namespace flowmob::lab {

using platform::Json;

Result<Json> Wire::handle(const platform::ControlRequest& request) {
  if (request.command == "status") return status();
  if (request.command == "set") return set(request.arguments);
  if (request.command == "down") return set_up(false);
  if (request.command == "up") return set_up(true);
  if (request.command == "silent") return fall_silent();
  return fail("no-such-command", "'" + request.command + "' is none of status, set, down, up, silent");
}

Json Wire::status() const {
  return {{"engine", engine_->name()},
          {"a", options_.a},
          {"b", options_.b},
          {"up", up_},
          {"silent", silent_},
          {"parameters",
           {{"a-to-b", to_string(options_.parameters[0])}, {"b-to-a", to_string(options_.parameters[1])}}},
          {"counters", engine_->counters()}};
}

Result<Json> Wire::set(const Json& arguments) {
  auto wanted = options_.parameters;
  for (const auto& [key, text] : arguments.items()) {
    if (!text.is_string()) return fail("bad-argument", key + ": expected KEY=VALUE,...");
    for (const Direction direction : kDirections) {
      if (key != "both" && key != to_string(direction)) continue;
      auto parsed = parse_parameters(text.get<std::string>(), wanted[index_of(direction)]);
      if (!parsed) return tl::unexpected(parsed.error());
      wanted[index_of(direction)] = *parsed;
    }
  }
  const auto before = std::exchange(options_.parameters, wanted);
  if (auto done = apply_parameters(silent_); !done) {
    options_.parameters = before;
    return tl::unexpected(done.error());
  }
  return status();
}

Result<void> Wire::apply_parameters(bool silent) {
  for (const Direction direction : kDirections) {
    LinkParameters parameters = options_.parameters[index_of(direction)];
    if (silent) parameters.loss = 1;
    if (auto done = engine_->set_parameters(direction, parameters); !done) return done;
  }
  silent_ = silent;
  return {};
}

namespace {

auto wall() { return std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1); }

}  // namespace

Result<Json> Wire::fall_silent() {
  const auto begun = wall();
  if (auto done = apply_parameters(true); !done) return tl::unexpected(done.error());
  return Json{{"up", up_}, {"begun_ns", begun}, {"done_ns", wall()}};
}

Result<Json> Wire::set_up(bool up) {
  if (auto done = apply_parameters(false); !done) return tl::unexpected(done.error());
  const auto begun = wall();
  if (auto done = engine_->set_up(up); !done) return tl::unexpected(done.error());
  up_ = up;
  return Json{{"up", up}, {"begun_ns", begun}, {"done_ns", wall()}};
}

}  // namespace flowmob::lab
