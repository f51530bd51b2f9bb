# SPDX-License-Identifier: Apache-2.0
"""A big file that comes from the correspondent by HTTP/2 or HTTP/3, read slowly until it may end, and equal then."""
import hashlib
import os
import random
import subprocess
import threading

from programs import UNPACKED, Program

SIZE, CHUNK, PACE = 4 << 20, 16 << 10, 0.05  # octets, of which so many at a time, each so many seconds


class Reader(threading.Thread):
    """Of a pipe. While it may not end it reads on, ever less at a time: it never comes to the end, and the connection is never idle."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.octets, self.digest, self.may_end = path, 0, hashlib.sha256(), threading.Event()

    def run(self):
        with open(self.path, "rb", buffering=0) as pipe:
            while True:
                patient = not self.may_end.wait(PACE)
                data = pipe.read(min(CHUNK, 1 + (SIZE - self.octets) // 512) if patient else CHUNK)
                if not data:
                    return
                self.octets += len(data)
                self.digest.update(data)


class Download(Program):
    """`serve` and `fetch` are the programs' command lines; what comes goes into a pipe."""

    def start(self):
        content = random.Random(7).randbytes(SIZE)
        (self.directory / "file").write_bytes(content)
        self.digest = hashlib.sha256(content).hexdigest()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=cn",
                        "-addext", f"subjectAltName=IP:{self.there}", "-keyout", "key.pem", "-out", "cert.pem"],
                       cwd=self.directory, check=True, capture_output=True)
        self.spawn("cn", *self.serve(), cwd=self.directory)
        self.listening("t" if self.protocol == "tcp" else "u", self.ports[0])
        pipe = self.directory / "came" / "file"
        pipe.parent.mkdir()
        os.mkfifo(pipe)
        self.reader = Reader(pipe)
        self.reader.start()
        self.client = self.spawn("mn", *self.fetch(f"https://[{self.there}]:{self.ports[0]}/file"), cwd=self.directory)

    def end(self):
        self.reader.may_end.set()
        status = self.client.wait(120)
        self.reader.join(30)
        assert status == 0 and self.reader.octets == SIZE and self.reader.digest.hexdigest() == self.digest, self.everything_said()
        return {"octets": self.reader.octets}

    def assert_lossless(self):
        pass  # what is lost is sent again


class Curl(Download):
    name, protocol, ports = "curl", "tcp", (8443,)

    def serve(self):
        return "nghttpd", f"--address={self.there}", self.ports[0], "key.pem", "cert.pem"

    def fetch(self, url):
        return "curl", "--silent", "--show-error", "--http2", "--cacert", "cert.pem", "--interface", self.here, "--output", "came/file", \
            "--write-out", "%{http_version}", url

    def end(self):
        result = super().end()
        assert self.said("mn-curl.out") == "2", "HTTP/2"
        return result


class Quic(Download):
    """With windows that fit the socket's buffer while its client waits for its reader."""
    name, protocol, ports = "quic", "udp", (4433,)

    def serve(self):
        return UNPACKED / "usr/sbin/gtlsserver", "--quiet", self.there, self.ports[0], "key.pem", "cert.pem"

    def fetch(self, url):
        windows = [f"--{name}=64K" for name in ("max-data", "max-stream-data-bidi-local", "max-window", "max-stream-window")]
        return "gtlsclient", "--quiet", "--exit-on-all-streams-close", "--download=came", *windows, self.there, self.ports[0], url
