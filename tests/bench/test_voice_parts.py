"""How the benchmark of voice finds delays and breaks in what it heard."""

from bench.voice_parts import sip
from bench.voice_parts.tone import LINE_HZ, MARK_FRAMES, PHONE_HZ, Notes, delays, tone
from simulator.sound.frames import FRAME_OCTETS, SILENCE

FRAME_NS, SAMPLE_NS = 20_000_000, 125_000


def heard(hz: int, *, late_ns: int = 0, shift: int = 0, without: int | None = None) -> Notes:
    """Two seconds of the tone, its samples `shift` later, one frame missing."""
    sound = b"".join(tone(hz) * 4)
    sound = bytes(2 * shift) + sound[: len(sound) - 2 * shift]
    frames = [sound[at : at + FRAME_OCTETS] for at in range(0, len(sound), FRAME_OCTETS)]
    notes = [(n * FRAME_NS + late_ns, frame) for n, frame in enumerate(frames)]
    return Notes(heard=[note for n, note in enumerate(notes) if n != without])


def said() -> list[int]:
    return [n * MARK_FRAMES * FRAME_NS for n in range(4)]


def test_a_mark_is_found_where_it_is_in_its_frame() -> None:
    for hz in (LINE_HZ, PHONE_HZ):
        found = heard(hz, late_ns=7_000_000, shift=40).found(hz)
        wanted = 7_000_000 + 40 * SAMPLE_NS
        measured = delays(said(), found["heard"])
        assert len(measured) == 3  # the first frame may be half a mark
        assert all(0 <= delay - wanted < 1_000_000 for delay in measured)


def test_marks_are_no_discontinuities_and_a_lost_frame_is_one() -> None:
    for hz in (LINE_HZ, PHONE_HZ):
        assert heard(hz).found(hz)["discontinuities"] == 0
        assert heard(hz, without=30).found(hz)["discontinuities"] == 1


def test_what_was_not_heard_has_no_delay() -> None:
    quiet = Notes(heard=[(n * FRAME_NS, SILENCE) for n in range(100)])
    assert quiet.found(LINE_HZ)["heard"] == []
    assert delays([], [1]) == delays([5], [1]) == []


def test_only_what_comes_while_it_is_measured_is_noted() -> None:
    notes = Notes()
    notes.hear(SILENCE)
    notes.begin()
    notes.say()
    notes.hear(SILENCE)
    notes.over = True
    notes.say()
    notes.hear(SILENCE)
    assert (len(notes.said), len(notes.heard)) == (1, 1)


def test_a_call_is_asked_for_answered_and_confirmed() -> None:
    call = sip.Dialog.to_call("sip:b@127.0.0.1:5070", "sip:b@127.0.0.1:5070", 5060)
    invite = sip.parse(call.request("INVITE", sip.sdp(4000)))
    assert invite
    assert (invite.code, invite.method, invite.rtp_port) == (None, "INVITE", 4000)
    answer = sip.parse(sip.response(invite, 5070, sip.sdp(4002)))
    assert answer
    assert (answer.code, answer.method, answer.rtp_port) == (200, "INVITE", 4002)
    call.established(answer)
    ack = sip.parse(call.request("ACK"))
    assert ack
    assert ack.first == "ACK sip:bench@127.0.0.1:5070 SIP/2.0"
    assert ack.of("to") == answer.of("to")
    assert ack.of("cseq") == "1 ACK"
