# SPDX-License-Identifier: Apache-2.0
"""A TCP connection that is full both ways until SIGTERM, run inside namespaces; prints what was sent and what came, in JSON.

usage: bulk.py listen ADDRESS PORT WINDOW | bulk.py connect SOURCE ADDRESS PORT WINDOW; WINDOW in octets, 0: the kernel's own"""
import hashlib
import json
import random
import signal
import socket
import struct
import sys
import threading
import time

CHUNK = 1 << 16
ENDING = threading.Event()


def opened(address, port, window):
    s = socket.socket(socket.AF_INET6)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if window:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, window)
    s.bind((address, port))
    return s


class Sender(threading.Thread):
    def __init__(self, s):
        super().__init__(daemon=True)
        self.socket, self.octets, self.digest = s, 0, hashlib.sha256()

    def run(self):
        dice = random.Random(self.socket.getsockname()[1])
        while not ENDING.is_set():
            chunk = dice.randbytes(CHUNK)
            self.socket.sendall(chunk)
            self.digest.update(chunk)
            self.octets += CHUNK
        self.socket.shutdown(socket.SHUT_WR)


def receive(s):
    octets, digest = 0, hashlib.sha256()
    while data := s.recv(CHUNK):
        digest.update(data)
        octets += len(data)
    return octets, digest.hexdigest()


def tcp_info(s):
    """Fields of struct tcp_info (linux/tcp.h)."""
    info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    field = lambda offset: struct.unpack_from("=I", info, offset)[0]
    return {"segments_sent": field(156), "retransmitted": field(100), "needlessly": field(216), "out_of_order": field(224)}


def main():
    signal.signal(signal.SIGTERM, lambda *_: ENDING.set())
    if sys.argv[1] == "listen":
        own, port, window = sys.argv[2:]
        listener = opened(own, int(port), int(window))
        listener.listen()
        print("ready", flush=True)
        s = listener.accept()[0]
    else:
        own, peer, port, window = sys.argv[2:]
        s = opened(own, 0, int(window))
        s.connect((peer, int(port)))
    begun = time.monotonic()
    sender = Sender(s)
    sender.start()
    received, digest = receive(s)
    sender.join()
    print(json.dumps({"seconds": time.monotonic() - begun, "sent": sender.octets, "sent_sha256": sender.digest.hexdigest(),
                      "received": received, "received_sha256": digest, **tcp_info(s)}), flush=True)


if __name__ == "__main__":
    main()
