# SPDX-License-Identifier: Apache-2.0
"""The access links pass through flowmob-wire, as in the lab: large units and partial checksums cross it and the data
plane on both sides of it."""
import os
import pathlib

import pytest

from conftest import CN, MN, built_and_bound
from test_packet_sockets import RelayedDomain, receive

WIRE = os.environ.get("FLOWMOB_WIRE", str(pathlib.Path(__file__).resolve().parents[2] / "build/bin/flowmob-wire"))


class WiredDomain(RelayedDomain):
    wires = ()

    def access(self, mag):
        super().access(mag)
        self.wires += (self.spawn("wire", WIRE, "--a", f"a-{mag}", "--b", f"b-{mag}", "--both", "delay=2ms", "--engine", "userspace"),)

    def down(self):
        for wire in self.wires:
            wire.terminate()
            wire.communicate()
        super().down()


@pytest.fixture(scope="module")
def domain():
    yield from built_and_bound(WiredDomain)


def test_ping(domain):
    domain.inside("cn", "ping", "-c3", "-i0.1", "-W2", MN)


@pytest.mark.parametrize("direction", ["down", "up"])
def test_tcp(domain, direction):
    result = domain.tcp(direction, seconds=2)
    print(direction, result["sum_received"]["bits_per_second"] / 1e9)
    assert result["sum_received"]["bytes"] > 10e6


@pytest.mark.parametrize("receiver,address,sender", [("mn", MN, "cn"), ("cn", CN, "mn")])
def test_udp_in_one_buffer_arrives_as_datagrams(domain, receiver, address, sender):
    assert receive(domain, receiver, sender, f"s.setsockopt(17,103,1200);s.sendto(b'x'*12000, ('{address}', 7000))") == ["1200"] * 10
