# SPDX-License-Identifier: Apache-2.0
"""Programs that people use, all at once over the virtual interface, while what is below it changes: none of them ends, nothing is missing of
what they carry, and what is planned loses no packet."""
import pytest

from calls import Call
from conftest import eventually
from downloads import Curl, Quic
from moves import FAST, SLOW, Losses, links, set_link
from programs import Ping, Ssh, TcpDown, TcpUp, UdpDown, UdpUp

# First those that can tell a lost packet: the others, which may then go as fast as they can, must not fill the links' queues beside them.
TELLING, OTHERS = (Ping, UdpUp, UdpDown, Call), (TcpUp, TcpDown, Ssh, Curl, Quic)
MEMBER = {SLOW: ("if1", "802.16e"), FAST: ("if2", "802.11")}
TRIES = 3


class Together:
    def __init__(self, lab, directory):
        self.lab = lab
        self.programs = [program(lab, directory) for program in TELLING + OTHERS]

    def start(self):
        for program in self.programs:
            program.start()
        self.go_on()

    def carried(self, ways):
        flows = self.lab.ask("mn", "show", "flows")["flows"]
        counts = {program: program.carried(flows, ways) for program in self.programs}
        return {program: count for program, count in counts.items() if count is not None}

    def members(self):
        """Of the flows that have a downlink, which the uplink follows."""
        flows = [flow for flow in self.lab.ask("mn", "show", "flows")["flows"] if flow["idle_ms"] < 500]
        return {flow["member"] for program in self.programs if "down" in program.ways for flow in flows if program.owns(flow)}

    def move(self, names, to):
        for name in names:
            self.lab.ask("lma", "flow", "move", name, "--to", to)
        eventually(lambda: self.members() == {MEMBER[to][0]}, 30, f"all flows at {to}")

    def go_on(self, ways=("up", "down"), packets=10):
        """Each of them: what goes these ways by members is counted. TCP whose segments were lost again and again waits for half a minute."""
        goal = {program: count + packets for program, count in self.carried(ways).items()}
        silent = []

        def nobody_is_silent():
            silent[:] = [program for program, count in self.carried(ways).items() if count < goal[program]]
            return not silent
        eventually(nobody_is_silent, 120, what=lambda: "".join(f"silent: {program.name}\n{program.everything_said()}" for program in silent))

    def end(self, programs):
        return {program.name: program.end() for program in self.programs if isinstance(program, programs)}

    def kill(self):
        for program in self.programs:
            program.end_processes()


def moved_by_flow_and_all_at_once(lab, programs, tmp_path):
    """By rules each has a flow of its own, and then none has."""
    file = tmp_path / "policy.toml"
    names = [program.name for program in programs.programs]
    file.write_text('[[policy]]\nname = "programs"\ndefault = true\n\n' + "\n".join(program.rule() for program in programs.programs), encoding="utf-8")
    lab.ask("lma", "policy", "apply", file)
    for to in (FAST, SLOW):
        programs.move(names, to)
        assert {lab.bindings()[name] for name in names} == {to}
        programs.go_on()
    lab.ask("lma", "policy", "reload")
    for to in (SLOW, FAST, SLOW):
        programs.move("*", to)
        programs.go_on()


def links_lost(lab, programs, _):
    for mag, other in ((SLOW, FAST), (FAST, SLOW)):
        programs.move("*", mag)
        before = lab.bindings()
        lab.link(f"{mag}-mn", "down")
        eventually(lambda: set(lab.bindings().values()) == {other}, what="all flows by the other link")  # pylint: disable=cell-var-from-loop
        programs.go_on()
        lab.link(f"{mag}-mn", "up")
        eventually(lambda: lab.bindings() == before, what="the link in use again")  # pylint: disable=cell-var-from-loop
        programs.go_on()


def members_changed(lab, programs, _):
    """Each is removed, when its flows have left and when they have not, and added again."""
    shown = lambda: {link["interface"]: link["up"] for link in lab.ask("mn", "show", "links")["links"]}
    for mag, other in ((SLOW, FAST), (FAST, SLOW)):
        interface, technology = MEMBER[mag]
        for left in (True, False):
            programs.move("*", mag if left else other)
            lab.ask("mn", "member", "remove", interface, "--drain", "300ms")
            eventually(lambda: interface not in shown(), what="the end of its time")  # pylint: disable=cell-var-from-loop
            programs.go_on(ways=("up",))
            if left:
                programs.move("*", other)
            lab.ask("mn", "member", "add", interface, "--technology", technology, "--take-over")
            eventually(lambda: shown().get(interface), what="the member up")  # pylint: disable=cell-var-from-loop
            programs.go_on()


@pytest.fixture(name="roomy")
def roomy_lab(lab):
    """Queues that hold all that these programs may have on their way."""
    before = {name: row["parameters"]["a-to-b"] for name, row in links(lab).items()}
    for name in ("mag1-mn", "mag2-mn"):
        set_link(lab, name, both="queue=1m")
    yield lab
    for name in ("mag1-mn", "mag2-mn"):
        set_link(lab, name, both=before[name])


def through(lab, directory, happens, capsys):
    """What was lost on the way, and by whom; the programs have ended."""
    directory.mkdir()
    programs = Together(lab, directory)
    try:
        programs.start()
        losses = Losses(lab)
        happens(lab, programs, directory)
        reports = programs.end(TELLING)
        lost = losses.since()
        reports |= programs.end(OTHERS)
    finally:
        programs.kill()
    with capsys.disabled():
        print(f"\n{happens.__name__.replace('_', ' ')}: " + "; ".join(f"{name} {', '.join(f'{value} {what}' for what, value in report.items())}"
                                                                    for name, report in reports.items()) + f"; counted: {lost}")
    return programs.programs, lost


@pytest.mark.parametrize("happens", [moved_by_flow_and_all_at_once, members_changed])
def test_nothing_is_lost_to_what_is_planned(roomy, tmp_path, happens, capsys):
    """Where this machine is so busy that the lab itself loses packets, which it counts, that is no proof: then once more."""
    for number in range(TRIES):
        programs, lost = through(roomy, tmp_path / str(number), happens, capsys)
        assert lost.keys() <= Losses.THE_LABS
        if not lost:
            break
    assert not lost, "this machine does not carry as much"
    for program in programs:
        program.assert_lossless()


def test_no_program_ends_when_links_are_lost(roomy, tmp_path, capsys):
    through(roomy, tmp_path / "lost", links_lost, capsys)
