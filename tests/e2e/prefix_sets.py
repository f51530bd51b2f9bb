# SPDX-License-Identifier: Apache-2.0
"""A mobile node with several sets of prefixes: its addresses, what a gateway forwards of other sets, and where packets go."""
import ipaddress

from conftest import eventually


def active_sessions(lab):
    return {row["mag"]: row for row in lab.ask("lma", "show", "sessions")["sessions"] if row["state"] == "active"}


def addresses(lab):
    shown = lab.inside("mn", "ip", "-o", "-6", "address", "show", "dev", "vif0", "scope", "global", "-deprecated").stdout
    return [line.split()[3].split("/")[0] for line in shown.splitlines()]


def address_in(lab, prefix):
    return next(one for one in addresses(lab) if ipaddress.ip_address(one) in ipaddress.ip_network(prefix))


def off_link(lab, mag):
    return lab.ask(mag, "show", "bindings")["bindings"][0]["off_link_prefixes"]


def advertised(lab, interface):
    return next(row["prefixes"] for row in lab.ask("mn", "show", "links")["links"] if row["interface"] == interface)


def ping(lab, address):
    done = lab.inside("cn", "ping", "-6", "-c", "20", "-i", "0.05", "-W", "2", address)
    assert " 0% packet loss" in done.stdout, done.stdout


def packets(lab, mag):
    """Through the gateway, both ways."""
    traffic = lab.ask(mag, "show", "bindings")["bindings"][0]["traffic"]
    return traffic["down"]["packets"], traffic["up"]["packets"]


def ping_by(lab, address, mag):
    """There and back by that gateway."""
    before = packets(lab, mag)
    ping(lab, address)
    down, up = (now - then for now, then in zip(packets(lab, mag), before))
    assert down >= 20 and up >= 20, (mag, down, up)


def flow_goes_by(lab, flow, prefix):
    for row in lab.ask("lma", "show", "bindings")["bindings"]:
        if row["flow"] == flow and prefix in row["prefixes"]:
            return row["mag"]
    return None


def taken_back(lab, mag):
    eventually(lambda: off_link(lab, mag) == [], what=f"everything taken back from {mag}")
