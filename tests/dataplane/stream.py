# SPDX-License-Identifier: Apache-2.0
"""A UDP stream of numbered datagrams, and its echo.

  stream.py echo PORT                                sends back what comes, until killed
  stream.py send ADDRESS PORT SOURCE-PORT RATE COUNT prints {"sent", "lost", "duplicated", "reordered"} of the round trip
"""
import json
import socket
import struct
import sys
import threading
import time


def udp(port):
    bound = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUFFORCE if hasattr(socket, "SO_RCVBUFFORCE") else 33, 1 << 22)
    bound.bind(("::", port))
    return bound


def echo(port):
    server = udp(port)
    print("ready", flush=True)
    while True:
        data, sender = server.recvfrom(2048)
        server.sendto(data, sender)


def collect(client, numbers):
    client.settimeout(1.5)
    try:
        while True:
            numbers.append(struct.unpack("!I", client.recv(2048)[:4])[0])
    except TimeoutError:
        pass


def send(address, port, source_port, rate, count):
    client, numbers = udp(source_port), []
    client.connect((address, port))
    receiver = threading.Thread(target=collect, args=(client, numbers))
    receiver.start()
    start = time.monotonic()
    for number in range(count):
        time.sleep(max(0, start + number / rate - time.monotonic()))
        client.send(struct.pack("!I", number) + bytes(600))
    receiver.join()
    print(json.dumps({"sent": count, "lost": count - len(set(numbers)), "duplicated": len(numbers) - len(set(numbers)),
                      "reordered": sum(b < a for a, b in zip(numbers, numbers[1:]))}))


if sys.argv[1] == "echo":
    echo(int(sys.argv[2]))
else:
    send(sys.argv[2], *map(int, sys.argv[3:7]))
