// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/bpf_object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "platform/dataplane/libbpf_log.h"
#include "platform/errno_error.h"
#include "platform/unique_fd.h"

namespace flowmob::dataplane {
namespace {

using platform::UniqueFd;

Result<void> check_layout(const bpf_map* map, const bpf_map_info& pinned) {
  if (pinned.type == bpf_map__type(map) && pinned.key_size == bpf_map__key_size(map) &&
      pinned.value_size == bpf_map__value_size(map) && pinned.map_flags == bpf_map__map_flags(map))
    return {};
  return fail(
      "incompatible-map",
      fmt::format("the pinned map \"{}\" was made by another version (key {}, value {} octets; now {} "
                  "and {}). Remove the old data plane with --teardown and start again",
                  bpf_map__name(map), pinned.key_size, pinned.value_size, bpf_map__key_size(map),
                  bpf_map__value_size(map)));
}

/// A map that is pinned keeps its capacity: what it holds is worth more than a new limit.
Result<void> take_over(bpf_map* map, int pinned_fd, const BpfObjectOptions& options) {
  bpf_map_info info{};
  __u32 length = sizeof(info);
  if (bpf_obj_get_info_by_fd(pinned_fd, &info, &length) != 0)
    return platform::fail_errno("bpf-load", std::string("cannot read the pinned map ") + bpf_map__name(map));
  const bool disposable = std::ranges::count(options.disposable, bpf_map__name(map)) != 0;
  auto fits = check_layout(map, info);
  if (disposable && (!fits || info.max_entries != bpf_map__max_entries(map))) {
    ::unlink(bpf_map__pin_path(map));
    return {};
  }
  if (fits) bpf_map__set_max_entries(map, info.max_entries);
  return fits;
}

Result<void> prepare_map(bpf_map* map, const BpfObjectOptions& options) {
  const std::string name = bpf_map__name(map);
  const auto capacity = options.capacities.find(name);
  if (capacity != options.capacities.end()) bpf_map__set_max_entries(map, capacity->second);
  bpf_map__set_pin_path(map, options.directory.map(name).c_str());
  const UniqueFd pinned(bpf_obj_get(bpf_map__pin_path(map)));
  return pinned ? take_over(map, pinned.get(), options) : Result<void>{};
}

/// For people with bpftool; the interfaces hold the programs themselves.
Result<void> pin_program(bpf_program* program, const BpfDirectory& directory) {
  const auto path = directory.program(bpf_program__name(program));
  ::unlink(path.c_str());
  if (bpf_program__pin(program, path.c_str()) != 0)
    return platform::fail_errno("bpf-load", "cannot pin " + path.string());
  return {};
}

}  // namespace

void BpfObject::Close::operator()(bpf_object* object) const { bpf_object__close(object); }

Result<BpfObject> BpfObject::load(const std::string& name, const void* elf, std::size_t size,
                                  const BpfObjectOptions& options) {
  auto whole = try_load(name, elf, size, options, true);
  if (whole || options.optional.empty() || whole.error().code != "bpf-load") return whole;
  auto rest = try_load(name, elf, size, options, false);
  if (rest) rest->left_out_ = whole.error().message;
  return rest ? std::move(rest) : std::move(whole);
}

Result<BpfObject> BpfObject::try_load(const std::string& name, const void* elf, std::size_t size,
                                      const BpfObjectOptions& options, bool with_optional) {
  const LibbpfLog log;
  bpf_object_open_opts open{};
  open.sz = sizeof(open);
  open.object_name = name.c_str();
  BpfObject loaded;
  loaded.object_.reset(bpf_object__open_mem(elf, size, &open));
  if (!loaded.object_) return platform::fail_errno("bpf-load", "cannot read the BPF object " + name);

  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, loaded.object_.get()) {
    if (auto prepared = prepare_map(map, options); !prepared) return tl::unexpected(prepared.error());
  }
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, loaded.object_.get()) {
    const bool is_optional = std::ranges::count(options.optional, bpf_program__name(program)) != 0;
    if (is_optional && !with_optional) bpf_program__set_autoload(program, false);
  }
  if (bpf_object__load(loaded.object_.get()) != 0)
    return platform::fail_errno("bpf-load", "cannot load the BPF object " + name + "\n" + log.tail());
  bpf_object__for_each_program(program, loaded.object_.get()) {
    if (!bpf_program__autoload(program)) {
      ::unlink(options.directory.program(bpf_program__name(program)).c_str());  // a predecessor's
      continue;
    }
    if (auto pinned = pin_program(program, options.directory); !pinned) return tl::unexpected(pinned.error());
  }
  return loaded;
}

int BpfObject::map_fd(const std::string& name) const {
  return bpf_object__find_map_fd_by_name(object_.get(), name.c_str());
}

int BpfObject::program_fd(const std::string& name) const {
  const bpf_program* program = bpf_object__find_program_by_name(object_.get(), name.c_str());
  return program != nullptr ? bpf_program__fd(program) : -1;
}

}  // namespace flowmob::dataplane
