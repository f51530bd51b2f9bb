# SPDX-License-Identifier: Apache-2.0
"""What does not fit the tunnel, and what routers inside it complain of (RFC 2473 sections 7.2 and 8, RFC 4213 section 3.4)."""
import os
import pathlib
import sys

import pytest

from complain import TOO_BIG, about, datagram
from conftest import eventually
from ipv4_domain import CN, COA, COA4, HOME, LMAA, LMAA4, Client, Ipv4Domain

COMPLAIN = pathlib.Path(__file__).with_name("complain.py")


class Tunnels(Ipv4Domain):
    """The domain, whose neighbours complain of tunnel packets."""

    def __init__(self, name, directory, transport):
        super().__init__(name, directory, transport)
        self.lma_end, self.mag_end = (LMAA, COA[1]) if transport == "ipv6" else (LMAA4, COA4[1])
        self.outer = 40 if transport == "ipv6" else 20

    def complain_to_gateway(self, original, kind, mtu=0):
        message = about(self.mag_end, self.lma_end, original, kind, mtu)
        self.inside("lma", sys.executable, COMPLAIN, self.mag_end, message.hex())

    def complain_to_anchor(self, original, kind, mtu=0):
        message = about(self.lma_end, self.mag_end, original, kind, mtu)
        self.inside("mag1", sys.executable, COMPLAIN, self.lma_end, message.hex())


@pytest.fixture(name="tunnels", params=["ipv6", "ipv4"])
def domain_over_either(request, tmp_path):
    made = Tunnels(f"fm{os.getpid()}e", tmp_path, request.param)
    try:
        made.up()
        made.wait_for("mag1")
        Client(made).start()
        works, said = made.ping("host", CN)
        assert works, said
        yield made
    finally:
        made.down()


def test_both_ends_follow_the_path(tunnels):
    """A router says that the path carries 1400 octets."""
    tunnels.complain_to_gateway(datagram(HOME, CN, 1460), TOO_BIG, 1400)
    carried = 1400 - tunnels.outer
    eventually(lambda: f"packets of {carried} octets" in tunnels.log("mag1"), seconds=30, what=tunnels.log("mag1"))
    tunnels.complain_to_anchor(datagram(CN, HOME, 1460), TOO_BIG, 1400)

    def told(node, to):
        return f"mtu={carried}" in tunnels.ping(node, to, "-M", "do", "-s", "1420")[1].replace(" ", "").replace("(", "")

    eventually(lambda: told("cn", HOME), seconds=30, what=tunnels.log("lma"))
    assert tunnels.ping("cn", HOME, "-M", "dont", "-s", "1420")[0], "both ways in pieces"
    assert tunnels.ping("cn", HOME, "-M", "do", "-s", str(carried - 28))[0], tunnels.drops("lma")


def test_what_may_be_cut_arrives(tunnels):
    """A host that does not heed the MTU of its lease: its gateway cuts, and a fragment of a larger packet once more."""
    tunnels.ip("host", "link set eth0 mtu 1500")
    for length in ("1472", "2500"):
        works, said = tunnels.ping("host", CN, "-M", "dont", "-s", length)
        assert works, said + str(tunnels.drops("mag1")) + str(tunnels.drops("lma"))
    assert tunnels.drops("mag1") == {"cut": 6}
    assert tunnels.ask("mag1", "show statistics")["messages"]["packets_cut"] == 6
    works, said = tunnels.ping("host", CN, "-M", "do", "-s", "1472")
    assert not works and "mtu=1460" in said.replace(" ", "").replace("(", ""), said
