# SPDX-License-Identifier: Apache-2.0
"""Between anchor and gateways there is IPv4 alone (RFC 5844 section 4): Mobility Headers in UDP, tunnels of IPv4."""
import json
import os
import subprocess

import pytest

from conftest import eventually
from ipv4_domain import CN, COA4, HOME, LMAA4, Client, Ipv4Domain, Stream

CN6 = "2001:db8:c::10"


@pytest.fixture(name="domain")
def domain_over_ipv4(tmp_path):
    made = Ipv4Domain(f"fm{os.getpid()}u", tmp_path, transport="ipv4")
    try:
        made.up()
        yield made
    finally:
        made.down()


def prefix_address(domain):
    """Of the host, formed from the home network prefix."""
    shown = json.loads(domain.inside("host", "ip", "-6", "-j", "addr", "show", "dev", "eth0", "scope", "global").stdout)
    return [a["local"] for link in shown for a in link.get("addr_info", []) if a.get("local") and not a.get("tentative")]


def test_signalling_and_both_families_go_over_ipv4(domain):
    sniffer = domain.spawn("lma", "tcpdump", "-l", "-n", "-v", "-i", "acc1", "-c", "60", "ip", stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL)
    domain.wait_for("mag1")
    Client(domain).start()
    mine = eventually(lambda: prefix_address(domain), seconds=30, what=lambda: domain.log("mag1"))[0]
    for node, to, options in (("host", CN6, ()), ("cn", mine, ()), ("host", CN, ()), ("cn", HOME, ()), ("cn", mine, ("-c", "30"))):
        works, said = domain.ping(node, to, *options)
        assert works, f"{node} > {to}\n{said}{domain.drops('lma')}{domain.drops('mag1')}"
    sniffer.terminate()
    seen = sniffer.communicate(timeout=30)[0]
    assert f"{COA4[1]} > {LMAA4}: IP6" in seen and f"{LMAA4} > {COA4[1]}: IP6" in seen, seen
    assert f"{COA4[1]} > {LMAA4}: IP" in seen, seen
    statistics = domain.ask("mag1", "show statistics")["mobility_socket"]
    assert statistics["sent"] >= 1 and statistics["received"] >= 1, statistics


def test_connections_survive_a_handoff(domain):
    domain.wait_for("mag1")
    Client(domain).start()
    stream = Stream(domain)
    for number in (2, 1):
        domain.roam(number)
        stream.goes_on()
