# SPDX-License-Identifier: Apache-2.0
"""Real packets through the anchor's XDP program (docs/adr/0080), on veth, where it has to be asked for by name."""
import re
import time

import pytest

from conftest import LMA, MAGS, MEMBERS, MN, PREFIX, ROUTER_MAC, Domain, built_and_bound

VIDEO = 600 + 4 + 48  # octets of one of its packets


class FastDomain(Domain):
    """The other ends take frames from XDP; the sender completes its checksums."""

    def wire(self):
        super().wire()
        self.inside("cn", "ethtool", "-K", "net0", "tx", "off")
        for mag in MAGS:
            self.inside(mag, "ethtool", "-K", "net0", "gro", "on")

    def open_lma(self):
        return self.open("lma", LMA, "core0", "acc1,acc2", "xdp")

    def redirected(self):
        """Frames that the program has sent on by itself."""
        statistics = self.inside("lma", "ethtool", "-S", "core0").stdout
        return sum(int(count) for count in re.findall(r"rx_queue_\d+_xdp_redirect: (\d+)", statistics))


@pytest.fixture(scope="module")
def domain():
    yield from built_and_bound(FastDomain)


def down(domain, session):
    return domain.lma.traffic("session", session)[0][0]


def carries(domain, session, packets=100, within=20):
    start, deadline = down(domain, session), time.monotonic() + within
    while down(domain, session) - start < packets:
        assert time.monotonic() < deadline, f"session {session} has carried {down(domain, session) - start}"
        time.sleep(0.02)


def test_every_interface_has_it(domain):
    shown = domain.lma("datapaths")
    assert shown == [f"{name} xdp as configured" for name in ("acc1", "acc2", "core0")]


def test_packets_go_by_it_and_are_counted_once(domain, stream):
    flow, session, fast = domain.lma.traffic("flow", 1)[0], domain.lma.traffic("session", 1)[0], domain.redirected()
    result = stream(count=500)()
    assert (result["lost"], result["duplicated"]) == (0, 0), result
    assert 400 < domain.redirected() - fast <= 500, "the rest was the kernel's, for the neighbour's sake"
    for before, after in ((flow, domain.lma.traffic("flow", 1)[0]), (session, domain.lma.traffic("session", 1)[0])):
        assert after[0] - before[0] == 500
        assert after[1] - before[1] == 500 * VIDEO


def test_a_moved_flow_loses_nothing(domain, stream):
    fast, verdict = domain.redirected(), stream()
    carries(domain, 1)
    for session in (2, 1, 2):
        domain.lma(f"flow 1 1 {session}")
        carries(domain, session)
    result = verdict()
    domain.lma("flow 1 1 1")
    assert (result["lost"], result["duplicated"]) == (0, 0), result
    assert domain.redirected() - fast > 1000


def test_a_killed_daemon_takes_no_packet_with_it(domain, stream):
    verdict = stream()
    carries(domain, 1)
    domain.lma.kill()
    fast = domain.redirected()
    time.sleep(0.5)
    assert domain.redirected() - fast > 50
    domain.lma = domain.open_lma()
    result = verdict()
    assert (result["lost"], result["duplicated"]) == (0, 0), result


def set_mac(domain, address):
    domain.inside("mag1", "ip", "link", "set", "net0", "address", address)


def test_a_neighbour_that_says_that_it_changed_is_followed_at_once(domain, stream):
    domain.inside("mag1", "sysctl", "-qw", "net.ipv6.conf.net0.ndisc_notify=1")
    verdict = stream()
    carries(domain, 1)
    set_mac(domain, "02:00:00:00:0a:77")
    fast = domain.redirected()
    result = verdict()
    assert result["lost"] <= 20, f"{result}: those that were under way to the former address"
    assert domain.redirected() - fast > 500


def test_a_neighbour_that_changed_silently_is_found_out(domain, stream):
    """Packets that XDP sends do not make the kernel probe it."""
    domain.inside("mag1", "sysctl", "-qw", "net.ipv6.conf.net0.ndisc_notify=0")
    domain.inside("lma", "sysctl", "-qw", "net.ipv6.neigh.acc1.base_reachable_time_ms=1000",
                  "net.ipv6.neigh.acc1.delay_first_probe_time=1", "net.ipv6.neigh.acc1.retrans_time_ms=200")
    verdict = stream(count=6000)
    carries(domain, 1)
    gateway = domain.mag1
    before = int(gateway("traffic attachment 1")[0].split()[0])
    set_mac(domain, "02:00:00:00:0a:78")
    time.sleep(0.3)
    deaf = int(gateway("traffic attachment 1")[0].split()[0])
    deadline = time.monotonic() + 30
    while int(gateway("traffic attachment 1")[0].split()[0]) - deaf < 200:
        assert time.monotonic() < deadline, f"it had {before} packets, then {deaf}"
        time.sleep(0.1)
    verdict()


def test_while_a_neighbour_is_not_known_the_kernel_keeps_packets(domain, stream):
    verdict = stream(count=1000)
    carries(domain, 1)
    for _ in range(5):
        domain.ip("lma", "neigh flush dev acc1")
        time.sleep(0.1)
    result = verdict()
    assert (result["lost"], result["duplicated"]) == (0, 0), result


def test_what_it_does_not_do_goes_by_tc(domain):
    fast = domain.redirected()
    answer = domain.inside("cn", "ping", "-c1", "-Mdo", "-s1452", "-W2", MN, check=False).stdout
    assert f"From {LMA} icmp_seq=1 Packet too big: mtu=1460" in answer
    for arguments in (("-c3",), ("-c3", "-s4000")):  # in fragments
        assert " 0% packet loss" in domain.inside("cn", "ping", "-i0.1", "-W2", *arguments, MN).stdout
    assert domain.redirected() == fast


def test_tunnels_with_gre_go_by_tc(domain, stream):
    member, mac = MEMBERS["mag1"]
    session = f"session 1 1 {LMA} {MAGS['mag1']} 1452 {PREFIX}"
    host = f"host 1 acc0 {mac} {ROUTER_MAC} {MAGS['mag1']} {LMA} 1452 {PREFIX}"
    domain.lma(session + " gre")
    domain.mag1(host + " gre")
    try:
        fast = domain.redirected()
        result = stream(count=300)()
        assert (result["lost"], result["duplicated"]) == (0, 0), result
        assert domain.redirected() == fast
    finally:
        domain.lma(session.replace("1452", "1460"))
        domain.mag1(host.replace("1452", "1460"))


def test_tcp(domain):
    """In segments, each a frame of its own: that is why veth has tc unless XDP is asked for."""
    fast = domain.redirected()
    assert domain.tcp("down", seconds=1)["sum_received"]["bytes"] > 1e6
    assert domain.redirected() - fast > 500


def test_an_interface_that_takes_no_frames_from_xdp_gets_them_by_tc(domain, stream):
    domain.inside("mag1", "ethtool", "-K", "net0", "gro", "off")
    try:
        assert any(line.startswith("acc1 xdp as configured; it takes no frames") for line in domain.lma("datapaths"))
        fast = domain.redirected()
        result = stream(count=300)()
        assert (result["lost"], result["duplicated"]) == (0, 0), result
        assert domain.redirected() == fast
    finally:
        domain.inside("mag1", "ethtool", "-K", "net0", "gro", "on")
        domain.lma("datapaths")


def test_nothing_was_dropped_without_a_reason_we_know(domain):
    assert set(domain.lma.drops()) <= {"too-big"}


def test_teardown_takes_it_off(domain):
    domain.lma("teardown")
    assert "xdp" not in domain.inside("lma", "ip", "-d", "link", "show").stdout
