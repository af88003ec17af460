"""The tones of countries: the typed files against the facts they were typed from."""

import json
from pathlib import Path
from typing import Any

import pytest

from config.load import ConfigError
from config.tones import SHIPPED, CountryTones, ProgressTone, Signal, When, learned, load_tones
from config.voice import Tone

FACTS = Path(__file__).parents[2].parent / "shared" / "data" / "tones.json"
GERMANY = (SHIPPED / "de.toml").read_text()
KINDS = ("dial", "ringback", "busy", "congestion")


def facts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        json.loads(FACTS.read_text())["countries"] if FACTS.exists() else []
    )
    return found


def variants(fact: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a tone and what other sources say of it; a remark alone is no tone."""
    also = [one for one in fact.get("also", []) if one.keys() & {"freqs_hz", "cadence_ms"}]
    return [fact, *({**fact, **one} for one in also)]


@pytest.mark.skipif(not FACTS.exists(), reason=f"no facts at {FACTS}")
def test_every_country_of_the_facts_has_a_file_and_no_other() -> None:
    names = {fact["country"].lower() for fact in facts()}
    assert load_tones([SHIPPED]).by_name.keys() == names | {"default"}


@pytest.mark.parametrize("fact", facts(), ids=lambda fact: str(fact["country"]))
def test_a_file_says_what_the_facts_say(fact: dict[str, Any]) -> None:
    tones = load_tones([SHIPPED]).of(fact["country"])
    for kind in KINDS:
        typed = [(t.freqs_hz, t.cadence_ms, t.am_hz) for t in getattr(tones, kind)]
        assert typed == [
            (tuple(one["freqs_hz"]), tuple(one["cadence_ms"]), one.get("am_hz"))
            for one in variants(fact[kind])
        ], kind
    assert tones.caller_id.cx93001 == fact["caller_id"].get("cx93001_AT!4886")
    assert tones.caller_id.confidence == fact["caller_id"]["confidence"]
    assert len(tones.sources) == len(fact["sources"])


def test_sources_that_differ_are_told() -> None:
    for tones in load_tones([SHIPPED]).by_name.values():
        for kind in KINDS:
            first, *others = getattr(tones, kind)
            assert first.note is None
            assert all(other.note for other in others), (tones.name, kind)


def test_a_country_without_a_file_has_what_the_itu_recommends() -> None:
    tones = load_tones([SHIPPED])
    assert tones.of("TV") is tones.of(None) is tones.by_name["default"]
    assert {tone.freqs_hz for kind in KINDS for tone in getattr(tones.of("TV"), kind)} == {(425,)}


@pytest.mark.parametrize(
    ("country", "signal", "when"),
    [
        ("US", Signal.BELL, When.AFTER_FIRST_RING),
        ("GB", Signal.V23, When.BEFORE_RING),
        ("SE", Signal.DTMF, When.BEFORE_RING),
        ("RU", Signal.NONE, When.AFTER_FIRST_RING),
    ],
)
def test_caller_id(country: str, signal: Signal, when: When) -> None:
    caller_id = load_tones([SHIPPED]).of(country).caller_id
    assert (caller_id.signal, caller_id.when) == (signal, when)


def test_files_of_the_owner_win(tmp_path: Path) -> None:
    (tmp_path / "de.toml").write_text(GERMANY.replace("[480, 480]", "[500, 500]"))
    found = load_tones([tmp_path, SHIPPED])
    assert found.of("DE").busy[0].cadence_ms == (500, 500)
    assert found.of("FR") == load_tones([SHIPPED]).of("FR")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("[480, 480]", "[480]"), "its last figure is a pause"),
        (("freqs_hz = [425]", "freqs_hz = [50]"), "dial.0.freqs_hz.0"),
        (("freqs_hz = [425]", "freqs_hz = [400, 425, 450]"), "dial.0.freqs_hz"),
        (("[[busy]]", "[[bussy]]"), "busy is missing"),
        (('signal = "v23"', 'signal = "v21"'), "caller_id.signal"),
        (('name = "de"', 'name = "at"'), "rename the file or the name"),
    ],
)
def test_a_bad_file_gets_a_sentence(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    assert change[0] in GERMANY
    (tmp_path / "de.toml").write_text(GERMANY.replace(*change, 1))
    with pytest.raises(ConfigError, match=r"de\.toml") as caught:
        load_tones([tmp_path, SHIPPED])
    assert problem in str(caught.value)


def test_a_learned_tone_has_the_shape_of_a_countrys() -> None:
    tone = learned(Tone(freqs_hz=(440,), cadence_ms=(200, 300)))
    assert tone == ProgressTone(freqs_hz=(440,), cadence_ms=(200, 300))
    assert isinstance(load_tones([SHIPPED]).of("DE"), CountryTones)
