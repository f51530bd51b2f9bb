# SPDX-License-Identifier: Apache-2.0
"""The LMA's daemon with `datapath = "xdp"`: IPv4 of a host by way of it, moves, what the views say, and what ends it."""
import json
import os
import re
import signal
import subprocess

import pytest

from conftest import BIN, FLOWMOB, eventually
from ipv4_domain import ANCHOR, HOME, Client, Ipv4Domain, Stream


def fast(text, datapath="xdp", rows=""):
    return text.replace('name = "lma"\n', f'name = "lma"\ndatapath = "{datapath}"\n').replace("PATHS\n", f"PATHS\n{rows}") if "core_interfaces" in text else text


class FastDomain(Ipv4Domain):
    def up(self):
        super().up()
        self.inside("cn", "ethtool", "-K", "far0", "tx", "off")
        for mag in ("mag1", "mag2"):
            self.inside(mag, "ethtool", "-K", "net0", "gro", "on")

    def redirected(self):
        statistics = self.inside("lma", "ethtool", "-S", "core0").stdout
        return sum(int(count) for count in re.findall(r"rx_queue_\d+_xdp_redirect: (\d+)", statistics))

    def datapaths(self):
        return {row["interface"]: (row["datapath"], row["datapath_reason"]) for row in self.ask("lma", "show links")["links"]}

    def programs(self):
        links = json.loads(self.inside("lma", "ip", "-d", "-j", "link", "show").stdout)
        return {link["ifname"]: link["xdp"]["prog"]["id"] for link in links if "xdp" in link}

    def start_anchor_again(self, text):
        """Not this domain's edits but these."""
        anchor = self.processes[0]
        anchor.send_signal(signal.SIGTERM)
        anchor.wait()
        self.edits = [lambda _: text]
        self.daemon("lma", "flowmob-lmad", text)
        self.processes[0] = self.processes.pop()


@pytest.fixture(name="domain")
def fast_domain(tmp_path):
    made = FastDomain(f"fm{os.getpid()}x", tmp_path, edited=fast)
    try:
        made.up()
        yield made
    finally:
        made.down()


def test_the_downlink_of_ipv4_goes_by_xdp_through_handoffs(domain):
    domain.wait_for("mag1")
    client = Client(domain).start()
    assert domain.ipv4_of_host() == [f"{HOME}/24"], client.said()
    eventually(lambda: set(domain.datapaths().values()) == {("xdp", "as configured")}, what=domain.datapaths)
    before = domain.redirected()
    stream = Stream(domain)
    for number in (2, 1):
        domain.roam(number)
        stream.goes_on()
        stream.goes_on()
    assert domain.redirected() - before > 100
    assert domain.refused() == {}


def test_it_stays_and_goes_as_configured(domain):
    assert set(domain.programs()) == {"core0", "acc1", "acc2"}
    one = '[[interface]]\nname = "acc2"\ndatapath = "auto"\n'
    domain.start_anchor_again(fast(ANCHOR, rows=one))
    assert set(domain.programs()) == {"core0", "acc1"}
    kind, reason = domain.datapaths()["acc2"]
    assert (kind, "veth" in reason) == ("tc", True), reason
    file = domain.directory / "lma.toml"
    file.write_text(file.read_text().replace('datapath = "xdp"', 'datapath = "tc"'))
    done = subprocess.run([FLOWMOB, "--control", domain.directory / "lma.sock", "reload"], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "needs-restart" in done.stdout + done.stderr, done
    domain.start_anchor_again(fast(ANCHOR, "auto"))
    assert domain.programs() == {}
    assert {kind for kind, _ in domain.datapaths().values()} == {"tc"}


def test_a_start_is_refused_where_it_cannot_be(domain):
    domain.processes[0].kill()
    domain.processes[0].wait()
    file = domain.directory / "lma.toml"
    before = file.read_text()
    subprocess.run([BIN / "flowmob-lmad", "--config", file, "--netns", domain.space("lma"), "--teardown"], check=True)
    assert domain.programs() == {}
    domain.ip("mag1", "link set net0 mtu 9000")
    domain.ip("lma", "link set acc1 mtu 9000")
    done = subprocess.run([BIN / "flowmob-lmad", "--config", file, "--netns", domain.space("lma")], capture_output=True,
                          text=True, timeout=30, check=False)
    assert done.returncode != 0
    assert 'the interface acc1 cannot have `datapath = "xdp"`: ' in done.stdout + done.stderr, done
    assert domain.programs() == {}, "a first start that fails leaves nothing"
    file.write_text(before.replace('"xdp"', '"auto"'))
    domain.edits = [lambda _: file.read_text()]
    domain.daemon("lma", "flowmob-lmad", "")
    assert {kind for kind, _ in domain.datapaths().values()} == {"tc"}
