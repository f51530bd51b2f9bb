# SPDX-License-Identifier: Apache-2.0
"""Packets that leave the anchor's host without having come from a correspondent: its own, and one node's to another."""
import re

import pytest

from conftest import LMA, MAGS, MN, ROUTER_MAC, Domain, built_and_bound

OTHER_PREFIX, OTHER, OTHER_MAC = "2001:db8:100:2::/64", "2001:db8:100:2::5", "02:00:00:00:02:01"


class TwoNodes(Domain):
    """The second node hangs on MAG2, without a virtual interface of its own."""
    nodes = (*Domain.nodes, "other")

    def up(self):
        super().up()
        self.veth("mag2", "acc9", "other", "net0", mac=ROUTER_MAC, peer_mac=OTHER_MAC)
        self.ip("mag2", "addr add fe80::1/64 dev acc9 nodad", f"route add {OTHER_PREFIX} dev acc9")
        self.ip("other", f"addr add {OTHER}/128 dev net0 nodad", f"neigh add fe80::1 lladdr {ROUTER_MAC} dev net0 nud permanent",
                "link set net0 mtu 1460", "route add default via fe80::1 dev net0")
        self.ip("lma", f"route add {OTHER_PREFIX} via fd00:2::2")

    def open(self, node, *arguments):
        if node == "mag2":
            arguments = (*arguments[:2], arguments[2] + ",acc9")
        return super().open(node, *arguments)

    def bind(self):
        super().bind()
        mag = MAGS["mag2"]
        self.lma(f"session 3 2 {LMA} {mag} 1460 {OTHER_PREFIX}", "flow 3 2 3", f"node 2 {OTHER_PREFIX} 3")
        self.mag2(f"host 2 acc9 {OTHER_MAC} {ROUTER_MAC} {mag} {LMA} 1460 {OTHER_PREFIX}")


@pytest.fixture(scope="module")
def domain():
    yield from built_and_bound(TwoNodes)


@pytest.mark.parametrize("sender,target", [("mn", OTHER), ("other", MN)])
def test_one_node_reaches_the_other(domain, sender, target):
    domain.inside(sender, "ping", "-c3", "-i0.1", "-W2", target)


def test_hop_limits_between_nodes_end_at_three_routers(domain):
    for limit in (1, 2, 3):
        answer = domain.inside("mn", "ping", "-c1", "-W2", f"-t{limit}", OTHER, check=False).stdout
        assert "Time exceeded" in answer, f"{limit}: {answer}"
    domain.inside("mn", "ping", "-c1", "-W2", "-t4", OTHER)


def test_large_units_cross_both_tunnels(domain):
    before = domain.lma.traffic("session", 3)
    server = domain.spawn("other", "iperf3", "-s", "-1")
    try:
        for _ in range(100):
            if ":5201" in domain.inside("other", "ss", "-Hltn").stdout:
                break
        domain.inside("mn", "iperf3", "-c", OTHER, "-t", "1")
    finally:
        server.terminate()
        server.communicate()
    assert domain.lma.traffic("session", 3)[0][1] - before[0][1] > 10e6
    assert domain.lma.drops() == domain.mag2.drops() == {}


def test_the_anchors_own_stack_is_told_what_is_too_big(domain):
    answer = domain.inside("lma", "ping", "-c2", "-i0.2", "-W2", "-Mdo", "-s1452", "-I", LMA, MN, check=False)
    assert re.search(r"mtu[ =:]+1460", answer.stdout + answer.stderr), answer.stdout + answer.stderr
    domain.inside("lma", "ping", "-c1", "-W2", "-Mdo", "-s1412", "-I", LMA, MN)
