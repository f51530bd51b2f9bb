// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/pinned_dataplane.h"

#include <bpf/bpf.h>

#include <array>

#include "dataplane/abi/sample.h"
#include "platform/unique_fd.h"

namespace flowmob::dataplane {
namespace {

/// Every program uses it.
constexpr const char* kMapOfEach = "drops";

/// What whoever looks at packets has to do with: nobody loses anything by new ones.
constexpr std::array kOfSamples{"sampling",        "drop_samples",     "sample_budget",
                                "unsampled_drops", "captured_packets", "captures_lost"};

/// Whoever looked through a predecessor does not any more.
Result<void> end_sampling(const BpfObject& object) {
  return BpfMap<std::uint32_t, fm_sampling>(object, "sampling").set(0, fm_sampling{});
}

}  // namespace

Result<PinnedDataplane> PinnedDataplane::load(const Program& program, const Options& options) {
  auto directory = BpfDirectory::create(options.directory);
  if (!directory) return tl::unexpected(directory.error());
  auto disposable = options.disposable;
  disposable.insert(disposable.end(), kOfSamples.begin(), kOfSamples.end());
  auto object =
      BpfObject::load(program.name, program.elf, program.size,
                      {std::move(*directory), options.capacities, std::move(disposable), options.optional});
  if (!object) return tl::unexpected(object.error());
  if (auto ended = end_sampling(*object); !ended) return tl::unexpected(ended.error());
  return PinnedDataplane(std::move(*object));
}

Result<void> PinnedDataplane::attach(const std::vector<Attachment>& attachments) const {
  const auto attached = attach_each(attachments);
  const auto alone = detach_others(attachments, object_.map_fd(kMapOfEach));
  return attached ? alone : attached;
}

Result<void> PinnedDataplane::attach_each(const std::vector<Attachment>& attachments) const {
  // One interface that is missing keeps no other from its programs.
  Result<void> first;
  for (const Attachment& attachment : attachments) {
    auto attached = dataplane::attach(attachment, object_.program_fd(attachment.program));
    if (first && !attached) first = attached;
  }
  return first;
}

Result<void> PinnedDataplane::attach(std::vector<Attachment> attachments,
                                     const std::string& interface) const {
  std::erase_if(attachments, [&](const Attachment& a) { return a.interface != interface; });
  return attach_each(attachments);
}

Result<void> PinnedDataplane::teardown(const std::filesystem::path& directory,
                                       const std::vector<Attachment>& attachments) {
  for (const Attachment& attachment : attachments) {
    auto detached = detach(attachment);
    if (!detached) return detached;
  }
  const platform::UniqueFd drops(bpf_obj_get((directory / "maps" / kMapOfEach).c_str()));
  if (drops.get() >= 0)
    if (auto detached = detach_others({}, drops.get()); !detached) return detached;
  return BpfDirectory::remove(directory);
}

}  // namespace flowmob::dataplane
