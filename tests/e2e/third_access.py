# SPDX-License-Identifier: Apache-2.0
"""A third gateway and a third link of the mobile node, added to a lab that runs; or a fourth, and more."""
import pathlib
import subprocess

from conftest import BIN, eventually, run


def edit(file, *changes):
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, (file, old)
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


class ThirdAccess:
    """Behind mag2, whose kernel routes between it and the anchor; its link to the mobile node is a bare veth. Its namespace
    has the lab's name, too, and the lab asks it as it asks the others."""
    def __init__(self, lab, handoff_indicator="sharing", number=3):
        self.lab, self.handoff_indicator, self.number = lab, handoff_indicator, number
        self.name, self.interface, self.mac = f"mag{number}", f"if{number}", f"02:00:00:00:01:0{number}"
        self.prefix, self.link = f"2001:db8:e{number}::", f"2001:db8:{number}::"
        self.address = f"{self.prefix}1"
        self.directory = pathlib.Path(lab.status["directory"])
        self.namespace = lab.status["namespaces"]["mag2"].removesuffix("mag2") + self.name
        self.processes = []
        lab.status["namespaces"][self.name] = self.namespace
        lab.status["control"][self.name] = lab.status["control"]["mag2"].removesuffix("mag2.sock") + f"{self.name}.sock"

    def start(self):
        self._cables()
        self._anchor()
        self._gateway()
        self._node()
        eventually(lambda: self.name in {row["mag"] for row in self.lab.ask("lma", "show", "sessions")["sessions"]}, what=f"a session at {self.name}")

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
        run("ip", "netns", "delete", self.namespace, check=False)

    def _cables(self):
        names = self.lab.status["namespaces"]
        run("ip", "netns", "add", self.namespace)
        for line in (f"-n {names['mag2']} link add net{self.number} type veth peer name net0 netns {self.namespace}",
                     f"-n {names['mag2']} address add {self.link}1/64 dev net{self.number} nodad",
                     f"-n {self.namespace} address add {self.link}2/64 dev net0 nodad",
                     f"-n {self.namespace} address add {self.address}/128 dev lo nodad",
                     f"-n {names['mag2']} link set net{self.number} up",
                     f"-n {self.namespace} link set lo up", f"-n {self.namespace} link set net0 up",
                     f"-n {self.namespace} route add default via {self.link}1",
                     f"-n {names['mag2']} route add {self.prefix}/64 via {self.link}2",
                     f"-n {names['lma']} route add {self.prefix}/64 via 2001:db8:2::2"):
            run("ip", *line.split())
        self.lab.inside("mag2", "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        self._air()

    def _air(self):
        run("ip", "-n", self.lab.status["namespaces"]["mn"], "link", "add", self.interface, "address", self.mac, "type", "veth", "peer", "name", "acc0",
            "netns", self.namespace)
        run("ip", "-n", self.lab.status["namespaces"]["mn"], "link", "set", self.interface, "up")
        run("ip", "-n", self.namespace, "link", "set", "acc0", "up")

    def _anchor(self):
        mag = f'[[mag]]\nname = "{self.name}"\naddress = "{self.address}"\nsecurity = "none"\n\n'
        edit(self.directory / "lma.toml", ('[[mag]]\nname = "mag2"', f'{mag}[[mag]]\nname = "mag2"'),
             ('"02:00:00:00:01:02"', f'"02:00:00:00:01:02", "{self.mac}"'), ('mags = ["mag1", "mag2"', f'mags = ["mag1", "mag2", "{self.name}"'))
        self.lab.ask("lma", "reload")

    def _gateway(self):
        text = (self.directory / "mag2.toml").read_text(encoding="utf-8")
        text = text.replace("mag2", self.name).replace("2001:db8:b::1", self.address).replace('"02:00:00:00:01:02"', f'"{self.mac}"')
        text = text.replace('"sharing"', f'"{self.handoff_indicator}"')
        (self.directory / f"{self.name}.toml").write_text(text.replace('"wlan"', '"lte"').replace('"802.11"', '"lte"'), encoding="utf-8")
        self._spawn("flowmob-magd", self.name, self.namespace)

    def _node(self):
        """The kernel has given it an address of the gateway's prefix meanwhile."""
        self.added = self.lab.ask("mn", "member", "add", self.interface, "--technology", "lte", "--take-over")

    def _spawn(self, program, name, namespace):
        with open(self.directory / f"{name}.log", "a", encoding="utf-8") as log:
            self.processes.append(subprocess.Popen([BIN / program, "--config", self.directory / f"{name}.toml", "--netns", namespace],
                                                   stdout=log, stderr=log))
