# SPDX-License-Identifier: Apache-2.0
"""What does not fit the tunnel, and what routers inside it complain of (RFC 2473 sections 7.2 and 8, RFC 4213 section 3.4)."""
import os
import pathlib
import subprocess
import sys

import pytest

from complain import TOO_BIG, UNREACHABLE, about, datagram
from conftest import eventually
from ipv4_domain import CN, CN_ROUTER, COA, COA4, HOME, HOME_ROUTER, LMAA, LMAA4, Client, Ipv4Domain

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
        eventually(lambda: made.ping("host", CN)[0], seconds=30, what=lambda: made.log("mag1"))
        yield made
    finally:
        made.down()


def test_both_ends_follow_the_path(tunnels):
    """A router says that the path carries 1400 octets."""
    tunnels.complain_to_gateway(datagram(HOME, CN, 1460), TOO_BIG, 1400)
    carried = 1400 - tunnels.outer
    eventually(lambda: f"packets of {carried} octets" in tunnels.log("mag1"), seconds=30, what=lambda: tunnels.log("mag1"))
    tunnels.complain_to_anchor(datagram(CN, HOME, 1460), TOO_BIG, 1400)

    def told(node, to):
        return f"mtu={carried}" in tunnels.ping(node, to, "-M", "do", "-s", "1420")[1].replace(" ", "").replace("(", "")

    eventually(lambda: told("cn", HOME), seconds=30, what=lambda: tunnels.log("lma"))
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


class Listener:
    """Says what of ICMP a node hears."""

    def __init__(self, tunnels, node, interface):
        self.sniffer = tunnels.spawn(node, "tcpdump", "-l", "-n", "-i", interface, "-c", "1", "icmp[0] = 3",
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.sniffer.stderr.readline()  # it listens

    def heard(self):
        return self.sniffer.communicate(timeout=30)[0]


def test_the_source_hears_of_errors_inside_the_tunnel(tunnels):
    """RFC 2473 section 8.3: the correspondent from the anchor, the host from its default router."""
    correspondent, host = Listener(tunnels, "cn", "far0"), Listener(tunnels, "host", "eth0")
    tunnels.complain_to_anchor(datagram(CN, HOME, 500), UNREACHABLE)
    heard = correspondent.heard()
    assert f"IP {CN_ROUTER} > {CN}: ICMP host {HOME} unreachable" in heard, heard
    tunnels.complain_to_gateway(datagram(HOME, CN, 500), UNREACHABLE)
    heard = host.heard()
    assert f"IP {HOME_ROUTER} > {HOME}: ICMP host {CN} unreachable" in heard, heard
    host = Listener(tunnels, "host", "eth0")
    tunnels.complain_to_gateway(datagram(HOME, CN, 1460, dont_fragment=True), TOO_BIG, 1400)
    heard = host.heard()
    assert f"need to frag (mtu {1400 - tunnels.outer})" in heard, heard
    for node in ("lma", "mag1"):
        counted = tunnels.ask(node, "show statistics")["tunnel_errors"]
        assert counted["unreachable"] == 1 and counted["answered"] >= 1, counted
        assert "tunnel-error" in tunnels.log(node)
