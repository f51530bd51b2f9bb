// SPDX-License-Identifier: Apache-2.0
// Reports as people read them on a terminal, no wider than 100 columns.
#include <fmt/format.h>

#include "lab/demo/report.h"

namespace flowmob::lab {
namespace {

std::string paint(const std::string& text, const char* code, bool colour) {
  return colour ? fmt::format("\033[{}m{}\033[0m", code, text) : text;
}
std::string mark(bool good, bool colour) {
  return good ? paint("ok  ", "32", colour) : paint("FAIL", "1;31", colour);
}

std::string flow_line(const FlowOutcome& f) {
  const FlowSummary& s = f.summary;
  return fmt::format("  {:<9} {:<4} {:>7} {:>6} {:>6} {:>9} {:>9.1f} ms {:>8.1f} ms {:>8} {:>8}\n",
                     to_string(f.flow), to_string(f.way), s.sent, s.lost, s.duplicated, s.reordered,
                     to_ms(s.longest_gap), to_ms(s.delay.median), f.frames[0], f.frames[1]);
}

std::string flow_table(const StepReport& step, bool colour) {
  const std::string head =
      fmt::format("  {:<14} {:>7} {:>6} {:>6} {:>9} {:>12} {:>11} {:>8} {:>8}\n", "flow", "sent", "lost",
                  "dupl.", "reordered", "longest gap", "delay", "on MAG1", "on MAG2");
  std::string text = paint(head, "2", colour);
  for (const FlowOutcome& outcome : step.flows) text += flow_line(outcome);
  return text;
}

std::string signalling_line(const SignallingSummary& s) {
  std::string text = fmt::format("  signalling: {} messages, {} octets", s.messages, s.octets);
  if (const auto slowest = s.pbu_to_pba()) text += fmt::format("; PBU to PBA {:.1f} ms", to_ms(*slowest));
  return text + "\n";
}

std::string failure_lines(const FailureParts& f) {
  return fmt::format(
      "  longest gap {:.1f} ms = detection {:.1f} + MAG-LMA round trip {:.1f} + remaining {:.1f}; allowed "
      "{:.1f}\n"
      "  the round trip is what the links are set to; this PBU had its PBA after {:.1f} ms\n"
      "  the open predecessors need {} to {} ms for a handover of the whole node in the same kind of lab\n",
      to_ms(f.longest_gap), to_ms(f.detection), to_ms(f.round_trip), to_ms(f.remaining()), to_ms(f.bound()),
      to_ms(f.pbu_to_pba), kPredecessorsMs[0], kPredecessorsMs[1]);
}

std::string node_move_line(const NodeMove& m) {
  return fmt::format(
      "  uplink by the new link after {:.1f} ms; its gateway told the LMA after {:.1f}; downlink after "
      "{:.1f}\n",
      to_ms(m.uplink), to_ms(m.announced), to_ms(m.downlink));
}

std::string handover_line(const nlohmann::ordered_json& record) {
  const auto text = [&](const char* key) {
    const auto found = record.find(key);
    if (found == record.end() || found->is_null()) return std::string("-");
    return found->is_string() ? found->get<std::string>() : found->dump();
  };
  return fmt::format("  the LMA's record {}: {} from {} to {} by {}; order: {}, {} out of order\n",
                     text("handover"), text("flow"), text("from"), text("to"), text("trigger"), text("order"),
                     text("out_of_order"));
}

}  // namespace

std::string step_text(const StepReport& step, bool colour) {
  std::string text = step.flows.empty() ? std::string() : flow_table(step, colour);
  text += signalling_line(step.signalling);
  if (step.failure) text += failure_lines(*step.failure);
  if (step.node_move) text += node_move_line(*step.node_move);
  for (const auto& record : step.handovers) text += handover_line(record);
  for (const Check& check : step.checks)
    text += fmt::format("  {} {}\n", mark(check.holds, colour), check.claim);
  return text;
}

std::string closing_text(const DemoReport& report, bool colour) {
  std::string text = paint("Verdict\n", "1", colour);
  for (const StepReport& step : report.steps) {
    text += fmt::format("  {} {}\n", mark(step.passed(), colour), step.title);
  }
  text += "\n  longest silence of the flows concerned, both ways\n";
  for (const StepReport& step : report.steps) {
    if (step.concerned.empty()) continue;
    text += fmt::format("  {:<64} {:>7.1f} ms\n", step.title, to_ms(step.longest_silence()));
  }
  text += fmt::format("  {:<64} {} to {} ms\n", "open predecessors, handover of the whole node",
                      kPredecessorsMs[0], kPredecessorsMs[1]);
  return text;
}

std::string outcome_text(const DemoReport& report) {
  if (report.unfinished) return "NOT FINISHED: " + report.unfinished->message;
  return report.passed() ? "every verdict holds" : "NOT every verdict holds";
}

}  // namespace flowmob::lab
