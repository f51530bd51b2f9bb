// SPDX-License-Identifier: Apache-2.0
#include "cli/decode/decode.h"
#include "cli/program.h"

namespace flowmob::cli {
namespace {

/// Its lines are broken, not cut, so a pipe loses nothing by a width that people can read.
constexpr std::size_t kReadable = 100;

}  // namespace

void add_decode_command(Program& program) {
  auto input = std::make_shared<std::string>();
  CLI::App* command = program.add(
      nullptr, "decode", "prints the Mobility Headers and Neighbor Discovery messages of a capture",
      [input](Terminal& terminal) -> int {
        auto document = decode::decode_argument(*input);
        if (!document) return terminal.fail_with(document.error());
        const std::size_t width = terminal.width == kUnlimited ? kReadable : terminal.width;
        const std::string text = terminal.json ? "" : decode::to_text(*document, {width, terminal.colour});
        return terminal.finish(Answer{*document, text, document->contains("error") ? kFailed : 0});
      });
  command
      ->add_option("input", *input,
                   "a pcap or pcapng file, or hexadecimal digits: a Mobility Header, a packet")
      ->type_name("FILE|HEX")
      ->required();
}

}  // namespace flowmob::cli
