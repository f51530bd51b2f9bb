# SPDX-License-Identifier: Apache-2.0
"""UDP with pauses, run inside namespaces: bursts that are answered packet by packet, or one request at a time. Prints what came, in JSON.

usage: bursts.py answer ADDRESS PORT | bursts.py bursts|requests SOURCE PORT ADDRESS PORT, until SIGTERM"""
import json
import signal
import socket
import sys
import time

RUNNING = [True]
BURST, PACE, PAUSE = 10, 0.001, 0.09  # a hundred packets a second


class Arrivals:
    def __init__(self):
        self.numbers, self.reordered, self.duplicated, self.highest = set(), 0, 0, -1

    def note(self, number):
        self.duplicated += number in self.numbers
        self.reordered += number < self.highest
        self.numbers.add(number)
        self.highest = max(self.highest, number)


def opened(address, port):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind((address, port))
    s.settimeout(0.2)
    return s


def heard(s):
    try:
        return s.recvfrom(2048)
    except TimeoutError:
        return None, None


def answer(address, port):
    s, came = opened(address, port), Arrivals()
    while RUNNING[0]:
        data, sender = heard(s)
        if data:
            came.note(int.from_bytes(data[:8]))
            s.sendto(data, sender)
    return came, len(came.numbers)


def take(s, came, until):
    while time.monotonic() < until:
        s.settimeout(max(until - time.monotonic(), 0.0001))
        data, _ = heard(s)
        if data:
            came.note(int.from_bytes(data[:8]))


def bursts(address, port, to):
    s, came, number = opened(address, port), Arrivals(), 0
    while RUNNING[0]:
        for _ in range(BURST):
            s.sendto(number.to_bytes(8) + bytes(200), to)
            number += 1
            take(s, came, time.monotonic() + PACE)
        take(s, came, time.monotonic() + PAUSE)
    take(s, came, time.monotonic() + 1)
    return came, number


def requests(address, port, to):
    """The next when the last has been answered; what is lost is not asked again."""
    s, came, number = opened(address, port), Arrivals(), 0
    while RUNNING[0]:
        s.sendto(number.to_bytes(8) + bytes(200), to)
        end = time.monotonic() + 2
        while number not in came.numbers and time.monotonic() < end:
            data, _ = heard(s)
            if data:
                came.note(int.from_bytes(data[:8]))
        number += 1
    return came, number


def main():
    signal.signal(signal.SIGTERM, lambda *_: RUNNING.clear() or RUNNING.append(False))
    what, address, port, *to = sys.argv[1:]
    print("ready", flush=True)
    if what == "answer":
        came, sent = answer(address, int(port))
    else:
        came, sent = {"bursts": bursts, "requests": requests}[what](address, int(port), (to[0], int(to[1])))
    print(json.dumps({"sent": sent, "lost": sent - len(came.numbers), "duplicated": came.duplicated, "reordered": came.reordered}), flush=True)


if __name__ == "__main__":
    main()
