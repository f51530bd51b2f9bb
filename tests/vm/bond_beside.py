#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a plain active-backup bond loses in a planned move and in a hard failure, and what flowmob loses in the same, one after the
other on one kernel: a UDP stream each way over two links. Prints JSON, one row for each. Run by tests/vm/guest/bond_beside.sh."""
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLOWMOB = os.environ.get("FLOWMOB_BUILD", str(ROOT / "build")) + "/bin/flowmob"
WIRE = f"{FLOWMOB}-wire"
RATE, SECONDS, EVENT = 100, 8.0, 3.0
SEND = """
import socket, sys, time
out = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
out.bind((sys.argv[1], 0))
rate, seconds = float(sys.argv[3]), float(sys.argv[4])
begun = time.monotonic()
for number in range(int(rate * seconds)):
    time.sleep(max(0, begun + number / rate - time.monotonic()))
    try:
        out.sendto(number.to_bytes(4, "big") + bytes(96), (sys.argv[2], 7777))
    except OSError:
        pass
"""
RECEIVE = """
import json, socket, sys, time
incoming = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
incoming.bind((sys.argv[1], 7777))
incoming.settimeout(6)
print("listening", flush=True)
seen, last, longest = [], None, 0
try:
    while True:
        number = int.from_bytes(incoming.recv(200)[:4], "big")
        now = time.monotonic()
        longest = max(longest, now - (last or now))
        seen.append(number)
        last = now
except TimeoutError:
    pass
print(json.dumps({"received": len(set(seen)), "doubled": len(seen) - len(set(seen)), "silence_ms": round(longest * 1000)}))
"""


def run(*command, **kwargs):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **kwargs)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr or done.stdout}")
    return done.stdout


def inside(namespace, *command):
    return ["ip", "netns", "exec", namespace, *command]


def stream(receiver, sender, event):
    """Of one direction: [namespace, address] of both ends."""
    with subprocess.Popen(inside(receiver[0], "python3", "-c", RECEIVE, receiver[1]), stdout=subprocess.PIPE, text=True) as hearing:
        hearing.stdout.readline()
        with subprocess.Popen(inside(sender[0], "python3", "-c", SEND, sender[1], receiver[1], str(RATE), str(SECONDS))):
            time.sleep(EVENT)
            event()
        row = json.loads(hearing.stdout.read())
    sent = int(RATE * SECONDS)
    return {"sent": sent, "lost": sent - row["received"], **row}


WIRES = {1: "delay=20ms,rate=20mbit,queue=128k", 2: "delay=3ms,rate=50mbit,queue=256k"}  # as the lab's accesses


class Plain:
    """Two links between a bond and a bridge, like those of the lab."""
    name = "bond (active-backup, miimon 100)"
    here, there, cables = "beside-node", "beside-peer", "beside-wires"
    node, peer = (here, "2001:db8:5::1"), (there, "2001:db8:5::2")

    def __enter__(self):
        for namespace in (self.here, self.there, self.cables):
            run("ip", "netns", "add", namespace)
        lines = {self.there: ["link add br0 type bridge"], self.here: ["link add bond0 type bond mode active-backup miimon 100 fail_over_mac active"]}
        for number in (1, 2):
            lines[self.here] += [f"link add eth{number} type veth peer name a{number} netns {self.cables}", f"link set eth{number} master bond0"]
            lines[self.there] += [f"link add far{number} type veth peer name b{number} netns {self.cables}", f"link set far{number} master br0 up"]
        lines[self.here] += [f"addr add {self.node[1]}/64 dev bond0 nodad", "link set bond0 up"]
        lines[self.there] += [f"addr add {self.peer[1]}/64 dev br0 nodad", "link set br0 up"]
        for namespace in (self.here, self.there):
            run("ip", "-batch", "-", "-netns", namespace, input="\n".join(lines[namespace]) + "\n")
        self.wires = [subprocess.Popen([WIRE, "--netns", self.cables, "--a", f"a{number}", "--b", f"b{number}", "--both", wire, "--engine",
                                        "userspace", "--control", self.socket(number)]) for number, wire in WIRES.items()]
        for _ in range(50):
            if not subprocess.run(inside(self.here, "ping", "-c", "1", "-W", "1", self.peer[1]), capture_output=True, check=False).returncode:
                break
        self.prefer(1)
        return self

    @staticmethod
    def socket(number):
        return f"/run/flowmob-beside-{number}.wire"

    def tell(self, number, command):
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(self.socket(number))
            control.sendall(json.dumps({"command": command}).encode() + b"\n")
            answer = json.loads(control.makefile().readline())
        if not answer["ok"]:
            sys.exit(f"wire {number}: {answer}")

    def prefer(self, number):
        run("ip", "-netns", self.here, "link", "set", "bond0", "type", "bond", "active_slave", f"eth{number}")
        time.sleep(1)

    def __exit__(self, *_):
        for wire in self.wires:
            wire.terminate()
            wire.wait()
        for namespace in (self.here, self.there, self.cables):
            run("ip", "netns", "del", namespace)

    def move(self):
        run("ip", "-netns", self.here, "link", "set", "bond0", "type", "bond", "active_slave", "eth2")

    def fail(self):
        self.tell(1, "down")

    def mend(self):
        self.tell(1, "up")
        time.sleep(2)
        self.prefer(1)


class Ours:
    """The lab: two gateways, two links."""
    name = "flowmob"

    def __enter__(self):
        run(FLOWMOB, "lab", "up")
        status = json.loads(run(FLOWMOB, "lab", "status", "--json"))
        spaces, addresses = status["namespaces"], status["addresses"]
        self.anchor = status["control"]["lma"]
        self.node = (spaces["mn"], addresses["vif"].split("/")[0])
        self.peer = (spaces["cn"], addresses["cn"].split("/")[0])
        self.at("mag1")
        return self

    def __exit__(self, *_):
        run(FLOWMOB, "lab", "down")

    def at(self, mag):
        """Waits until it is so."""
        for _ in range(300):
            run(FLOWMOB, "--control", self.anchor, "flow", "move", "*", "--to", mag)
            rows = json.loads(run(FLOWMOB, "--control", self.anchor, "show", "bindings", "--json"))["bindings"]
            if any(row["flow"] == "*" and row["mag"] == mag for row in rows):
                return
            time.sleep(0.2)
        sys.exit(f"the flow is not at {mag}")

    def move(self):
        run(FLOWMOB, "--control", self.anchor, "flow", "move", "*", "--to", "mag2")

    def fail(self):
        run(FLOWMOB, "lab", "link", "mag1-mn", "down")

    def mend(self):
        run(FLOWMOB, "lab", "link", "mag1-mn", "up")
        time.sleep(5)
        self.at("mag1")
        time.sleep(1)


def measure(system):
    rows = []
    with system:
        for what, event in (("planned move", system.move), ("hard failure", system.fail)):
            for direction, ends in (("down", (system.node, system.peer)), ("up", (system.peer, system.node))):
                rows.append({"system": system.name, "event": what, "direction": direction, **stream(*ends, event)})
                system.mend()
    return rows


def main():
    rows = measure(Plain()) + measure(Ours())
    for row in rows:
        print(f'{row["system"]:34} {row["event"]:13} {row["direction"]:4} {row["lost"]:4} of {row["sent"]} lost, silent for {row["silence_ms"]} ms')
    print(json.dumps({"kernel": os.uname().release, "rows": rows}))
    planned = [row["lost"] for row in rows if row["system"] == Ours.name and row["event"] == "planned move"]
    sys.exit(f"planned moves of ours lost {planned}" if any(planned) else 0)


if __name__ == "__main__":
    main()
