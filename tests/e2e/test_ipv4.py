# SPDX-License-Identifier: Apache-2.0
"""IPv4 home addresses (RFC 5844) of a host that knows nothing of mobility: Debian's DHCP client, its kernel, its TCP."""
import json
import os
import subprocess

import pytest

from conftest import eventually
from ipv4_domain import CN, COA, HOME, HOME_ROUTER, LMAA, ROUTER_MAC, Client, Ipv4Domain, Stream

UDHCPC = """#!/bin/sh
case $1 in
deconfig) ip -4 addr flush dev $interface ;;
bound|renew) ip addr replace $ip/$mask dev $interface; ip route replace default via $router dev $interface ;;
esac
"""


@pytest.fixture(name="domain")
def ipv4_domain(tmp_path):
    made = Ipv4Domain(f"fm{os.getpid()}v", tmp_path)
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture(name="host")
def host_with_address(domain):
    domain.wait_for("mag1")
    client = Client(domain).start()
    assert domain.ipv4_of_host() == [f"{HOME}/24"], client.said()
    return client


def test_dhclient_configures_the_home_address_of_the_binding(domain, host):
    assert domain.session()["ipv4_address"] == f"{HOME}/24"
    route = json.loads(domain.inside("host", "ip", "-4", "-j", "route", "show", "default").stdout)
    assert route[0]["gateway"] == HOME_ROUTER, route
    link = json.loads(domain.inside("host", "ip", "-j", "link", "show", "eth0").stdout)
    assert link[0]["mtu"] == 1460, link
    assert f"from {HOME_ROUTER}" in host.said()


def test_udhcpc_configures_it_too(domain, tmp_path):
    script = tmp_path / "script"
    script.write_text(UDHCPC)
    script.chmod(0o755)
    domain.wait_for("mag1")
    domain.inside("host", "udhcpc", "-i", "eth0", "-n", "-q", "-s", script)
    assert domain.ipv4_of_host() == [f"{HOME}/24"]
    works, said = domain.ping("host", CN)
    assert works, said


def test_packets_go_through_the_tunnel_both_ways(domain, host):
    sniffer = domain.spawn("lma", "tcpdump", "-l", "-n", "-i", "acc1", "-c", "2", "ip6 proto 4", stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    assert sniffer.stderr.readline()  # it listens
    for node, to in (("cn", HOME), ("host", CN)):
        works, said = domain.ping(node, to)
        assert works, said + str(domain.drops("lma")) + str(domain.drops("mag1"))
    seen = sniffer.communicate(timeout=30)[0]
    assert f"IP6 {LMAA} > {COA[1]}: IP {CN} > {HOME}" in seen, seen
    assert f"IP6 {COA[1]} > {LMAA}: IP {HOME} > {CN}" in seen, seen


def test_the_router_and_its_subnet_are_at_the_fixed_link_layer_address(domain, host):
    """RFC 5844 sections 1.1 and 3.2.4: ARP for the default router is answered; the subnet is behind it."""
    domain.ping("host", CN)
    for target in (HOME_ROUTER, "198.51.100.77"):
        domain.inside("host", "ping", "-c", "1", "-W", "1", target, check=False)
        known = json.loads(domain.inside("host", "ip", "-4", "-j", "neigh", "show", target).stdout)
        assert [entry.get("lladdr") for entry in known] == [ROUTER_MAC], known


def test_connections_survive_handoffs_and_the_lease_is_renewed_elsewhere(domain, host):
    stream = Stream(domain)
    for number in (2, 1, 2):
        domain.roam(number)
        assert domain.session()["ipv4_address"] == f"{HOME}/24"
        stream.goes_on()
    strays = domain.drops("mag2").get("not-hosted", 0)  # what was under way to where the host was
    before = host.said().count("DHCPACK")
    eventually(lambda: host.said().count("DHCPACK") > before, seconds=60, what=host.said)
    assert "DHCPNAK" not in host.said()
    assert domain.ipv4_of_host() == [f"{HOME}/24"]
    stream.goes_on()
    assert domain.drops("mag2").get("not-hosted", 0) == strays


def test_what_is_too_big_for_the_tunnel_is_told_or_cut(domain, host):
    """RFC 5844 section 3.1.4: the anchor answers what must not be cut, and cuts the rest."""
    works, said = domain.ping("cn", HOME, "-M", "dont", "-s", "1440")
    assert works, said
    works, said = domain.ping("cn", HOME, "-M", "do", "-s", "1450")
    assert not works and "mtu=1460" in said.replace(" ", "").replace("(", ""), said


def test_a_released_lease_deregisters_ipv4_alone(domain, host):
    domain.ping("host", CN)  # it knows the router
    host.release()
    eventually(lambda: domain.session()["ipv4_address"] is None, what=lambda: domain.log("mag1"))
    assert domain.session()["prefixes"] and domain.session()["mag"] == "mag1"
    assert not domain.ping("cn", HOME)[0]


def test_nobody_elses_address_gets_out(domain, host):
    domain.ping("host", CN)  # it knows the router
    domain.ip("host", "addr add 198.51.100.9/24 dev eth0")
    assert not domain.ping("host", CN, "-I", "198.51.100.9")[0]
    assert domain.drops("mag1").get("spoofed-source", 0) >= 3
