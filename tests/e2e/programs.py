# SPDX-License-Identifier: Apache-2.0
"""Programs that people use, with a server at the correspondent and a client at the mobile node. Each is started, carries on until it is told
to end, and says then whether it came through; `lossless` is for those that can tell a lost packet, and asks for none."""
import json
import pathlib
import re
import signal
import subprocess

from conftest import ROOT, eventually

UNPACKED = ROOT / "build" / "unpacked"  # packages that would start servers where they are installed (scripts/packages)


class Program:
    name, protocol = "", ""
    ports = ()  # of its servers
    ways = ("up", "down")  # of its data

    def __init__(self, lab, directory):
        self.lab, self.directory = lab, directory / self.name
        self.directory.mkdir()
        self.here, self.there = lab.status["addresses"]["vif"], lab.address("cn")
        self.processes = []

    def spawn(self, node, *command, out="out", **kwargs):
        """What it prints goes into a file, which nobody has to read in time."""
        name = f"{node}-{pathlib.Path(str(command[0])).name}"
        with open(self.directory / f"{name}.{out}", "w", encoding="utf-8") as log, open(self.directory / f"{name}.err", "w", encoding="utf-8") as err:
            kwargs = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": err, **kwargs}
            inside = ["ip", "netns", "exec", self.lab.status["namespaces"][node], *map(str, command)]
            self.processes.append(subprocess.Popen(inside, **kwargs))
        return self.processes[-1]

    def said(self, what):
        return (self.directory / what).read_text(encoding="utf-8", errors="replace")

    def everything_said(self):
        return "".join(f"--- {file.name}\n{self.said(file.name)[-300:]}\n" for file in sorted(self.directory.glob("*.[oe]*")))

    def listening(self, kind, port):
        eventually(lambda: self.lab.inside("cn", "ss", f"-Hln{kind}", f"sport = :{port}").stdout, 30, f"a server on {port}: {self.everything_said()}")

    def owns(self, flow):
        return flow["protocol"] == self.protocol and (not self.ports or flow["source_port"] in self.ports)

    def carried(self, flows, ways):
        """Packets so far by the node's own table: in each of these directions that it has."""
        mine = [flow for flow in flows if self.owns(flow)]
        return min((sum(flow["traffic"][way]["packets"] for flow in mine) for way in ways if way in self.ways), default=None)

    def rule(self):
        """Of a policy: the downlink's packets of this program alone."""
        ports = f", source_port = \"{self.ports[0]}-{self.ports[-1]}\"" if self.ports else ""
        return f'[[policy.rule]]\nname = "{self.name}"\nmatch = {{ protocol = "{self.protocol}"{ports} }}\nprefer = ["mag1", "mag2"]\n'

    def end_processes(self):
        for process in self.processes:
            process.kill()
            process.wait()


class Ping(Program):
    """Numbered echoes, of which each is answered."""
    name, protocol = "ping", "icmpv6"

    def start(self):
        self.client = self.spawn("mn", "ping", "-i", "0.02", "-I", self.here, self.there)

    def end(self):
        self.client.send_signal(signal.SIGINT)
        self.client.wait(30)
        self.answered = [int(number) for number in re.findall(r"icmp_seq=(\d+) ttl", self.said("mn-ping.out"))]
        assert len(self.answered) > 50, self.everything_said()
        return {"answered": len(self.answered), "missing": max(self.answered) - len(set(self.answered))}

    def assert_lossless(self):
        """Up to the last that was answered: others may have been on their way."""
        assert sorted(self.answered) == list(range(1, max(self.answered) + 1)), self.everything_said()


class Iperf(Program):
    """iperf3, which its client ends: each end says what it received itself."""
    options = ()

    def start(self):
        self.server = self.spawn("cn", "iperf3", "--server", "--one-off", "--json", "--port", self.ports[0])
        self.listening("t", self.ports[0])
        self.client = self.spawn("mn", "iperf3", "--client", self.there, "--bind", self.here, "--port", self.ports[0], "--json", "--time", 3600,
                                 "--bitrate", "2M", *self.options)

    def end(self):
        self.client.send_signal(signal.SIGINT)
        for process in (self.client, self.server):
            process.wait(30)
        client, server = (json.loads(self.said(f"{node}-iperf3.out")) for node in ("mn", "cn"))
        receiver = client if "--reverse" in self.options else server  # the other may notice by an error that its packets find nobody any more
        assert client["error"] == "interrupt - the client has terminated" and receiver["error"].endswith("the client has terminated"), self.everything_said()
        self.received = receiver["end"]["sum_received"]
        assert self.received["bytes"] > 0, self.everything_said()
        return {key: self.received[key] for key in ("bytes", "packets", "lost_packets") if key in self.received}

    def assert_lossless(self):
        """TCP mends what is lost."""
        assert self.received.get("lost_packets", 0) == 0, self.everything_said()


UDP, TCP = ("--udp", "--length", 1200), ("--window", "128K")


class UdpUp(Iperf):
    name, protocol, ports, options, ways = "iperf3-udp-up", "udp", (5201,), UDP, ("up",)


class UdpDown(Iperf):
    name, protocol, ports, options, ways = "iperf3-udp-down", "udp", (5202,), (*UDP, "--reverse"), ("down",)


class TcpUp(Iperf):
    name, protocol, ports, options = "iperf3-tcp-up", "tcp", (5203,), TCP


class TcpDown(Iperf):
    name, protocol, ports, options = "iperf3-tcp-down", "tcp", (5204,), (*TCP, "--reverse")


SSHD = """set -e
mount -t tmpfs none /run
mkdir /run/sshd
mount --bind passwd /etc/passwd
mount --bind shadow /etc/shadow
exec "$0" -D -e -f "$PWD/sshd_config"
"""  # `ip netns exec` has unshared the mounts


class Ssh(Program):
    """A command that runs at the other end and numbers its lines; its server, user and keys are of this test alone."""
    name, protocol, ports = "ssh", "tcp", (22,)
    command = 'i=0; while [ ! -e stop ]; do i=$((i+1)); echo $i; sleep 0.05; done; echo end'

    def start(self):
        for key in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.directory / key], check=True)
        files = {"passwd": f"root:x:0:0::{self.directory}:/bin/sh\nsshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n", "shadow": "root:*:::::::\n",
                 "known": f"{self.there} {self.said('host.pub')}",
                 "sshd_config": f"ListenAddress {self.there}\nHostKey {self.directory}/host\nAuthorizedKeysFile {self.directory}/user.pub\n"
                                "PermitRootLogin yes\nPasswordAuthentication no\nUsePAM no\nStrictModes no\nPidFile none\n"}
        for name, text in files.items():
            (self.directory / name).write_text(text, encoding="ascii")
        self.spawn("cn", "sh", "-c", SSHD, UNPACKED / "usr/sbin/sshd", cwd=self.directory)
        self.listening("t", 22)
        options = {"IdentityFile": self.directory / "user", "IdentitiesOnly": "yes", "UserKnownHostsFile": self.directory / "known",
                   "StrictHostKeyChecking": "yes", "BatchMode": "yes", "BindAddress": self.here}
        self.client = self.spawn("mn", "ssh", "-F", "none", *(f"-o{key}={value}" for key, value in options.items()), f"root@{self.there}", self.command)

    def end(self):
        (self.directory / "stop").touch()
        assert self.client.wait(60) == 0, self.everything_said()
        *numbers, last = self.said("mn-ssh.out").split()
        assert last == "end" and [int(number) for number in numbers] == list(range(1, len(numbers) + 1)) and len(numbers) > 20, self.everything_said()
        return {"lines": len(numbers)}

    def assert_lossless(self):
        pass  # TCP mends what is lost
