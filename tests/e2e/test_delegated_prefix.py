# SPDX-License-Identifier: Apache-2.0
"""A mobile node that is a router: who is behind it keeps an address of the delegated prefix wherever its flows go (RFC 7148)."""
import json

import pytest

from conftest import eventually, run
from moves import home
from test_failure import Revived
from test_flows import member_of

DELEGATED, ROUTER, PASSENGER = "2001:db8:f00::/60", "2001:db8:f00::1", "2001:db8:f00::77"
STRANGER = "2001:db8:bad::77"
VIDEO_PORT, OTHER_PORT = 5004, 6004


def delegated(lab, node):
    return lab.ask(node, "show", "bindings")["bindings"][0]["delegated_prefixes"]


def route_at_anchor(lab):
    return json.loads(lab.inside("lma", "ip", "-j", "-6", "route", "show", DELEGATED).stdout)


@pytest.fixture(scope="module", name="train")
def passenger_behind_the_node(lab):
    """As docs/mobile-router.md has it: a LAN behind the virtual interface, and somebody on it."""
    names = lab.status["namespaces"]
    passenger = names["passenger"] = names["mn"].removesuffix("mn") + "passenger"
    lab.edit("lma", 'mags = ["mag1", "mag2"]\n', f'mags = ["mag1", "mag2"]\ndelegated_prefixes = ["{DELEGATED}"]\n')
    for mag in ("mag1", "mag2"):
        lab.edit(mag, 'handoff_indicator = "sharing"\n', 'handoff_indicator = "sharing"\ndelegated_prefixes = true\n')
    run("ip", "netns", "add", passenger)
    try:
        for line in (f"-n {names['mn']} link add lan0 type veth peer name eth0 netns {passenger}",
                     f"-n {names['mn']} address add {ROUTER}/64 dev lan0 nodad", f"-n {names['mn']} link set lan0 up",
                     f"-n {names['mn']} -6 route add unreachable {DELEGATED} metric 2147483647",
                     f"-n {passenger} address add {PASSENGER}/64 dev eth0 nodad",
                     f"-n {passenger} link set lo up", f"-n {passenger} link set eth0 up",
                     f"-n {passenger} -6 route add default via {ROUTER}"):
            run("ip", *line.split())
        lab.inside("mn", "sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=1")
        for mag in ("mag1", "mag2"):
            eventually(lambda: delegated(lab, mag) == [DELEGATED], what=f"the delegated prefix at {mag}")
        yield passenger
    finally:
        run("ip", "netns", "delete", passenger, check=False)
        names.pop("passenger")


@pytest.fixture(scope="module", name="revived")
def daemons():
    started = Revived()
    yield started
    started.end()


def ping(lab, node, address, *more, count=20):
    return lab.inside(node, "ping", "-6", "-c", count, "-i", "0.05", "-W", "2", *more, address, check=False).stdout


def test_both_ends_know_the_prefix_and_the_anchor_attracts_it(lab, train):
    assert [row["delegated_prefixes"] for row in lab.ask("lma", "show", "bindings")["bindings"]] == [[DELEGATED]] * 2
    assert [row["delegated_prefixes"] for row in lab.ask("lma", "show", "sessions")["sessions"]] == [[DELEGATED]] * 2
    assert len(route_at_anchor(lab)) == 1
    shown = lab.inside("mn", "ip", "-o", "-6", "address", "show", "dev", "vif0", "scope", "global").stdout
    assert "2001:db8:f00:" not in shown, "it is not advertised on the node's links"


def test_the_node_has_its_router_and_its_address_though_it_forwards(lab, train):
    routes = json.loads(lab.inside("mn", "ip", "-j", "-6", "route", "show", "default").stdout)
    assert [route["dev"] for route in routes] == ["vif0"]
    assert " 0% packet loss" in ping(lab, "mn", lab.address("cn"))


def test_passengers_are_reached_and_reach_others(lab, train):
    for node, address in (("passenger", lab.address("cn")), ("cn", PASSENGER)):
        answers = ping(lab, node, address)
        assert " 0% packet loss" in answers, answers


def packets(lab, mag):
    traffic = lab.ask(mag, "show", "bindings")["bindings"][0]["traffic"]
    return traffic["down"]["packets"], traffic["up"]["packets"]


def test_passengers_flows_move_without_losing_a_packet(lab, train, stream):
    video, other = stream(VIDEO_PORT, node="passenger"), stream(OTHER_PORT, node="passenger")
    assert member_of(lab, VIDEO_PORT)[0] == "if1" and member_of(lab, OTHER_PORT)[0] == "if2"
    for mag, member in (("mag2", "if2"), ("mag1", "if1")):
        before = packets(lab, mag)
        moved = lab.ask("lma", "flow", "move", "video", "--to", mag)
        assert moved["to"] == mag and moved["changed"]
        eventually(lambda: member_of(lab, VIDEO_PORT)[0] == member, what=f"the uplink on {member}")
        video.run_for(1)
        assert all(now - then > 50 for now, then in zip(packets(lab, mag), before)), "there and back by it"
    assert member_of(lab, OTHER_PORT)[0] == "if2"
    video.assert_lossless()
    other.assert_lossless()
    flows = [row for row in lab.ask("mn", "show", "flows")["flows"] if VIDEO_PORT in (row["source_port"], row["destination_port"])]
    assert {PASSENGER} == {address for row in flows for address in (row["source"], row["destination"])} - {lab.address("cn")}


def spoofed(lab):
    return sum(lab.drops(mag).get("spoofed-source", 0) for mag in ("mag1", "mag2"))


def test_a_source_that_was_not_delegated_is_refused_and_counted(lab, train):
    before = spoofed(lab)
    lab.inside("passenger", "ip", "address", "add", f"{STRANGER}/128", "dev", "eth0", "nodad")
    try:
        assert " 100% packet loss" in ping(lab, "passenger", lab.address("cn"), "-I", STRANGER, count=5)
    finally:
        lab.inside("passenger", "ip", "address", "delete", f"{STRANGER}/128", "dev", "eth0")
    assert spoofed(lab) == before + 5
    assert " 0% packet loss" in ping(lab, "passenger", lab.address("cn"))


def test_what_nobody_has_of_it_is_answered_and_goes_in_no_circles(lab, train):
    before = [packets(lab, mag) for mag in ("mag1", "mag2")]
    answers = ping(lab, "cn", "2001:db8:f00:5::77", count=5)
    assert f"From {home(lab)}" in answers and "unreachable" in answers.lower(), answers
    after = [packets(lab, mag) for mag in ("mag1", "mag2")]
    assert sum(now[0] - then[0] for now, then in zip(after, before)) == 5, "each goes down once"


def test_daemons_that_start_anew_still_have_them(lab, train, stream, revived):
    video = stream(VIDEO_PORT, node="passenger")
    for node in ("lma", "mag1"):
        revived.kill(lab, node)
        revived.start(lab, node)
        assert delegated(lab, node) == [DELEGATED]
        video.run_for(2)
    video.assert_lossless()
    assert len(route_at_anchor(lab)) == 1


def test_a_gateway_that_does_not_ask_forwards_them_no_more(lab, train):
    undo = [lab.edit(mag, "delegated_prefixes = true\n", "delegated_prefixes = false\n") for mag in ("mag1", "mag2")]
    try:
        eventually(lambda: delegated(lab, "lma") == [], what="the end of the delegation")
        eventually(lambda: route_at_anchor(lab) == [], what="the end of its route")
        assert " 100% packet loss" in ping(lab, "passenger", lab.address("cn"), count=5)
        assert " 0% packet loss" in ping(lab, "mn", lab.address("cn"))
    finally:
        for one in undo:
            one()
        for mag in ("mag1", "mag2"):
            lab.ask(mag, "reload")
    eventually(lambda: delegated(lab, "lma") == [DELEGATED], what="the delegated prefix")
    eventually(lambda: " 0% packet loss" in ping(lab, "passenger", lab.address("cn"), count=3), what="packets again")
