#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long a move of a flow takes, from the anchor's decision to the row of the data plane, by its own records; in a lab whose mobile
node has many flows. And what of it a stream of many packets a second loses. docs/benchmarks.md says how to read it."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS = (ROOT / os.environ.get("BUILD", "build") / "bin").resolve()
NAME, PORT = f"bench{os.getpid()}", 5004
MOST_MS = 1  # from decision to data plane, at the median, with 10,000 flows in the node's table
CROWD = """
import socket, sys, time
to, count = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", 9999))
for port in range(10000, 10000 + count):
    s.sendto(b"x", (to, port))
    if port % 100 == 0: time.sleep(0.01)
"""

def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


class Lab:
    def __enter__(self):
        run(PROGRAMS / "flowmob", "lab", "up", "--name", NAME)
        self.status = json.loads(run(PROGRAMS / "flowmob", "lab", "status", "--name", NAME, "--json"))
        return self

    def __exit__(self, *_):
        run(PROGRAMS / "flowmob", "lab", "down", "--name", NAME)

    def ask(self, node, *command):
        return json.loads(run(PROGRAMS / "flowmob", "--control", self.status["control"][node], *command, "--json"))

    def inside(self, node):
        return ["ip", "netns", "exec", self.status["namespaces"][node]]

    def home(self):
        addresses = json.loads(run(*self.inside("mn"), "ip", "-j", "-6", "address", "show", "dev", "vif0", "scope", "global"))
        return next(a["local"] for link in addresses for a in link.get("addr_info", []))


def milliseconds(record):
    """From `decided` to `switched`."""
    at = {step["step"]: step["at_ms"] for step in record["timeline"]}
    return at["switched"] - at["decided"]


def spread(values):
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "p10": ordered[len(ordered) // 10], "p90": ordered[len(ordered) * 9 // 10], "max": ordered[-1]}


def stream(lab, rate, size, seconds):
    server = subprocess.Popen([*lab.inside("cn"), PROGRAMS / "flowmob-probe", "serve", "--port", str(PORT), "--once"], stdout=subprocess.DEVNULL)
    while not run(*lab.inside("cn"), "ss", "-Hlnu", f"sport = :{PORT}"):
        pass
    client = subprocess.Popen([*map(str, [*lab.inside("mn"), PROGRAMS / "flowmob-probe", "stream", "--to", lab.status["addresses"]["cn"], "--port", PORT,
                                          "--rate", rate, "--size", size, "--duration", seconds, "--drain", 1, "--json"])], stdout=subprocess.PIPE, text=True)
    return server, client


SINK = """
import socket, sys
s = socket.socket(socket.AF_INET6)
s.bind((sys.argv[1], 7777))
s.listen()
c = s.accept()[0]
while c.recv(1 << 16): pass
"""
SOURCE = """
import socket, sys
s = socket.socket(socket.AF_INET6)
s.connect((sys.argv[1], 7777))
while True: s.sendall(bytes(1 << 16))
"""


def out_of_order(lab):
    """Segments that the node's TCP has got out of order so far."""
    names, values = (line.split()[1:] for line in run(*lab.inside("mn"), "cat", "/proc/net/netstat").splitlines()[:2])
    return int(dict(zip(names, values))["TCPOFOQueue"])


def last_move(lab):
    number = lab.ask("lma", "show", "handovers")["handovers"][-1]["handover"]
    return lab.ask("lma", "show", "handovers", str(number))["handovers"][0]


def move_bulk(lab, to, order):
    lab.ask("lma", "flow", "move", "*", "--to", to, "--order", order)
    while (row := last_move(lab))["state"] != "complete":
        time.sleep(0.1)
    return row


def bulk(lab, home, moves):
    """What moves to the faster link reorder of a bulk transfer, and for how long they stop it, by order."""
    sink = subprocess.Popen([*lab.inside("mn"), sys.executable, "-c", SINK, home])
    while not run(*lab.inside("mn"), "ss", "-Hlnt", "sport = :7777"):
        pass
    source = subprocess.Popen([*lab.inside("cn"), sys.executable, "-c", SOURCE, home])
    result = {}
    for order in ("now", "gap"):
        reordered, silent = 0, []
        for _ in range(moves):
            move_bulk(lab, "mag1", order)
            time.sleep(2)
            before = out_of_order(lab)
            silent.append(move_bulk(lab, "mag2", order)["paths"]["down"]["interruption_ms"])
            reordered += out_of_order(lab) - before
        result[order] = {"segments_out_of_order": reordered, "down_interruption_ms": spread(silent)}
    for process in (source, sink):
        process.kill()
        process.wait()
    return result


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--moves", type=int, default=200)
    arguments.add_argument("--flows", type=int, default=10000)
    arguments.add_argument("--rate", type=int, default=10000)
    arguments.add_argument("--bulk-moves", type=int, default=10, help="to the faster link, for each order")
    arguments.add_argument("--output", type=pathlib.Path)
    wanted = arguments.parse_args()
    with Lab() as lab:
        home = lab.home()
        run(*lab.inside("cn"), sys.executable, "-c", CROWD, home, wanted.flows)
        flows = 0
        for _ in range(50):  # the last are under way
            flows = len(lab.ask("mn", "show", "flows")["flows"])
            if flows >= wanted.flows:
                break
            time.sleep(0.1)
        server, client = stream(lab, wanted.rate, 64, max(5, wanted.moves // 15))
        for number in range(wanted.moves):
            lab.ask("lma", "flow", "move", "video", "--to", "mag2" if number % 2 == 0 else "mag1")
        report = [json.loads(line) for line in client.communicate()[0].splitlines() if line.startswith("{")][-1]
        server.wait(10)
        records = [record for record in lab.ask("lma", "show", "handovers")["handovers"] if record["trigger"] == "command"]
        switched = []
        for record in records:
            timeline = lab.ask("lma", "show", "handovers", str(record["handover"]))
            whole = timeline["handovers"][0] if "handovers" in timeline else timeline
            switched.append(milliseconds(whole))
        ordered = bulk(lab, home, wanted.bulk_moves)
    ways = {way: {key: report[way][key] for key in ("sent", "lost", "duplicated")} for way in ("outgoing", "incoming")}
    result = {"flows_of_the_node": flows, "moves": len(switched), "decision_to_switch_ms": spread(switched), "packets_per_second": wanted.rate, **ways,
              "bulk_moves": wanted.bulk_moves, "bulk": ordered}
    print(json.dumps(result, indent=2))
    if wanted.output:
        wanted.output.parent.mkdir(parents=True, exist_ok=True)
        wanted.output.write_text(json.dumps(result, indent=2) + "\n")
    return missed(result, wanted)


def missed(result, wanted):
    """What was not as it has to be; the exit status says whether there is anything."""
    wrong = []
    if result["flows_of_the_node"] < wanted.flows:
        wrong.append(f"the node knows {result['flows_of_the_node']} flows, not {wanted.flows}")
    if result["decision_to_switch_ms"]["median"] >= MOST_MS:
        wrong.append(f"a decision takes {MOST_MS} ms or more to the data plane")
    for way in ("outgoing", "incoming"):
        if result[way]["lost"] or result[way]["duplicated"]:
            wrong.append(f"{way}: packets were lost or came twice")
    if 10 * result["bulk"]["gap"]["segments_out_of_order"] > result["bulk"]["now"]["segments_out_of_order"]:
        wrong.append("order \"gap\" reorders more than a tenth of what \"now\" does")
    for line in wrong:
        print(f"moves.py: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
