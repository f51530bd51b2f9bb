# SPDX-License-Identifier: Apache-2.0
"""What routers say that makes no sense, and what strangers say, to a mobile node in use: it is ignored, with a reason and a counter, and no
packet of what runs is lost."""
import ipaddress
import json
import re
import signal
import struct
import subprocess
import time

import pytest

from conftest import eventually
from test_mnd import ADDRESS, CN, ROUTER, ROUTER_MAC, attached_node, bare_node  # noqa: F401, pylint: disable=unused-import

NORMAL = "2001:db8:100::"


def prefix(address=NORMAL, length=64, valid=3600, preferred=1800):
    return struct.pack("!BBBBIII", 3, 4, length, 0xc0, valid, preferred, 0) + ipaddress.ip_address(address).packed


def mtu(octets):
    return struct.pack("!BBHI", 5, 1, 0, octets)


def made_up(number):
    return prefix(f"2001:db8:{0x1000 + number:x}::")


BAD = {
    "a prefix of 65 bits": (prefix(length=65), "prefix-length"),
    "a prefix of 0 bits": (prefix(length=0), "prefix-length"),
    "a prefix preferred for longer than valid": (prefix(valid=60, preferred=3600), "prefix-lifetimes"),
    "a multicast prefix": (prefix("ff0e::"), "prefix-scope"),
    "the link-local prefix": (prefix("fe80::"), "prefix-scope"),
    "the loopback's prefix": (prefix("::"), "prefix-scope"),
    "an MTU of 100": (mtu(100), "advertised-mtu"),
    "an MTU of 0": (mtu(0), "advertised-mtu"),
    "a prefix cut short": (prefix()[:24], "bad-option-length"),
    "a prefix in 16 octets": (b"\x03\x02" + prefix()[2:16], "bad-option-length"),
    "an option of length 0": (bytes(8), "bad-option-length"),
    "an option that leaves the message": (b"\x05\xff" + mtu(1460)[2:], "bad-option-length"),
    "half an option": (prefix() + b"\x05\x01\x00\x00", "bad-option-length"),
}


class Running:
    """Echoes, numbered, a hundred a second; none may be missing."""

    def __init__(self, node):
        eventually(lambda: node.ping() == 3, what="the address and the way out")
        self.process = subprocess.Popen(node.enter("mn") + ["ping", "-i", "0.01", CN], stdout=subprocess.PIPE, text=True)

    def assert_lossless(self):
        self.process.send_signal(signal.SIGINT)
        numbers = sorted(int(number) for number in re.findall(r"icmp_seq=(\d+) ttl", self.process.communicate(timeout=30)[0]))
        assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 10

    def kill(self):
        self.process.kill()
        self.process.communicate()


def standing(node):
    """What the virtual interface has, and the way out."""
    route, link = (json.loads(node.inside("mn", "ip", "-j", *words, "dev", "vif0").stdout) for words in (["-6", "route", "show", "default"], ["link", "show"]))
    return node.global_addresses(), [one["gateway"] for one in route], link[0]["mtu"], node.default()


def drops(node, reason):
    return node.ask("show statistics")["drops"].get(reason, 0)


def counted(node, reason, gateway="gw1", **facts):
    """Until it is: a member hears only so many a second."""
    before = drops(node, reason)

    def heard():
        node.advertise(gateway, **facts)
        return drops(node, reason) > before
    eventually(heard, what=reason)


@pytest.fixture(name="running")
def running_node(node):  # noqa: F811
    running, before = Running(node), standing(node)
    yield node
    try:
        assert standing(node) == before
        running.assert_lossless()
    finally:
        running.kill()


def test_what_makes_no_sense_is_ignored_for_a_reason(running):
    """Of their own gateway's: all the rest of it counts."""
    for what, (options, reason) in BAD.items():
        before = standing(running)
        counted(running, reason, options=options.hex())
        assert standing(running) == before, what


def test_what_is_odd_but_allowed_changes_nothing(running):
    """The longest lifetimes there are, and an MTU that no link has."""
    accepted = lambda: running.ask("show statistics")["advertisements"]["accepted"]
    for facts in ({"lifetime": 65535}, {"valid": 0xffffffff, "preferred": 0xffffffff}, {"options": mtu(0xffffffff).hex()}, {"options": ""}):
        before = accepted()

        def heard():
            running.advertise("gw1", **facts)  # pylint: disable=cell-var-from-loop
            return accepted() > before  # pylint: disable=cell-var-from-loop
        eventually(heard, what=f"{facts} heard")
    assert running.links()["if1"]["mtu"] == 1500


STRANGERS = [({"router": "fe80::bad"}, "not-our-router"), ({"router": "fe80::bad", "lifetime": 0}, "not-our-router"),
             ({"router": ROUTER, "router_mac": "02:00:00:00:0b:ad"}, "not-our-router"), ({"router": "fe80::bad", "hop_limit": 64}, "hop-limit"),
             ({"router": "2001:db8::bad"}, "not-link-local"), ({"router": "::"}, "not-link-local"), ({"router": "ff02::1"}, "not-link-local")]


def test_a_stranger_on_the_link_is_not_heard(running):
    """While the gateway answers, who says something else is no router of this link."""
    for facts, reason in STRANGERS:
        before = standing(running)
        counted(running, reason, prefix="2001:db8:bad::", mtu=1280, **facts)
        assert running.links()["if1"]["router"] == ROUTER and standing(running) == before, facts
    time.sleep(1.5)  # as long as a router is asked whether its link-layer address is still its own
    assert running.links()["if1"]["router_mac"] == ROUTER_MAC and "router-changed" not in running.log("mnd")


def test_five_hundred_prefixes(node):  # noqa: F811
    """No more addresses than the kernel itself would take; the one in use stays, and so does what runs."""
    running = Running(node)
    try:
        for first in range(0, 500, 40):
            node.advertise("gw1", options=b"".join(made_up(number) for number in range(first, first + 40)).hex())
        counted(node, "too-many-prefixes", options=b"".join(made_up(number) for number in range(600, 640)).hex())
        addresses = node.global_addresses()
        assert list(addresses) == ["vif0"] and len(addresses["vif0"]) <= 16
        assert str(ipaddress.ip_address(ADDRESS)) in addresses["vif0"]
        running.assert_lossless()
    finally:
        running.kill()
