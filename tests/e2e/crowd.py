# SPDX-License-Identifier: Apache-2.0
"""Many flows at a time, each a numbered packet now and then that the other end sends back; run inside namespaces.

usage: crowd.py serve ADDRESS PORT PORTS | crowd.py run SOURCE ADDRESS PORT PORTS FLOWS RATE: as many ports from PORT on, by UDP and by TCP, the
flows shared out among them, RATE packets a second and flow. Until SIGTERM; then what became of them, in JSON."""
import json
import selectors
import signal
import socket
import struct
import sys
import time

OCTETS, TICK, PATIENCE = 64, 0.01, 15
RUNNING = [True]


def opened(kind, address, port):
    """With SO_REUSEADDR only for a port of its own: the kernel gives UDP sockets that have it a port that another has, and two that ask the same
    port at the other end are one flow."""
    s = socket.socket(socket.AF_INET6, kind)
    if port:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if kind == socket.SOCK_DGRAM:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    s.bind((address, port))
    return s


def serve(address, port, ports):
    chosen = selectors.DefaultSelector()
    for number in range(port, port + ports):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            s = opened(kind, address, number)
            s.setblocking(kind == socket.SOCK_STREAM)
            if kind == socket.SOCK_STREAM:
                s.listen(1000)
            chosen.register(s, selectors.EVENT_READ, "listen" if kind == socket.SOCK_STREAM else "udp")
    print("ready", flush=True)
    while RUNNING[0]:
        for key, _ in chosen.select(0.2):
            if key.data == "listen":
                chosen.register(key.fileobj.accept()[0], selectors.EVENT_READ, "tcp")
            elif key.data == "tcp":
                data = key.fileobj.recv(1 << 16)
                key.fileobj.sendall(data) if data else chosen.unregister(key.fileobj)
            else:
                answer_all(key.fileobj)


def answer_all(s):
    try:
        while True:
            data, peer = s.recvfrom(2048)
            s.sendto(data, peer)
    except BlockingIOError:
        pass


class Flow:
    def __init__(self, kind, source, to):
        self.kind, self.socket = kind, opened(kind, source, 0)
        self.socket.connect(to)
        self.socket.setblocking(False)
        self.sent, self.came, self.doubled, self.rest, self.broken = 0, set(), 0, b"", False

    def send(self):
        try:
            self.socket.send(struct.pack("!Q", self.sent).ljust(OCTETS, b"."))
            self.sent += 1
        except OSError:
            self.broken = True

    def receive(self):
        try:
            while data := self.socket.recv(1 << 16):
                self.rest += data
                while len(self.rest) >= OCTETS:
                    number, self.rest = struct.unpack("!Q", self.rest[:8])[0], self.rest[OCTETS:]
                    self.doubled += number in self.came
                    self.broken |= self.kind == socket.SOCK_STREAM and number != len(self.came)
                    self.came.add(number)
            self.broken = True  # ended by the other
        except BlockingIOError:
            pass
        except OSError:
            self.broken = True

    def missing(self):
        return self.sent - len(self.came)


def run(source, address, port, ports, count, rate):
    kinds = (socket.SOCK_DGRAM, socket.SOCK_STREAM)
    flows = [Flow(kinds[number % 2], source, (address, port + number // 2 % ports)) for number in range(count)]
    chosen = selectors.DefaultSelector()
    for flow in flows:
        chosen.register(flow.socket, selectors.EVENT_READ, flow)
    print("ready", flush=True)
    begun, turn, ended = time.monotonic(), 0, None
    while ended is None or (any(flow.missing() for flow in flows) and time.monotonic() < ended + PATIENCE):
        for key, _ in chosen.select(TICK):
            key.data.receive()
        if RUNNING[0]:
            while turn < (time.monotonic() - begun) * count * rate:
                flows[turn % count].send()
                turn += 1
        else:
            ended = ended or time.monotonic()
    udp, tcp = ([flow for flow in flows if flow.kind == kind] for kind in kinds)
    print(json.dumps({"flows": len(flows), "seconds": round(time.monotonic() - begun, 1), "udp_sent": sum(flow.sent for flow in udp),
                      "udp_lost": sum(flow.missing() for flow in udp), "udp_doubled": sum(flow.doubled for flow in udp),
                      "tcp_sent": sum(flow.sent for flow in tcp), "tcp_missing": sum(flow.missing() for flow in tcp),
                      "broken": sum(flow.broken for flow in flows), "fewest": min(len(flow.came) for flow in flows)}), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: RUNNING.__setitem__(0, False))
    {"serve": serve, "run": run}[sys.argv[1]](*(int(word) if word.isdecimal() else word for word in sys.argv[2:]))
