# SPDX-License-Identifier: Apache-2.0
"""Two interfaces that share a set of two prefixes, and a third that has a set of its own (RFC 7864 section 3.1): flows within the set and across,
all of them and those of one prefix, and the third's own when its link is lost."""
import pytest

from conftest import eventually, run
from moves import move
from prefix_sets import (active_sessions, address_in, addresses, advertised, flow_goes_by, off_link, packets, ping_by,
                         taken_back)
from test_addressing_models import Echoes
from test_bad_input import SEND_PACKET, dropped, ipv6
from test_prefix_sets import LINKS
from third_access import ThirdAccess

PORT = 6004  # of no service's flow
SHARED = FIRST, SECOND = ["2001:db8:200::/64", "2001:db8:200:1::/64"]
MAGS = ("mag1", "mag2", "mag3")
GATEWAY = "2001:db8:e3::1"  # mag3's


@pytest.fixture(scope="module", autouse=True)
def own(lab):
    """The prefix of the third interface, which comes when the others have theirs: a gateway that says "sharing" knows no prefix, so there
    has to be one set alone."""
    lab.edit("lma", "[lma]\n", '[lma]\nshare_prefixes = false\nmin_delay_before_bce_delete = "0s"\n', reload=False)
    lab.edit("lma", "[[mobile_node]]\n", f'[[mobile_node]]\nprefixes = ["{FIRST}", "{SECOND}"]\n')
    for mag, (access, mac) in LINKS.items():
        lab.ask(mag, "detach", access, "--mac", mac)
    eventually(lambda: not lab.ask("lma", "show", "sessions")["sessions"], what="no session")
    for mag, (access, mac) in LINKS.items():
        lab.ask(mag, "attach", access, "--mac", mac)
    eventually(lambda: set(active_sessions(lab)) == set(LINKS), what="two sessions")
    third = ThirdAccess(lab, handoff_indicator="new")
    try:
        third.start()
        eventually(lambda: len(addresses(lab)) == 3, seconds=30, what="an address of each prefix on the virtual interface")
        yield active_sessions(lab)["mag3"]["prefixes"][0]
    finally:
        third.stop()


def off_links(lab):
    return [off_link(lab, mag) for mag in MAGS]


def goes_by(lab, stream, mag):
    """A second of the stream, and by nothing else: the anchor asks now and then how long each way takes."""
    before = {name: packets(lab, name) for name in MAGS}
    stream.run_for(1)
    grown = {name: [now - then for now, then in zip(packets(lab, name), before[name])] for name in MAGS}
    assert min(grown.pop(mag)) >= 50 and all(max(ways) < 20 for ways in grown.values()), (mag, grown)


def asked(record):
    """How often the move's gateway was, and answered."""
    steps = [step["step"] for step in record["timeline"]]
    return steps.count("upn-sent"), steps.count("upa-received")


@pytest.fixture
def all_at_home(lab, own):
    """After the test."""
    yield
    for prefix, mag in ((FIRST, "mag2"), (own, "mag3")):
        lab.ask("lma", "flow", "move", "*", "--to", mag, "--prefix", prefix)
    for mag in MAGS:
        taken_back(lab, mag)


def test_two_interfaces_share_a_set_and_the_third_has_its_own(lab, own):
    sessions = active_sessions(lab)
    assert {mag: row["prefixes"] for mag, row in sessions.items()} == {"mag1": SHARED, "mag2": SHARED, "mag3": [own]}
    assert own not in SHARED and len(addresses(lab)) == len({address_in(lab, prefix) for prefix in [*SHARED, own]}) == 3
    assert [advertised(lab, member) for member in ("if1", "if2", "if3")] == [SHARED, SHARED, [own]]
    for prefix in SHARED:
        ping_by(lab, address_in(lab, prefix), "mag2")
    ping_by(lab, address_in(lab, own), "mag3")


@pytest.mark.parametrize("which", ["shared", "own"])
def test_the_node_may_begin_from_each_address(lab, own, which):
    """By a link whose gateway lets packets from there through."""
    address = address_in(lab, own if which == "own" else FIRST)
    done = lab.inside("mn", "ping", "-6", "-c", "20", "-i", "0.05", "-W", "2", "-I", address, lab.address("cn"), check=False)
    assert " 0% packet loss" in done.stdout, (done.stdout, {mag: lab.drops(mag) for mag in MAGS})


def test_within_the_set_a_flow_is_repointed_and_nobody_asked(lab, stream):
    udp = stream(PORT, source=address_in(lab, FIRST))
    for to in ("mag1", "mag2"):
        assert asked(move(lab, "*", to, "--prefix", FIRST)) == (0, 0)
        assert off_links(lab) == [[], [], []]
        goes_by(lab, udp, to)
    udp.assert_lossless()


def test_it_goes_across_when_the_third_gateway_is_asked(lab, own, stream, all_at_home):
    udp = stream(PORT, source=address_in(lab, FIRST))
    assert asked(move(lab, "*", "mag3", "--prefix", FIRST)) == (1, 1)
    assert off_links(lab) == [[], [], SHARED] and advertised(lab, "if3") == [own]
    goes_by(lab, udp, "mag3")
    udp.assert_lossless()
    ping_by(lab, address_in(lab, SECOND), "mag3")
    ping_by(lab, address_in(lab, own), "mag3")


def test_the_thirds_own_flow_goes_to_a_gateway_of_the_shared_set(lab, own, all_at_home):
    pings = Echoes(lab, address_in(lab, own), 200)
    assert asked(move(lab, "*", "mag1", "--prefix", own)) == (1, 1)
    assert off_links(lab) == [[own], [], []] and advertised(lab, "if1") == SHARED
    pings.assert_lossless()
    ping_by(lab, address_in(lab, own), "mag1")
    ping_by(lab, address_in(lab, FIRST), "mag2")


@pytest.mark.parametrize("which,home,away", [("shared", "mag2", "mag3"), ("own", "mag3", "mag1")])
def test_home_again_it_loses_nothing_and_is_taken_back(lab, own, all_at_home, which, home, away):
    """Nor what is on its way up by the other set's gateway meanwhile."""
    prefix = own if which == "own" else FIRST
    lab.ask("lma", "flow", "move", "*", "--to", away, "--prefix", prefix)
    before = packets(lab, away)[1]
    pings = Echoes(lab, address_in(lab, prefix), 400, interval=0.002)
    eventually(lambda: packets(lab, away)[1] >= before + 50, what=f"pings by {away}")
    lab.ask("lma", "flow", "move", "*", "--to", home, "--prefix", prefix)
    taken_back(lab, away)
    ping_by(lab, address_in(lab, prefix), home)
    pings.assert_lossless()


@pytest.fixture
def second_elsewhere(lab):
    """A rule for what is for one prefix of the two."""
    undo = lab.edit("lma", "[lma]\n", f"""[[policy]]
name = "prefixes"
default = true

[[policy.rule]]
name = "second"
match = {{ destination = "{SECOND}" }}
prefer = ["mag3", "mag2"]

[lma]
""")
    yield
    undo()
    lab.ask("lma", "reload")


def send_in_tunnel(lab, source):
    """From the third gateway to the anchor, as if the mobile node had sent it there."""
    packet = ipv6(GATEWAY, lab.address("lma"), 41, ipv6(source, lab.address("cn")))
    lab.inside("mag3", "python3", "-c", SEND_PACKET, lab.address("lma"), packet.hex())


def test_a_rule_for_one_prefix_has_the_gateway_told_that_one_alone(lab, second_elsewhere):
    """And only what is from there is let through."""
    eventually(lambda: flow_goes_by(lab, "second", SECOND) == "mag3", what="what is for the second prefix at mag3")
    assert off_links(lab) == [[], [], [SECOND]] and flow_goes_by(lab, "*", FIRST) == "mag2"
    ping_by(lab, address_in(lab, SECOND), "mag3")
    ping_by(lab, address_in(lab, FIRST), "mag2")
    dropped(lab, "lma", "spoofed-source", lambda: send_in_tunnel(lab, address_in(lab, FIRST)))
    counted = lab.drops("lma")
    send_in_tunnel(lab, address_in(lab, SECOND))
    ping_by(lab, address_in(lab, SECOND), "mag3")
    assert lab.drops("lma") == counted


def test_without_the_rule_it_is_taken_back(lab):
    taken_back(lab, "mag3")
    ping_by(lab, address_in(lab, SECOND), "mag2")


@pytest.fixture
def link_of_the_third(lab):
    """With time to come back before its set ends; says whether it is there."""
    undo = lab.edit("lma", 'min_delay_before_bce_delete = "0s"', 'min_delay_before_bce_delete = "30s"')
    set_to = lambda state: run("ip", "-n", lab.status["namespaces"]["mag3"], "link", "set", "acc0", state)
    yield set_to
    set_to("up")
    undo()
    lab.ask("lma", "reload")


def test_what_the_third_loses_goes_by_the_shared_gateways_and_home_again(lab, own, link_of_the_third):
    address = address_in(lab, own)
    ping_by(lab, address, "mag3")
    link_of_the_third("down")
    by = eventually(lambda: (mag := flow_goes_by(lab, "*", own)) in LINKS and mag, what="the flow at a gateway of the shared set")
    assert off_link(lab, by) == [own] and sorted(off_link(lab, mag) for mag in LINKS) == [[], [own]]
    ping_by(lab, address, by)
    link_of_the_third("up")
    eventually(lambda: flow_goes_by(lab, "*", own) == "mag3", what="the flow at home")
    taken_back(lab, by)
    assert active_sessions(lab)["mag3"]["prefixes"] == [own]
    ping_by(lab, address, "mag3")
