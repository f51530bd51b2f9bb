# SPDX-License-Identifier: Apache-2.0
"""A host's packets of both families in UDP between a gateway and an anchor that know each other by IPv4 (RFC 5844 section 4)."""
import os
import subprocess

import pytest

from ipv4_domain import CN, COA4, HOME, LMAA4, Client, Ipv4Domain, Stream

DATA = 5437


def in_udp(text):
    text = text.replace("ipv4_pools", "accept_forced_ipv4_udp = true\nipv4_pools")
    return text.replace('ip_versions = "dual"', 'ip_versions = "dual"\nforce_ipv4_udp = true')


@pytest.fixture(name="domain")
def domain_with_udp(tmp_path):
    made = Ipv4Domain(f"fm{os.getpid()}w", tmp_path, transport="ipv4", edited=in_udp)
    try:
        made.up()
        made.wait_for("mag1")
        Client(made).start()
        yield made
    finally:
        made.down()


def test_both_ways_are_in_udp(domain):
    assert domain.session()["encapsulation"] == "udp"
    assert "mtu 1452 " in domain.inside("host", "ip", "link", "show", "dev", "eth0").stdout
    sniffer = domain.spawn("lma", "tcpdump", "-l", "-n", "-v", "-i", "acc1", "-c", "4", f"udp port {DATA}", stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    assert sniffer.stderr.readline()  # it listens
    for node, to in (("cn", HOME), ("host", CN)):
        works, said = domain.ping(node, to, "-s", "1400")
        assert works, said + str(domain.drops("lma")) + str(domain.drops("mag1"))
    seen = sniffer.communicate(timeout=30)[0]
    for source, destination in ((LMAA4, COA4[1]), (COA4[1], LMAA4)):
        assert f"{source}.{DATA} > {destination}.{DATA}: " in seen, seen
    assert "bad" not in seen, seen


@pytest.mark.parametrize("trains", ["whole", "cut"])
def test_connections_survive_handoffs(domain, trains):
    if trains == "cut":
        domain.cut_trains()
    stream = Stream(domain)
    for number in (2, 1):
        domain.roam(number)
        stream.goes_on()
        assert domain.session()["encapsulation"] == "udp"
    assert not domain.refused()
