# SPDX-License-Identifier: Apache-2.0
"""GRE with keys (RFC 5845) that a host's IPv4 is carried in, and GRE over a transport of IPv4 (RFC 5844)."""
import os
import subprocess

import pytest

from conftest import eventually
from ipv4_domain import CN, COA, COA4, HOME, LMAA, LMAA4, Client, Ipv4Domain, Stream


def with_gre(text):
    """Gateways ask for GRE with keys (RFC 5845), and their anchor agrees."""
    said = "on-demand" if "[[mag]]" in text else "with-keys"
    return text.replace('security = "none"', f'gre = "{said}"\nsecurity = "none"')


@pytest.fixture(name="domain", params=["ipv6", "ipv4"])
def domain_with_gre(request, tmp_path):
    made = Ipv4Domain(f"fm{os.getpid()}{request.param[-1]}", tmp_path, transport=request.param, edited=with_gre)
    try:
        made.up()
        made.ends = (LMAA, COA[1]) if request.param == "ipv6" else (LMAA4, COA4[1])
        yield made
    finally:
        made.down()


@pytest.fixture(name="host")
def host_with_address(domain):
    domain.wait_for("mag1")
    return Client(domain).start()


def test_both_ways_have_their_keys(domain, host):
    session = domain.session()
    assert session["encapsulation"] == "gre-with-keys"
    sniffer = domain.spawn("lma", "tcpdump", "-l", "-n", "-i", "acc1", "-c", "2", "proto gre or ip6 proto 47", stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    assert sniffer.stderr.readline()  # it listens
    for node, to in (("cn", HOME), ("host", CN)):
        works, said = domain.ping(node, to, "-s", "1400")
        assert works, said + str(domain.drops("lma")) + str(domain.drops("mag1"))
    seen = sniffer.communicate(timeout=30)[0]
    lma, mag = domain.ends
    for way, key, inside in ((f"{lma} > {mag}", session["downlink_key"], f"IP {CN} > {HOME}"),
                             (f"{mag} > {lma}", session["uplink_key"], f"IP {HOME} > {CN}")):
        assert any(way in line and f"key={key:#x}" in line and inside in line for line in seen.splitlines()), (way, key, seen)


def test_the_host_is_told_what_fits(domain, host):
    assert "mtu 1452 " in domain.inside("host", "ip", "link", "show", "dev", "eth0").stdout


@pytest.mark.parametrize("trains", ["whole", "cut"])
def test_connections_survive_handoffs(domain, host, trains):
    if trains == "cut":
        domain.cut_trains()
    stream = Stream(domain)
    for number in (2, 1):
        domain.roam(number)
        eventually(lambda: domain.session()["encapsulation"] == "gre-with-keys", what="GRE by the other gateway")
        stream.goes_on()
    assert not domain.refused()
