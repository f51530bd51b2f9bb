// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "lab/wire/link_model.h"

namespace flowmob::lab {

enum class Direction { AToB, BToA };
inline constexpr std::array kDirections{Direction::AToB, Direction::BToA};
constexpr std::size_t index_of(Direction d) { return d == Direction::AToB ? 0 : 1; }
constexpr std::string_view to_string(Direction d) { return d == Direction::AToB ? "a-to-b" : "b-to-a"; }

struct WireOptions {
  std::string a, b;  ///< the two interfaces that the wire joins
  std::array<LinkParameters, 2> parameters{};
  std::uint64_t seed = 1;
};

/// What carries the frames. Both engines obey the same commands.
class WireEngine {
 public:
  virtual ~WireEngine() = default;
  virtual std::string_view name() const = 0;
  virtual Result<void> set_parameters(Direction direction, const LinkParameters& parameters) = 0;
  /// Carrier at both ends; what is under way when it goes is lost.
  virtual Result<void> set_up(bool up) = 0;
  virtual nlohmann::ordered_json counters() = 0;

  // The event loop's side; an engine that lives in the kernel needs none of it.
  virtual std::vector<int> fds() const { return {}; }
  virtual void handle_readable() {}
  virtual std::optional<TimePoint> poll_timeout() const { return {}; }
  virtual void handle_timeout(TimePoint) {}
};

Result<std::unique_ptr<WireEngine>> make_userspace_engine(const WireOptions& options);
/// The `tc -batch` line that gives an interface's egress these parameters.
std::string netem_line(const std::string& interface, const LinkParameters& parameters);
/// "not-supported" where the kernel lacks netem or mirred.
Result<std::unique_ptr<WireEngine>> make_netem_engine(const WireOptions& options);

}  // namespace flowmob::lab
