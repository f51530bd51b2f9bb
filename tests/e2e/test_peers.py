# SPDX-License-Identifier: Apache-2.0
"""What an LMA and its MAGs say to each other beside registrations: heartbeats (RFC 5847) and revocations (RFC 5846)."""
import pathlib
import struct

import pytest

import mobility as m
from conftest import eventually
from test_failure import Revived

HEARTBEAT, REVOCATION = 13, 16
RESTART_COUNTER = 28
MAC1, MAC2 = "02:00:00:00:01:01", "02:00:00:00:01:02"
ADMINISTRATIVE, PER_PEER = 1, 128
PROXY, GLOBAL = 0x8000, 0x2000
NOT_AUTHORIZED, NO_SUCH_BINDING, NO_SUCH_TRIGGER = 130, 128, 133


@pytest.fixture(scope="module", name="revived")
def daemons():
    started = Revived()
    yield started
    started.end()


def heartbeat(source, destination, sequence):
    return m.header(HEARTBEAT, struct.pack("!HI", 0, sequence), source, destination)


def indication(source, destination, trigger, flags, sequence, options=()):
    return m.header(REVOCATION, struct.pack("!BBHH", 1, trigger, sequence, flags) + b"".join(options), source, destination)


def restart_counter(lab, node, peer):
    """As the peer's heartbeats have told it."""
    return next(row["restart_counter"] for row in lab.ask(node, "show", "peers")["peers"] if row["name"] == peer)


def state_of(lab):
    """Who is bound where, without what a new life of the anchor numbers anew."""
    rows = lab.ask("lma", "show", "bindings")["bindings"]
    return sorted((row["mn"], row["address"], row["flow"], row["mag"], row["state"]) for row in rows)


def answered(lab, node):
    return lab.ask(node, "show", "statistics")["revocation"]["answered"]


def test_peers_with_bindings_answer_each_other(lab):
    for node, peers in (("lma", ["mag1", "mag2"]), ("mag1", ["lma"]), ("mag2", ["lma"])):
        def answers(node=node):
            return [row["name"] for row in lab.ask(node, "show", "peers")["peers"] if row["heartbeat"] == "answers"]
        eventually(lambda: answers() == peers, what=f"answers to {node}")
        assert all(row["sessions"] == 1 and row["restart_counter"] for row in lab.ask(node, "show", "peers")["peers"])


def test_a_request_is_answered_with_its_number_and_the_counter(lab):
    mag, lma = lab.address("mag1"), lab.address("lma")
    answers = m.exchange(lab, "mag1", mag, lma, heartbeat(mag, lma, 0xFEDCBA98))
    (answer,) = [message for message in answers if m.type_of(message) == HEARTBEAT and message[7] & 1]
    flags, sequence = struct.unpack_from("!HI", answer, 6)
    assert (flags, sequence) == (1, 0xFEDCBA98)
    position = answer.index(bytes([RESTART_COUNTER, 4]), 12)
    assert position % 4 == 2
    assert struct.unpack_from("!I", answer, position + 2)[0] == restart_counter(lab, "mag1", "lma")


def test_an_anchor_that_lost_its_state_has_it_again(lab, revived, stream):
    """Nobody waits for a heartbeat: the anchor says at once that it knows nothing any more."""
    before, counter = state_of(lab), restart_counter(lab, "mag1", "lma")
    revived.kill(lab, "lma")
    for name in ("lma.db", "lma.db-wal", "lma.db-shm"):
        (pathlib.Path(lab.status["directory"]) / name).unlink(missing_ok=True)
    revived.start(lab, "lma")
    eventually(lambda: state_of(lab) == before, what=f"{before} again, not {state_of(lab)}")
    assert restart_counter(lab, "mag1", "lma") == counter + 1
    stream(6004).assert_lossless()


def test_an_anchor_that_kept_its_state_counts_no_restart(lab, revived):
    counter = restart_counter(lab, "mag1", "lma")
    revived.kill(lab, "lma")
    revived.start(lab, "lma")
    mag, lma = lab.address("mag1"), lab.address("lma")
    answers = m.exchange(lab, "mag1", mag, lma, heartbeat(mag, lma, 1))
    assert any(struct.pack("!BBI", RESTART_COUNTER, 4, counter) in message for message in answers)


def test_a_session_is_revoked_and_comes_back_by_order(lab):
    before = lab.bindings()
    (mn,) = {row["mn"] for row in lab.ask("lma", "show", "bindings")["bindings"]}
    answer = lab.ask("lma", "session", "revoke", "--mn", mn, "--mag", "mag1")
    assert [(row["mag"], row["trigger"], len(row["sessions"])) for row in answer["revocations"]] == [("mag1", "administrative", 1)]
    eventually(lambda: not lab.ask("mag1", "show", "bindings")["bindings"], what="mag1 without the node")
    eventually(lambda: set(lab.bindings().values()) == {"mag2"}, what="all flows at mag2")
    assert len(lab.ask("lma", "show", "sessions")["sessions"]) == 1
    assert answered(lab, "mag1") == {"SUCCESS": 1}
    assert lab.inside("mn", "ping", "-c", "2", "-i", "0.2", "-W", "5", lab.address("cn")).returncode == 0
    lab.ask("mag1", "attach", "wimax", "--mac", MAC1)
    eventually(lambda: lab.bindings() == before, what="the flows of mag1 back")


def test_a_gateway_revokes_what_it_may(lab):
    """By hand, from the gateway's own address; another message of type 16 there is the daemon's."""
    mag, lma = lab.address("mag2"), lab.address("lma")
    cases = [(0x7101, PER_PEER, PROXY | GLOBAL, [m.mn_identifier("mag2")], NOT_AUTHORIZED),
             (0x7102, ADMINISTRATIVE, PROXY, [m.mn_identifier("nobody@example.com")], NO_SUCH_BINDING),
             (0x7103, 77, PROXY, [m.mn_identifier("nobody@example.com")], NO_SUCH_TRIGGER)]
    sent = [indication(mag, lma, trigger, flags, number, options) for number, trigger, flags, options, _ in cases]
    received = {}
    for message in m.exchange(lab, "mag2", mag, lma, *sent):
        if m.type_of(message) == REVOCATION and message[6] == 2:
            status, number, flags = struct.unpack_from("!BHH", message, 7)
            received[number] = (status, flags)
    assert received == {number: (status, flags) for number, _, flags, _, status in cases}
    assert len(lab.ask("lma", "show", "sessions")["sessions"]) == 2


def test_a_gateway_that_shuts_down_ends_all_with_one_message(lab):
    before = lab.bindings()
    config = pathlib.Path(lab.status["directory"]) / "lma.toml"
    text = config.read_text()
    config.write_text(text.replace('name = "mag1"\n', 'name = "mag1"\nglobal_revocation = true\n', 1))
    lab.ask("lma", "reload")
    answer = lab.ask("mag1", "session", "revoke")
    assert answer["revocations"] == [{"trigger": "per-peer-policy", "sessions": 1}]
    eventually(lambda: set(lab.bindings().values()) == {"mag2"}, what="all flows at mag2")
    assert answered(lab, "lma").get("SUCCESS") == 1
    assert lab.ask("mag1", "show", "bindings")["bindings"] == []
    lab.ask("mag1", "attach", "wimax", "--mac", MAC1)
    eventually(lambda: lab.bindings() == before, what="the flows of mag1 back")
