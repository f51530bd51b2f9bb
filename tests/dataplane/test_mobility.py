# SPDX-License-Identifier: Apache-2.0
"""A flow moves, links fail, the tool is killed and comes back: what becomes of the packets."""
import time

from conftest import LMA, MAGS, PREFIX


def video(domain):
    """The video flow as the mobile node knows it: protocol, ports, member, moves, packets down and up."""
    return next(line.split() for line in domain.mn("flows") if line.startswith("17 5004 6000 "))


def carries(domain, session, packets=100):
    """Waits until the session has carried so many more, down, and up since the node reflects."""
    start = domain.lma.traffic("session", session)
    deadline = time.monotonic() + 20
    while any(now[0] - before[0] < packets for before, now in zip(start, domain.lma.traffic("session", session))):
        assert time.monotonic() < deadline, f"session {session}: {start}, {domain.lma.traffic('session', session)}"
        time.sleep(0.02)


def test_a_moved_flow_loses_nothing(domain, stream):
    verdict = stream()
    carries(domain, 1)
    for session in (2, 1, 2):
        domain.lma(f"flow 1 1 {session}")
        carries(domain, session)
    result = verdict()
    domain.lma("flow 1 1 1")
    assert (result["lost"], result["duplicated"]) == (0, 0), result
    assert int(video(domain)[4]) >= 3


def test_a_flow_counts_on_its_binding_both_ways(domain, stream):
    before = domain.lma.traffic("flow", 1)
    assert stream(count=200)()["lost"] == 0
    after = domain.lma.traffic("flow", 1)
    for way in (0, 1):
        assert after[way][0] - before[way][0] == 200
        assert after[way][1] - before[way][1] == 200 * (604 + 48)


def test_a_killed_tool_takes_no_packet_with_it(domain, stream):
    verdict = stream()
    time.sleep(0.5)
    domain.lma.kill()
    time.sleep(1)
    domain.lma = domain.open_lma()
    result = verdict()
    assert (result["lost"], result["duplicated"]) == (0, 0), result


def test_what_nobody_installs_again_is_swept(domain, stream):
    domain.lma("flow 99 1 2")
    domain.lma.kill()
    domain.lma = domain.open_lma()
    verdict = stream(count=1000)
    for session, address in enumerate(MAGS.values(), 1):
        domain.lma(f"tunnel {LMA} {address}", f"session {session} 1 {LMA} {address} 1460 {PREFIX}", f"flow {session} 1 {session}")
    domain.lma(f"node 1 {PREFIX} 2 1 17 5004 5005")
    swept = int(domain.lma("sweep")[0])
    assert swept == 2, "flow 99 and its counters; the replaced rules went before"
    assert int(domain.lma("sweep")[0]) == 0
    result = verdict()
    assert (result["lost"], result["duplicated"]) == (0, 0), result


def test_a_member_that_goes_down_hands_over_to_the_other(domain, stream):
    assert stream(count=100)()["lost"] == 0
    assert video(domain)[3] == "0"
    domain.mn("member 0 if1 02:00:00:00:01:01 down")
    up_before = domain.lma.traffic("session", 2)[1][0]
    assert stream(count=100)()["lost"] == 0
    assert domain.lma.traffic("session", 2)[1][0] - up_before == 100
    domain.mn("member 0 if1 02:00:00:00:01:01 up")


def test_teardown_ends_forwarding(domain):
    domain.mag1("teardown")
    assert not (domain.bpf / "mag1").exists()
    assert "filter" not in domain.inside("mag1", "tc", "filter", "show", "dev", "acc0", "ingress").stdout
