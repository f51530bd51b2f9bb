# SPDX-License-Identifier: Apache-2.0
"""A link that keeps its carrier and carries nothing: found by questions at both of its ends (RFC 4861 section 7.3, RFC 5213 section 6.13)."""
import time

import pytest

from conftest import eventually

VIDEO_PORT, OTHER_PORT = 5004, 6004
# Two questions may stay unanswered, so silence is known after three intervals at most.
PACE = 'interval = "200ms"'


@pytest.fixture(scope="module", name="watchful")
def with_a_quick_pace(lab):
    for mag in ("mag1", "mag2"):
        lab.edit(mag, 'neighbor_probe_interval = "1s"\n', f'neighbor_probe_{PACE}\nneighbor_probe_timeout = "200ms"\n')
    lab.edit("mn", 'decider = "lma"\n', f'decider = "lma"\nrouter_probe_{PACE}\nrouter_probes = 2\n')
    return lab


def member(lab, interface):
    return next(row for row in lab.ask("mn", "show", "links")["links"] if row["interface"] == interface)


def test_both_ends_find_it_and_flows_go_by_the_other_link_and_return(watchful, stream):
    lab = watchful
    before = lab.bindings()
    assert before["*"] == "mag2", before
    known = {row["handover"] for row in lab.ask("lma", "show", "handovers")["handovers"]}
    other = stream(OTHER_PORT)
    lab.link("mag2-mn", "silent")
    began = time.time()
    eventually(lambda: member(lab, "if2")["router_silent"] and lab.bindings()["*"] == "mag1", what="silence noticed at both ends")
    row = member(lab, "if2")
    assert row["carrier"] and not row["up"] and member(lab, "if1")["default"]
    decided = next(r for r in lab.ask("lma", "show", "handovers")["handovers"] if r["handover"] not in known)
    print(f"silent link: noticed and acted on {time.time() - began:.3f} s after it fell silent, at the latest")
    assert decided["flow"] == "*" and decided["to"] == "mag1", decided
    assert lab.inside("mn", "ping", "-c", "3", "-i", "0.2", "-W", "5", lab.address("cn")).returncode == 0
    lab.link("mag2-mn", "up")
    eventually(lambda: lab.bindings() == before and member(lab, "if2")["up"], what="the link in use again")
    assert not member(lab, "if2")["router_silent"] and member(lab, "if2")["round_trip_ms"] is not None
    other.run_for(2)
    report = other.end()
    lost = {way: report[way]["lost"] for way in ("outgoing", "incoming")}
    print(f"of {report['outgoing']['sent']} and {report['incoming']['sent']} packets at 100/s lost in the silence: {lost}")
    assert report["complete"] and report["outgoing"]["duplicated"] == report["incoming"]["duplicated"] == 0
    assert 0 < max(lost.values()), "the link was not silent"


def test_a_silent_link_that_no_flow_takes_is_found_as_well(watchful):
    lab = watchful
    bound = lambda: lab.ask("mag1", "show", "bindings")["bindings"]
    assert len(bound()) == 1
    lab.link("mag1-mn", "silent")
    eventually(lambda: member(lab, "if1")["router_silent"] and bound() == [], what="silence noticed at both ends")
    lab.link("mag1-mn", "up")
    eventually(lambda: member(lab, "if1")["up"] and len(bound()) == 1, what="the link in use again")
