// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "daemon/mn/former_file.h"
#include "platform/control_message.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// What interfaces were like before we changed them, and how they become so again. It is on file before
/// anything is changed, so that it outlives this process, however that ends.
class FormerStates {
 public:
  FormerStates(platform::Netlink& netlink, std::filesystem::path file)
      : netlink_(netlink), file_(std::move(file)) {}

  /// What a predecessor noted, of interfaces that are still there. "bad-record": its file is not believed,
  /// and makes way.
  Result<void> load();
  /// How it is now, unless it is known how it was.
  Result<void> note(const platform::Link& link);
  /// One that was ours before this process, and of which nothing is known: the kernel's defaults instead of
  /// what may be our own settings, and else how it is now.
  Result<void> assume(const platform::Link& link);
  /// As it was, whatever it is called by now; then it is not known any more. One that is not known, or is
  /// gone, is left alone.
  Result<void> restore(InterfaceIndex interface);
  /// It is gone, and so are its settings.
  void forget(InterfaceIndex interface);

  std::vector<InterfaceIndex> known() const;
  /// The names of those that are not known, but assumed.
  std::vector<std::string> assumed() const;
  /// Those that this process has changed first.
  const std::vector<InterfaceIndex>& fresh() const { return fresh_; }
  /// The one that had that name when it was noted.
  InterfaceIndex named(const std::string& name) const;
  /// {"known", "refused"}: a file that was not believed counts as one.
  platform::Json statistics() const { return {{"known", all_.size()}, {"refused", refused_}}; }

 private:
  FormerSettings* find(InterfaceIndex interface);
  Result<FormerSettings> look_at(const platform::Link& link);
  Result<void> keep(FormerSettings former);
  void put_back_routes(const FormerSettings& former, const platform::Link& link);
  Result<void> leave_master(const FormerSettings& former, const platform::Link& link);
  Result<void> put_back(const FormerSettings& former, const platform::Link& link);

  platform::Netlink& netlink_;
  FormerFile file_;
  std::vector<FormerSettings> all_;
  std::vector<InterfaceIndex> fresh_;
  std::uint64_t refused_ = 0;
};

}  // namespace flowmob::daemon
