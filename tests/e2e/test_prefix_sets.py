# SPDX-License-Identifier: Apache-2.0
"""Interfaces with prefixes of their own, and a flow that goes by the other's gateway (RFC 7864 section 3.2.2)."""
import pytest

from conftest import eventually
from prefix_sets import active_sessions, address_in, addresses, advertised, flow_goes_by, off_link, ping, ping_by, taken_back

LINKS = {"mag1": ("wimax", "02:00:00:00:01:01"), "mag2": ("wlan", "02:00:00:00:01:02")}


@pytest.fixture(scope="module", name="sets")
def prefix_sets(lab):
    """The gateway of each prefix, after both interfaces have been registered apart."""
    lab.edit("lma", "[lma]\n", '[lma]\nshare_prefixes = false\nmin_delay_before_bce_delete = "0s"\nnotification_delay = "500ms"\n')
    for mag in LINKS:
        lab.edit(mag, 'handoff_indicator = "sharing"', 'handoff_indicator = "new"')
    for mag, (access, mac) in LINKS.items():
        lab.ask(mag, "detach", access, "--mac", mac)
    eventually(lambda: not lab.ask("lma", "show", "sessions")["sessions"], what="no session")
    for mag, (access, mac) in LINKS.items():
        lab.ask(mag, "attach", access, "--mac", mac)
        eventually(lambda: mag in active_sessions(lab), what=f"a session at {mag}")
    sets = {mag: row["prefixes"] for mag, row in active_sessions(lab).items()}
    assert len(sets) == 2 and sets["mag1"] != sets["mag2"] and all(len(one) == 1 for one in sets.values())
    eventually(lambda: len(addresses(lab)) == 2, seconds=30, what="two addresses on the virtual interface")
    return {mag: one[0] for mag, one in sets.items()}


def test_a_flow_goes_by_the_gateway_of_another_set(lab, sets):
    address = address_in(lab, sets["mag2"])
    ping(lab, address)
    moved = lab.ask("lma", "flow", "move", "*", "--to", "mag1", "--prefix", sets["mag2"])
    assert (moved["from"], moved["to"], moved["changed"], moved["waits"]) == ("mag2", "mag1", True, False)
    assert off_link(lab, "mag1") == [sets["mag2"]] and off_link(lab, "mag2") == []
    ping_by(lab, address, "mag1")
    assert sets["mag1"] in advertised(lab, "if1") and sets["mag2"] not in advertised(lab, "if1")


def test_it_goes_home_and_taken_back(lab, sets):
    address = address_in(lab, sets["mag2"])
    moved = lab.ask("lma", "flow", "move", "*", "--to", "mag2", "--prefix", sets["mag2"])
    assert moved["to"] == "mag2" and moved["changed"]
    taken_back(lab, "mag1")
    ping(lab, address)


def test_a_gateway_that_does_not_answer_gets_no_flow(lab, sets):
    lab.link("lma-mag1", "down")
    try:
        answer = lab.ask("lma", "flow", "move", "*", "--to", "mag1", "--prefix", sets["mag2"], check=False)
        assert answer["exit"] == 1 and answer["error"]["code"] == "flow-mobility-unanswered"
        ping(lab, address_in(lab, sets["mag2"]))
    finally:
        lab.link("lma-mag1", "up")


def test_a_rule_sends_a_flow_to_the_gateway_of_another_set(lab, sets):
    """And no other flow. `off_link` says what the gateway was asked for."""
    undo = lab.edit("lma", "[lma]\n", '[[policy]]\nname = "pings"\ndefault = true\n[[policy.rule]]\nname = "pings"\n'
             'match = { protocol = "icmpv6" }\nprefer = ["mag1", "mag2"]\n\n[lma]\n')
    try:
        eventually(lambda: flow_goes_by(lab, "pings", sets["mag2"]) == "mag1", what="the pings at mag1")
        assert off_link(lab, "mag1") == [sets["mag2"]] and flow_goes_by(lab, "*", sets["mag2"]) == "mag2"
        ping_by(lab, address_in(lab, sets["mag2"]), "mag1")
        explained = lab.ask("lma", "policy", "explain", f"icmpv6,{lab.address('cn')},{address_in(lab, sets['mag2'])}")
        assert (explained["mag"], explained["reason"]) == ("mag1", "preferred")
    finally:
        undo()
        lab.ask("lma", "reload")
    taken_back(lab, "mag1")


def test_what_loses_its_link_goes_by_the_gateway_of_another_set(lab, sets):
    """As long as its set lives: the delay is what its configuration says."""
    address = address_in(lab, sets["mag2"])
    lab.edit("lma", 'min_delay_before_bce_delete = "0s"', 'min_delay_before_bce_delete = "20s"')
    access, mac = LINKS["mag2"]
    lab.ask("mag2", "detach", access, "--mac", mac)
    eventually(lambda: flow_goes_by(lab, "*", sets["mag2"]) == "mag1", what="the flow at mag1")
    assert off_link(lab, "mag1") == [sets["mag2"]]
    ping(lab, address)
    lab.ask("mag2", "attach", access, "--mac", mac)
    eventually(lambda: flow_goes_by(lab, "*", sets["mag2"]) == "mag2", what="the flow at home")
    taken_back(lab, "mag1")
    ping(lab, address)
