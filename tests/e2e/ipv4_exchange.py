#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Numbered datagrams over IPv4, each of which comes back: `serve PORT`, `exchange ADDRESS PORT`, which says once a second how many have
come back, and at the end (SIGTERM) {"sent": ..., "lost": ..., "duplicated": ...}. `source ADDRESS PORT` sends
numbers to whoever connects, `sink ADDRESS PORT` says of each 1000 in order that it has come. `arp INTERFACE SENDER TARGET` broadcasts one question;
0.0.0.0 as its sender is a probe, the target's own address an announcement (RFC 5227). Runs inside a network namespace."""
import collections
import json
import pathlib
import signal
import socket
import struct
import sys
import time

PAUSE, LAST_WAIT = 0.01, 2


def serve(port):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("0.0.0.0", int(port)))
    while True:
        data, peer = server.recvfrom(2048)
        server.sendto(data, peer)


def exchange(address, port):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect((address, int(port)))
    returned, sent, ended, told = collections.Counter(), 0, [], time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: ended.append(time.monotonic()))
    due = time.monotonic()
    while not ended or (len(returned) < sent and time.monotonic() < ended[0] + LAST_WAIT):
        if not ended and time.monotonic() >= due:
            client.send(b"%d" % sent)
            sent, due = sent + 1, time.monotonic() + PAUSE
        client.settimeout(PAUSE)
        try:
            returned[int(client.recv(2048))] += 1
        except TimeoutError:
            pass
        if time.monotonic() > told + 1:
            told = time.monotonic()
            print(len(returned), flush=True)
    print(json.dumps({"sent": sent, "lost": sent - len(returned), "duplicated": sum(returned.values()) - len(returned)}), flush=True)


def source(address, port):
    peer = socket.create_server((address, int(port))).accept()[0]
    number = 0
    while True:
        peer.sendall(b"".join(b"%09d\n" % n for n in range(number, number + 50)))
        number += 50
        time.sleep(PAUSE)


def sink(address, port):
    for number, line in enumerate(socket.create_connection((address, int(port))).makefile("rb")):
        assert int(line) == number, (line, number)
        if number % 1000 == 999:
            print(number, flush=True)


def arp(interface, sender, target):
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    packets.bind((interface, 0x0806))
    mac = bytes.fromhex(pathlib.Path(f"/sys/class/net/{interface}/address").read_text(encoding="ascii").strip().replace(":", ""))
    question = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + socket.inet_aton(sender) + bytes(6) + socket.inet_aton(target)
    packets.send(b"\xff" * 6 + mac + b"\x08\x06" + question)


if __name__ == "__main__":
    {"serve": serve, "exchange": exchange, "source": source, "sink": sink, "arp": arp}[sys.argv[1]](*sys.argv[2:])
