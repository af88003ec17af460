from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.pcm import FRAME_BYTES, SILENCE
from modem.v253.formats import Format, from_pcm, to_pcm

each_format = pytest.mark.parametrize("form", list(Format))


@each_format
def test_silence_stays_silence(form: Format) -> None:
    assert from_pcm(SILENCE, form) == form.silence
    assert to_pcm(form.silence, form) == SILENCE
    assert len(to_pcm(form.silence, form)) == FRAME_BYTES


@each_format
def test_every_octet_comes_back(form: Format) -> None:
    octets = bytes(range(256))
    assert from_pcm(to_pcm(octets, form), form) == octets


@pytest.mark.parametrize(
    ("form", "octet", "sample"),
    [
        (Format.UNSIGNED, 0, -32768),
        (Format.UNSIGNED, 129, 256),
        (Format.UNSIGNED, 255, 32512),
        (Format.LINEAR, 128, -32768),
        (Format.LINEAR, 255, -256),
        (Format.LINEAR, 127, 32512),
    ],
)
def test_what_an_octet_stands_for(form: Format, octet: int, sample: int) -> None:
    assert array("h", to_pcm(bytes([octet]), form)).tolist() == [sample]


@each_format
@given(st.lists(st.integers(-32768, 32767), max_size=200))
def test_sound_is_rounded_and_never_wraps(form: Format, samples: list[int]) -> None:
    pcm = array("h", samples).tobytes()
    back = array("h", to_pcm(from_pcm(pcm, form), form))
    assert all(
        abs(there - here) <= (128 if here < 32640 else 255)
        for here, there in zip(samples, back, strict=True)
    )
