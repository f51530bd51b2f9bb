// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/error.h"
#include "lab/domain/plan.h"
#include "platform/unique_fd.h"

namespace flowmob::lab {

/// One at a time builds a lab or plays the demo in it. Goes with its holder, however that ends.
class LabLock {
 public:
  /// "busy": somebody else holds it.
  static Result<LabLock> take(const Plan& plan);
  static Result<LabLock> take(const std::filesystem::path& file);
  LabLock(LabLock&&) = default;
  LabLock& operator=(LabLock&&) = delete;
  ~LabLock();

 private:
  LabLock(std::filesystem::path file, platform::UniqueFd fd) : file_(std::move(file)), fd_(std::move(fd)) {}
  std::filesystem::path file_;
  platform::UniqueFd fd_;
};

}  // namespace flowmob::lab
