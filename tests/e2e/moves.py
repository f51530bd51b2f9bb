# SPDX-License-Identifier: Apache-2.0
"""Moves between the lab's two links, and what is counted along their paths."""
import json
import pathlib
import re
import socket

from conftest import eventually

SLOW, FAST = "mag1", "mag2"


def last_move(lab, flow):
    number = lab.ask("lma", "show", "handovers", "--flow", flow)["handovers"][-1]["handover"]
    return lab.ask("lma", "show", "handovers", str(number))["handovers"][0]


def move(lab, flow, to, *more):
    """Until everything of the flow has turned; its record."""
    lab.ask("lma", "flow", "move", flow, "--to", to, *more)

    def complete():
        row = last_move(lab, flow)
        return row if row["state"] == "complete" else None
    return eventually(complete, 30, f"the end of a move to {to}")


def there_and_back(lab, flow, times, *more):
    records = []
    for _ in range(times):
        records += [move(lab, flow, FAST, *more), move(lab, flow, SLOW, *more)]
    return records


def home(lab):
    addresses = json.loads(lab.inside("mn", "ip", "-j", "-6", "address", "show", "dev", "vif0", "scope", "global").stdout)
    return next(a["local"] for link in addresses for a in link.get("addr_info", []))


def links(lab):
    return {row["name"]: row for row in lab.current_status()["links"] if "counters" in row}


def set_link(lab, name, **parameters):
    """As flowmob-wire's `set` has it: both="queue=1m"."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(links(lab)[name]["control"])
        client.sendall(json.dumps({"command": "set", "args": parameters}).encode() + b"\n")
        assert json.loads(client.makefile().readline())["ok"], (name, parameters)


def one_way_delay_ms(lab, name):
    delay = re.search(r"delay=([\d.]+)(us|ms|s)\b", links(lab)[name]["parameters"]["a-to-b"])
    return float(delay[1]) * {"us": 0.001, "ms": 1, "s": 1000}[delay[2]]


class Losses:
    """Wherever a packet can be lost on its way, how many were since this was made. Not the domain's are THE_LABS: what did not fit an emulated
    link's queue, what the emulators lost for other reasons, what a probe did not read in time, and the kernel's backlog of a busy CPU."""
    THE_LABS = {"link queue", "emulator", "unread", "backlog"}

    def __init__(self, lab):
        self.lab = lab
        self.before = self.now()

    def now(self):
        lab, count = self.lab, {"link queue": 0, "emulator": 0}
        for link in links(lab).values():
            for way in link["counters"].values():
                count["link queue"] += way["queue_full"]
                count["emulator"] += way["lost"] + way["link_down"] + way["not_sent"]
        for node in ("cn", "mn"):
            counters = dict(line.split() for line in lab.inside(node, "cat", "/proc/net/snmp6").stdout.splitlines())
            count["unread"] = count.get("unread", 0) + int(counters["Udp6RcvbufErrors"])
        softnet = pathlib.Path("/proc/net/softnet_stat").read_text(encoding="ascii")
        count["backlog"] = sum(int(line.split()[1], 16) for line in softnet.splitlines())
        sockets = lab.inside("wire", "ss", "-0", "-m", "-H").stdout
        count["emulator"] += sum(int(drops) for drops in re.findall(r",d(\d+)\)", sockets))
        for node in ("lma", "mag1", "mag2", "mn"):
            count |= {f"{node}: {reason}": packets for reason, packets in lab.drops(node).items()}
        held = json.loads(lab.inside("lma", "ip", "-s", "-j", "link", "show", "fmhold0").stdout)[0]["stats64"]
        count["hold interface"] = sum(held[way][what] for way in ("rx", "tx") for what in ("dropped", "errors"))
        return count

    def since(self):
        return {where: packets - self.before.get(where, 0) for where, packets in self.now().items() if packets != self.before.get(where, 0)}
