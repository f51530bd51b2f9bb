# SPDX-License-Identifier: Apache-2.0
"""An anchor that wants relays (RFC 5844 section 3.4.2): the host's lease comes from dnsmasq, beside the anchor, through the gateways."""
import os

import pytest

from conftest import eventually
from ipv4_domain import COA4, CN, HOME, HOME_ROUTER, HOST_MAC, LMAA4, Client, Ipv4Domain

SERVER = LMAA4


def relayed(text):
    return text.replace("[lma]\nname", "[lma]\nipv4_dhcp_server = false\nname") \
               .replace("dhcp_lease_time", f'dhcp_servers = ["{SERVER}"]\ndhcp_lease_time')


@pytest.fixture(name="domain")
def domain_with_server(tmp_path):
    made = Ipv4Domain(f"fm{os.getpid()}y", tmp_path, transport="ipv4", edited=relayed)
    try:
        made.up()
        for number, address in COA4.items():  # the server answers from the address that the gateways know
            made.ip("lma", f"route replace {address}/32 via 10.0.{number}.2 src {SERVER}")
        made.wait_for("mag1")
        yield made
    finally:
        made.down()


def serve(domain, address):
    """It has never heard of the anchor; renewals are due after a few seconds."""
    log = domain.directory / "dnsmasq.log"
    with open(log, "w", encoding="utf-8") as output:
        domain.spawn("lma", "dnsmasq", "--keep-in-foreground", "--port=0", "--conf-file=/dev/null", "--user=root", "--log-dhcp",
                     "--log-facility=-", f"--dhcp-leasefile={domain.directory / 'leases'}", "--pid-file=", "--no-ping",
                     "--dhcp-range=198.51.100.2,198.51.100.9,255.255.255.0,2m", f"--dhcp-host={HOST_MAC},{address}",
                     "--dhcp-option=option:T1,8", "--dhcp-option=option:router,198.51.100.254", stdout=output, stderr=output)
    eventually(lambda: "started" in log.read_text(), what=log.read_text)
    return log


def test_a_lease_of_the_server_is_renewed_through_whichever_gateway_is_there(domain):
    log = serve(domain, HOME)
    client = Client(domain).start()
    assert domain.ipv4_of_host() == [f"{HOME}/24"], client.said()
    assert f"from {HOME_ROUTER}" in client.said(), client.said()  # it stands for the server (RFC 5107)
    works, said = domain.ping("host", CN)  # by the router of the binding, not the server's
    assert works, said + domain.inside("host", "ip", "route").stdout
    told = log.read_text()
    assert "DHCPOFFER" in told and HOME in told, told

    before = domain.ask("mag2", "show statistics")["messages"].get("dhcp_relayed", 0)
    domain.roam(2)
    eventually(lambda: domain.ask("mag2", "show statistics")["messages"].get("dhcp_relayed", 0) > before, seconds=60,
               what=client.said)
    eventually(lambda: client.said().count("DHCPACK") >= 2, seconds=60, what=lambda: client.said() + log.read_text())
    assert "DHCPNAK" not in client.said()
    relay = domain.ask("mag2", "show statistics")["dhcp_relay"]
    assert relay["sent"] >= 1 and relay["received"] >= 1, relay


def test_a_server_that_gives_another_address_is_not_heard(domain):
    serve(domain, "198.51.100.7")
    domain.spawn("host", "udhcpc", "-i", "eth0", "-n", "-q", "-s", "/bin/true", "-t", "3", "-T", "1").wait()
    assert not domain.ipv4_of_host()
    dropped = domain.ask("mag1", "show statistics")["drops"]
    assert dropped.get("dhcp-server-disagrees", 0) >= 1, dropped
    assert "dhcp-server-disagrees" in domain.log("mag1")


def test_a_released_lease_is_the_servers_again_and_deregisters_ipv4_alone(domain):
    log = serve(domain, HOME)
    client = Client(domain).start()
    domain.ping("host", CN)
    client.release()
    eventually(lambda: domain.session()["ipv4_address"] is None, what=lambda: domain.log("mag1"))
    assert domain.session()["prefixes"] and domain.session()["mag"] == "mag1"
    eventually(lambda: "DHCPRELEASE" in log.read_text(), what=log.read_text)
