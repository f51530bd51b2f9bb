// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lab/wire/engine.h"
#include "platform/control_message.h"

namespace flowmob::lab {

/// A wire as its control socket knows it:
///   status                         engine, interfaces, up or down, parameters, counters
///   set {"both": "delay=5ms"}      changes parameters; also "a-to-b", "b-to-a"
///   down, up                       carrier at both ends; answers with the moment the wire was cut
///   silent                         keeps the carrier and loses every frame, until `up`
class Wire {
 public:
  Wire(WireOptions options, std::unique_ptr<WireEngine> engine)
      : options_(std::move(options)), engine_(std::move(engine)) {}

  Result<platform::Json> handle(const platform::ControlRequest& request);
  WireEngine& engine() { return *engine_; }

 private:
  platform::Json status() const;
  Result<platform::Json> set(const platform::Json& arguments);
  Result<platform::Json> set_up(bool up);
  Result<platform::Json> fall_silent();
  Result<void> apply_parameters(bool silent);

  WireOptions options_;
  std::unique_ptr<WireEngine> engine_;
  bool up_ = true;
  bool silent_ = false;
};

}  // namespace flowmob::lab
