// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/steps.h"

namespace flowmob::lab {
namespace {

using namespace std::chrono_literals;
using namespace judge;

constexpr std::size_t kOnMag1 = 0, kOnMag2 = 1;
const std::vector<FlowKind> kAll(kLastingFlows.begin(), kLastingFlows.end());

Result<void> steady(Demo& demo) {
  demo.mark("all traffic flows");
  return demo.rest(6s);
}

Result<void> move_to_mag2(Demo& demo) {
  return demo.rest(1s).and_then([&] { return demo.move_video("mag2"); }).and_then([&] {
    return demo.rest(6s);
  });
}

Result<void> move_back(Demo& demo) {
  return demo.rest(1s).and_then([&] { return demo.move_video("mag1"); }).and_then([&] {
    return demo.rest(6s);
  });
}

Result<void> fail_link(Demo& demo) {
  return demo.start_steering()
      .and_then([&] { return demo.rest(2s); })
      .and_then([&] { return demo.set_link("mag2-mn", false); })
      .and_then([&] { return demo.rest(6s); });
}

Result<void> restore_link(Demo& demo) {
  return demo.set_link("mag2-mn", true)
      .and_then([&] { return demo.rest(6s); })
      .map([&] { demo.stop_steering(); })
      .and_then([&] { return demo.rest(1s); });
}

Result<void> restart_lma(Demo& demo) {
  const DaemonPlan& lma = demo.domain().plan().daemons().front();
  return demo.rest(1s)
      .and_then([&] {
        demo.mark("LMA killed", true);
        return demo.domain().kill_daemon(lma.node);
      })
      .and_then([&] { return demo.rest(3s); })
      .and_then([&] {
        demo.mark("restarted");
        return demo.domain().start_daemon(lma);
      })
      .and_then([&] { return demo.domain().wait_for_control(lma.node); })
      .and_then([&] { return demo.rest(5s); });
}

Result<void> node_decides(Demo& demo) {
  return demo.let_node_decide()
      .and_then([&] { return demo.rest(1s); })
      .and_then([&] { return demo.node_moves_video("if2"); })
      .and_then([&] { return demo.rest(5s); });
}

}  // namespace

const std::vector<Step>& demo_steps() {
  static const std::vector<Step> steps{
      {"steady",
       "Service Selection puts video on MAG1 and everything else on MAG2",
       kAll,
       steady,
       {lossless, flow_stays_on(FlowKind::Video, kOnMag1), flow_stays_on(FlowKind::Download, kOnMag2),
        flow_stays_on(FlowKind::Ping, kOnMag2)}},
      {"move-to-mag2",
       "Move video to MAG2 while it runs",
       {FlowKind::Video},
       move_to_mag2,
       {lossless, flow_ends_on(FlowKind::Video, kOnMag2), flow_stays_on(FlowKind::Download, kOnMag2),
        flow_stays_on(FlowKind::Ping, kOnMag2), same_connection}},
      {"move-back",
       "Move video back to MAG1",
       {FlowKind::Video},
       move_back,
       {lossless, flow_ends_on(FlowKind::Video, kOnMag1), flow_stays_on(FlowKind::Download, kOnMag2),
        flow_stays_on(FlowKind::Ping, kOnMag2), same_connection}},
      {"link-failure",
       "Fail the MAG2 link hard: carrier lost, nobody warned",
       {FlowKind::Download, FlowKind::Ping},
       fail_link,
       {hard_failure, redundant_flow_is_whole, flow_stays_on(FlowKind::Video, kOnMag1),
        flow_ends_on(FlowKind::Download, kOnMag1), flow_ends_on(FlowKind::Ping, kOnMag1), same_connection}},
      {"link-restored",
       "Restore the MAG2 link: its flows go back",
       {FlowKind::Download, FlowKind::Ping},
       restore_link,
       {lossless, redundant_flow_has_both_links, flow_stays_on(FlowKind::Video, kOnMag1),
        flow_ends_on(FlowKind::Download, kOnMag2), flow_ends_on(FlowKind::Ping, kOnMag2), same_connection}},
      {"lma-restart",
       "Kill the LMA's daemon (SIGKILL) and start it again 3 s later",
       kAll,
       restart_lma,
       {lossless, bindings_kept, flow_stays_on(FlowKind::Video, kOnMag1),
        flow_stays_on(FlowKind::Download, kOnMag2), flow_stays_on(FlowKind::Ping, kOnMag2), same_connection}},
      {"node-decides",
       "The mobile node decides: it moves video, and the LMA follows",
       {FlowKind::Video},
       node_decides,
       {lossless, node_decided, flow_ends_on(FlowKind::Video, kOnMag2),
        flow_stays_on(FlowKind::Download, kOnMag2), flow_stays_on(FlowKind::Ping, kOnMag2), same_connection}},
  };
  return steps;
}

}  // namespace flowmob::lab
