# SPDX-License-Identifier: Apache-2.0
"""A registration by another interface of the node, of which its gateway does not know whether the node has left the
other one (RFC 5213 section 5.4.1.3): the anchor holds it, and asks the other gateway by a revocation (RFC 5846) whether
the node is still there. Nothing else would end the hold within an hour."""
import os

import pytest

from conftest import eventually
from ipv4_domain import HOST_MAC, Ipv4Domain

OTHER_MAC = "02:00:00:00:04:02"


def unknowing(text):
    text = text.replace("ipv4_pools", 'share_prefixes = false\nmax_delay_before_new_bce_assign = "1h"\nipv4_pools')
    text = text.replace('handoff_indicator = "between-mags"', 'handoff_indicator = "unknown"')
    text = text.replace('attach_on = ["router-solicitation", "carrier"]', 'attach_on = ["router-solicitation"]')
    return text.replace(HOST_MAC, OTHER_MAC) if 'name = "mag2"\naddress = "2001:db8:b::1"\ntransport' in text else text


@pytest.fixture(name="domain")
def domain_that_does_not_know(tmp_path):
    made = Ipv4Domain(f"fm{os.getpid()}o", tmp_path, edited=unknowing)
    try:
        made.up()
        made.ip("air", "link set port2 up")
        made.ip("host", "link set eth0 down; link set eth0 up")  # solicits a router
        made.wait_for("mag1")
        yield made
    finally:
        made.down()


def asked(domain):
    return domain.ask("lma", "show statistics")["revocation"]["indications_sent"]


def test_a_node_that_no_more_answers_has_handed_off(domain):
    before = domain.session()
    domain.ip("host", f"link set eth0 down; link set eth0 address {OTHER_MAC}; link set eth0 up")
    domain.wait_for("mag2")
    after = domain.session()
    assert (after["session"], after["prefixes"]) == (before["session"], before["prefixes"])
    assert asked(domain) == 1 and "trigger=inter-mag-handover-unknown" in domain.log("lma")
    eventually(lambda: domain.ask("mag1", "show bindings")["bindings"] == [], what="nothing left at MAG1")


def test_a_node_that_still_answers_has_a_second_interface(domain):
    before = domain.session()
    domain.ip("host", f"link add eth1 link eth0 address {OTHER_MAC} type macvlan mode bridge; link set eth1 up")

    def both():
        return {s["mag"]: s for s in domain.ask("lma", "show sessions")["sessions"] if s["state"] == "active"}

    eventually(lambda: set(both()) == {"mag1", "mag2"}, seconds=30, what="two sessions")
    assert both()["mag1"]["session"] == before["session"]
    assert both()["mag1"]["prefixes"] == before["prefixes"] != both()["mag2"]["prefixes"]
    assert asked(domain) == 1 and "trigger=inter-mag-handover-unknown" in domain.log("lma")
