# SPDX-License-Identifier: Apache-2.0
"""A third access of the lab's mobile node whose link is raw IP: a tun, which a modem (modem.py) holds between it and the gateway.

    MN wwan0 ~~ modem ~~ modem0 -- acc0 MAG3
"""
import pathlib
import subprocess
import sys

from conftest import eventually, run
from third_access import ThirdAccess

MODEM = pathlib.Path(__file__).resolve().parent / "modem.py"


class RawAccess(ThirdAccess):
    def __init__(self, lab):
        super().__init__(lab)
        self.interface = "wwan0"
        self.mn = lab.status["namespaces"]["mn"]
        self.modems = self.namespace.removesuffix("mag3") + "modem"
        self.modem = None

    def stop(self):
        super().stop()
        self.unplug()
        run("ip", "netns", "delete", self.modems, check=False)

    def _air(self):
        """Without offloads: the modem sees what goes over the cable."""
        run("ip", "netns", "add", self.modems)
        run("ip", "netns", "exec", self.modems, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        run("ip", "-n", self.modems, "link", "add", "modem0", "address", self.mac, "type", "veth", "peer", "name", "acc0", "netns", self.namespace)
        for namespace, name in ((self.modems, "modem0"), (self.namespace, "acc0")):
            run("ip", "netns", "exec", namespace, "ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off", "gro", "off")
            run("ip", "-n", namespace, "link", "set", name, "up")
        self.plug()

    def plug(self):
        self.modem = subprocess.Popen(["ip", "netns", "exec", self.modems, sys.executable, MODEM, self.mn, self.interface, "modem0", self.mac],
                                      stdout=subprocess.PIPE, text=True)
        assert self.modem.stdout.readline() == "ready\n"
        run("ip", "-n", self.mn, "link", "set", self.interface, "up")
        eventually(lambda: "fe80" in run("ip", "-n", self.mn, "addr", "show", "dev", self.interface).stdout, what="its link-local address")

    def unplug(self):
        if self.modem:
            self.modem.kill()
            self.modem.communicate()
        self.modem = None
