// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "dataplane/abi/xdp.h"
#include "platform/dataplane/bpf_map.h"
#include "platform/dataplane/datapath.h"
#include "platform/netlink.h"
#include "platform/xdp_features.h"

namespace flowmob::dataplane {

struct DatapathInUse {
  Datapath used = Datapath::Tc;
  std::string reason;  ///< for people
};

/// The anchor's XDP program on the interfaces that have it (docs/adr/0080). Call it in the thread, and so in
/// the network namespace, whose interfaces are meant.
class FastLane {
 public:
  struct Interface {
    std::string name;
    bool from_core = false, from_mags = false;
    Datapath wanted = Datapath::Auto;
  };

  explicit FastLane(const BpfObject& object) : object_(&object), rows_(object, "xdp_links") {}

  /// Puts the program where it is wanted and takes it off everywhere else. The tc programs are there already.
  /// "xdp-refused": where it is wanted by name it cannot be; all others have what they should.
  Result<void> attach(const std::vector<Interface>& interfaces);
  /// What the kernel says of interfaces changes without a word to us: to be asked now and then.
  void follow();
  /// By the interface's name.
  const std::map<std::string, DatapathInUse>& in_use() const { return in_use_; }

  /// Takes what a data plane pinned there has attached off all interfaces.
  static Result<void> detach(const std::filesystem::path& bpf_dir);

 private:
  Result<void> attach_one(const Interface& interface, bool has_counterpart);
  std::string obstacle(const Interface& interface, bool has_counterpart) const;
  Result<void> run_on(const Interface& interface);
  bool write_row(const Interface& interface, const platform::Link& link, bool sends);
  int program() const { return object_->program_fd("lma_xdp"); }
  int own_map() const { return object_->map_fd("xdp_links"); }
  bool uses_xdp(bool Interface::*side) const;

  const BpfObject* object_;
  BpfMap<std::uint32_t, fm_xdp_link> rows_;
  std::vector<Interface> interfaces_;
  std::map<std::string, DatapathInUse> in_use_;
};

}  // namespace flowmob::dataplane
