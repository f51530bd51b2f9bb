# SPDX-License-Identifier: Apache-2.0
"""A third gateway and a third link of the mobile node, added to a lab that runs."""
import pathlib
import subprocess

from conftest import BIN, eventually, run

MAC3, NAME, ADDRESS = "02:00:00:00:01:03", "mag3", "2001:db8:e::1"

MAG = f"""[[mag]]
name = "{NAME}"
address = "{ADDRESS}"
security = "none"

"""


def edit(file, *changes):
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, (file, old)
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


class ThirdAccess:
    """Behind mag2, whose kernel routes between it and the anchor; its link to the mobile node is a bare veth. Its namespace
    has the lab's name, too, and the lab asks it as it asks the others."""
    MEMBER = "if3"

    def __init__(self, lab, handoff_indicator="sharing"):
        self.lab, self.handoff_indicator = lab, handoff_indicator
        self.directory = pathlib.Path(lab.status["directory"])
        self.namespace = lab.status["namespaces"]["mag2"].removesuffix("mag2") + NAME
        self.processes = []
        lab.status["namespaces"][NAME] = self.namespace
        lab.status["control"][NAME] = lab.status["control"]["mag2"].removesuffix("mag2.sock") + f"{NAME}.sock"

    def start(self):
        self._cables()
        self._anchor()
        self._gateway()
        self._node()
        eventually(lambda: NAME in {row["mag"] for row in self.lab.ask("lma", "show", "sessions")["sessions"]}, what="a session at mag3")

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
        run("ip", "netns", "delete", self.namespace, check=False)

    def _cables(self):
        names = self.lab.status["namespaces"]
        run("ip", "netns", "add", self.namespace)
        for line in (f"-n {names['mag2']} link add net3 type veth peer name net0 netns {self.namespace}",
                     f"-n {names['mag2']} address add 2001:db8:3::1/64 dev net3 nodad",
                     f"-n {self.namespace} address add 2001:db8:3::2/64 dev net0 nodad",
                     f"-n {self.namespace} address add {ADDRESS}/128 dev lo nodad",
                     f"-n {names['mag2']} link set net3 up",
                     f"-n {self.namespace} link set lo up", f"-n {self.namespace} link set net0 up",
                     f"-n {self.namespace} route add default via 2001:db8:3::1",
                     f"-n {names['mag2']} route add 2001:db8:e::/64 via 2001:db8:3::2",
                     f"-n {names['lma']} route add 2001:db8:e::/64 via 2001:db8:2::2"):
            run("ip", *line.split())
        self.lab.inside("mag2", "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        self._air()

    def _air(self):
        run("ip", "-n", self.lab.status["namespaces"]["mn"], "link", "add", self.MEMBER, "address", MAC3, "type", "veth", "peer", "name", "acc0",
            "netns", self.namespace)
        run("ip", "-n", self.lab.status["namespaces"]["mn"], "link", "set", self.MEMBER, "up")
        run("ip", "-n", self.namespace, "link", "set", "acc0", "up")

    def _anchor(self):
        edit(self.directory / "lma.toml", ('[[mag]]\nname = "mag2"', MAG + '[[mag]]\nname = "mag2"'),
             ('"02:00:00:00:01:02"]', f'"02:00:00:00:01:02", "{MAC3}"]'), ('mags = ["mag1", "mag2"]', f'mags = ["mag1", "mag2", "{NAME}"]'))
        self.lab.ask("lma", "reload")

    def _gateway(self):
        text = (self.directory / "mag2.toml").read_text(encoding="utf-8")
        text = text.replace("mag2", NAME).replace("2001:db8:b::1", ADDRESS).replace('"02:00:00:00:01:02"', f'"{MAC3}"')
        text = text.replace('"sharing"', f'"{self.handoff_indicator}"')
        (self.directory / f"{NAME}.toml").write_text(text.replace('"wlan"', '"lte"').replace('"802.11"', '"lte"'), encoding="utf-8")
        self._spawn("flowmob-magd", NAME, self.namespace)

    def _node(self):
        """The kernel has given it an address of the gateway's prefix meanwhile."""
        self.added = self.lab.ask("mn", "member", "add", self.MEMBER, "--technology", "lte", "--take-over")

    def _spawn(self, program, name, namespace):
        with open(self.directory / f"{name}.log", "a", encoding="utf-8") as log:
            self.processes.append(subprocess.Popen([BIN / program, "--config", self.directory / f"{name}.toml", "--netns", namespace],
                                                   stdout=log, stderr=log))
