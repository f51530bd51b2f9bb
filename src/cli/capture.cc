// SPDX-License-Identifier: Apache-2.0
#include "cli/capture.h"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/address.h"
#include "capture/pcapng_writer.h"
#include "cli/fields.h"
#include "cli/monitor.h"
#include "cli/table.h"

namespace flowmob::cli {
namespace {

namespace pcapng = flowmob::capture::pcapng;
using Clock = std::chrono::steady_clock;

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdout) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

tl::unexpected<Error> cannot_write(const std::string& name) {
  return fail("cannot-write", fmt::format("{}: {}", name, std::strerror(errno)));
}

Result<File> open_file(const std::string& name) {
  if (name == "-") return File(stdout);
  File file(std::fopen(name.c_str(), "wbe"));
  if (!file) return cannot_write(name);
  return file;
}

/// At once: who reads along sees whole blocks.
Result<void> write_blocks(std::FILE* file, const std::string& name, const Bytes& blocks) {
  if (std::fwrite(blocks.data(), 1, blocks.size(), file) != blocks.size() || std::fflush(file) != 0)
    return cannot_write(name);
  return {};
}

/// One capture, from the daemon's answer on.
class Capture {
 public:
  Capture(platform::ControlClient& client, Terminal& terminal, const CaptureOptions& options)
      : client_(client), terminal_(terminal), options_(options) {}

  Result<void> run(std::uint32_t snaplen) {
    blocks_ = CaptureBlocks(snaplen);
    auto begun = begin_file();
    if (!begun) return begun;
    auto taken = take_events();
    if (!taken && taken.error().code == "cannot-write") return taken;
    // What came before the daemon went is worth as much as ever.
    const auto ended = file_ ? write(blocks_.closing(lost_)) : Result<void>();
    return taken ? ended : taken;
  }
  std::uint64_t packets() const { return packets_; }
  std::uint64_t lost() const { return lost_; }

 private:
  Result<void> begin_file() {
    if (options_.file.empty()) return {};
    auto file = open_file(options_.file);
    if (!file) return tl::unexpected(file.error());
    file_ = std::move(*file);
    return write(CaptureBlocks::opening());
  }

  Result<void> write(const Bytes& blocks) { return write_blocks(file_.get(), options_.file, blocks); }

  bool is_complete() const {
    const bool has_all = options_.count && packets_ >= *options_.count;
    return has_all || is_stop_requested() || (end_ && Clock::now() >= *end_) || reader_is_gone_;
  }

  /// The daemon is told that we have enough, and says what it has counted.
  Result<void> take_events() {
    if (options_.seconds) end_ = Clock::now() + std::chrono::seconds(*options_.seconds);
    std::optional<Clock::time_point> patience;
    while (!patience || Clock::now() < *patience) {
      if (!patience && is_complete()) {
        client_.finish();
        patience = Clock::now() + std::chrono::seconds(5);
      }
      auto event = client_.next_event(std::chrono::milliseconds(100));
      if (!event) return patience ? Result<void>() : tl::unexpected(event.error());
      if (!*event) continue;
      if (auto taken = take(**event, patience.has_value()); !taken) return taken;
    }
    return {};
  }

  Result<void> take(const Json& event, bool is_ending) {
    const std::string name = text_of(event, "event");
    if (name == "packets-not-captured")
      lost_ += static_cast<std::uint64_t>(number_of(event, "packets").value_or(0));
    if (file_ && name != "packet") return {};
    if (is_ending && name == "packet" && options_.count && packets_ >= *options_.count) return {};
    if (name == "packet") ++packets_;
    if (file_) return blocks_.packet(event).and_then([&](const Bytes& blocks) { return write(blocks); });
    reader_is_gone_ = reader_is_gone_ || !terminal_.print(event_line(event, terminal_));
    return {};
  }

  platform::ControlClient& client_;
  Terminal& terminal_;
  const CaptureOptions& options_;
  CaptureBlocks blocks_{0};
  File file_;
  std::optional<Clock::time_point> end_;
  std::uint64_t packets_ = 0, lost_ = 0;
  bool reader_is_gone_ = false;
};

}  // namespace

Bytes CaptureBlocks::opening() { return pcapng::section_block("flowmob " FLOWMOB_VERSION); }

Bytes CaptureBlocks::interface_of(const Json& event, Interface*& found) {
  const std::string name = text_of(event, "interface"), direction = text_of(event, "direction");
  const auto [place, is_new] = interfaces_.try_emplace(
      name + " " + direction, Interface{static_cast<std::uint32_t>(interfaces_.size())});
  found = &place->second;
  if (!is_new) return {};
  return pcapng::interface_block(name,
                                 direction == "up" ? "from the mobile node, outside of its tunnel"
                                                   : "to the mobile node, outside of its tunnel",
                                 snaplen_);
}

Result<Bytes> CaptureBlocks::packet(const Json& event) {
  const auto octets = from_hex(text_of(event, "octets"));
  const auto time = number_of(event, "time_ns"), length = number_of(event, "length");
  if (!octets || !time || *time < 0 || !length || *length < 0)
    return fail("bad-event", "a packet without time, length and octets");
  Interface* interface = nullptr;
  Bytes blocks = interface_of(event, interface);
  ++interface->packets;
  last_ = *time;
  const bool up = text_of(event, "direction") == "up";
  append(blocks,
         pcapng::packet_block(
             {interface->number, WallTime(Duration(*time)), static_cast<std::uint32_t>(*length), *octets,
              up ? pcapng::Direction::Inbound : pcapng::Direction::Outbound, comment_of(event)}));
  return blocks;
}

Bytes CaptureBlocks::closing(std::uint64_t lost) const {
  Bytes blocks;
  for (const auto& [name, interface] : interfaces_) {
    const std::uint64_t missing = interface.number == 0 ? lost : 0;
    append(blocks, pcapng::statistics_block(interface.number, WallTime(Duration(last_)),
                                            interface.packets + missing, missing));
  }
  return blocks;
}

std::string comment_of(const Json& event) {
  std::string comment;
  const auto add = [&](const std::string& name, const char* key) {
    const std::string value = printable(text_of(event, key));
    if (!value.empty()) comment += (comment.empty() ? "" : ", ") + name + value;
  };
  add("flow ", "flow");
  add("", "mag");
  add("tunnel to ", "remote");
  add("session ", "session");
  add("by ", "member");
  return comment;
}

int capture(platform::ControlClient& client, Terminal& terminal, const Json& arguments,
            const CaptureOptions& options) {
  stop_on_signals();
  if (terminal.json && options.file == "-")
    return terminal.fail_with({"bad-argument", "a capture and JSON cannot both go to standard output"});
  const auto answer = client.call("capture", arguments);
  if (!answer) return terminal.fail_with(answer.error());
  Capture running(client, terminal, options);
  const auto done = running.run(static_cast<std::uint32_t>(number_of(*answer, "snaplen").value_or(0)));
  const std::string counts = fmt::format("{} packets captured, {} lost\n", running.packets(), running.lost());
  if (!done) {
    if (!terminal.json) terminal.note(counts);
    return terminal.fail_with(done.error());
  }
  if (options.file.empty() || options.file == "-") {
    if (!terminal.json) terminal.note(counts);
    return 0;
  }
  return terminal.finish(
      Answer{{{"file", options.file}, {"packets", running.packets()}, {"lost", running.lost()}}, counts});
}

}  // namespace flowmob::cli
