# SPDX-License-Identifier: Apache-2.0
"""A link that loses its carrier costs a flow on it no more than what was on its way by that link, and 10 ms."""
import statistics

import pytest

from conftest import eventually
from moves import one_way_delay_ms

RATE, FAILURES = 1000, 7
ALLOWED_MS = 10  # to notice, to tell the anchor, to choose another link


def in_flight_ms(lab, mag):
    """By the link itself, and from the anchor to its gateway: what goes up is behind that as soon as it has left the link."""
    link = one_way_delay_ms(lab, f"{mag}-mn")
    return {"incoming": link + one_way_delay_ms(lab, f"lma-{mag}"), "outgoing": link}


def lose_link(lab, mag, flow, port, stream):
    """Packets that one failure costs the flow, each way."""
    assert lab.bindings()[flow] == mag
    before, running = lab.bindings(), stream(port, rate=RATE)
    lab.link(f"{mag}-mn", "down")
    eventually(lambda: lab.bindings()[flow] != mag, what="the flow by the other link")
    running.run_for(1)
    report = running.end()
    lab.link(f"{mag}-mn", "up")
    eventually(lambda: lab.bindings() == before, what="the link in use again")
    assert report["complete"] and report["outgoing"]["duplicated"] == report["incoming"]["duplicated"] == 0, report
    return {way: report[way]["lost"] for way in ("incoming", "outgoing")}


@pytest.mark.parametrize("mag,flow,port", [("mag2", "*", 6004), ("mag1", "video", 5004)])
def test_a_hard_failure_costs_what_was_on_its_way_and_ten_milliseconds(lab, stream, mag, flow, port, capsys):
    """Judged by the second of seven: a busy machine lets daemons wait for their turn, and that is not held to anything. All are printed."""
    lost = [lose_link(lab, mag, flow, port, stream) for _ in range(FAILURES)]
    for way, in_flight in in_flight_ms(lab, mag).items():
        all_of_it = sorted(one[way] for one in lost)
        allowed = (in_flight + ALLOWED_MS) * RATE / 1000
        with capsys.disabled():
            print(f"\n{mag}-mn loses its carrier, {RATE} packets/s, {way}: {all_of_it} lost, median {statistics.median(all_of_it)}; "
                  f"{in_flight:.0f} ms on their way, so {allowed:.0f} allowed")
        assert all_of_it[1] <= allowed
