"""What FXO voice modems answer: V.250, V.253 and the makers' own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from simulator.at import OK, WAIT, CommandError, Commands, Handler, Kind, Reply, Request, info
from simulator.fxo.stream import Mode

if TYPE_CHECKING:
    from simulator.fxo.device import Device
    from simulator.modem import Modem

DEFAULT_KEY_CS = 10  # AT+VTD in 10 ms; V.253 says 100, which no exchange minds either
_KEYS = re.compile(
    r"\{(?P<long>[0-9*#A-D]),(?P<cs>\d{1,4})\}|\[\d*,\d*,(?P<beep>\d{1,4})\]|(?P<key>[0-9*#A-D!])|,"
)
_DATA_WAIT_S = 50  # S7


def device_of(modem: Modem) -> Device:
    """Return the device behind a modem of these families."""
    if modem.fxo is None:
        raise TypeError(f"{modem.name} is no FXO modem")
    return modem.fxo


def _voice(modem: Modem) -> Device:
    """Return the device in voice mode; elsewhere the command is an error."""
    device = device_of(modem)
    if not device.in_voice:
        raise CommandError
    return device


def keep(
    table: Commands, name: str, default: str, pattern: str, test: str = "", *, voice: bool = True
) -> None:
    """Register a setting that is read back bare, and in voice mode only where that is so."""

    def handle(modem: Modem, request: Request) -> Reply:
        if voice:
            _voice(modem)
        if request.kind is Kind.READ:
            return info(modem.settings[name])
        if not re.fullmatch(pattern, request.text):
            raise CommandError
        modem.settings[name] = request.text
        return OK

    table.default(name, default)
    table.handlers[name] = handle
    table.tests[name] = test


COMMON = Commands()
COMMON.default("E", "1")
COMMON.default("+CMEE", "0")
COMMON.default("+FCLASS", "0")
COMMON.default("X", "4")
COMMON.default("S7", str(_DATA_WAIT_S))
COMMON.default("!4886", "")
COMMON.accept("L", "M", "B", "N", "W", "Y", "&C", "&D", "&G", "&K", "&Q", "&R", "&S", "&T", "&W")
COMMON.accept("+IFC", "+IPR", "+VIP", "+VPR", "+VNH", "+VDR")
keep(COMMON, "+VCID", "0", r"[01]", "(0-1)", voice=False)
keep(COMMON, "+GCI", "B5", r"[0-9A-F]{2}", "(00,0F,31,3C,42,57,59,73,7B,A5,B4,B5)", voice=False)
keep(COMMON, "+VGR", "128", r"\d{1,3}", "(0-255)")
keep(COMMON, "+VGT", "128", r"\d{1,3}", "(0-255)")
keep(COMMON, "+VRA", "50", r"\d{1,3}", "(0-255)")
keep(COMMON, "+VRN", "10", r"\d{1,3}", "(0-255)")
keep(COMMON, "+VTD", str(DEFAULT_KEY_CS), r"\d{1,3}", "(0-500)")
keep(COMMON, "+VIT", "0", r"\d{1,3}", "(0-255)")


@COMMON.on("E")
def echo(modem: Modem, request: Request) -> Reply:
    """ATE0 and ATE1."""
    modem.settings["E"] = "1" if request.text == "1" else "0"
    return OK


@COMMON.on("V", "Q")
def result_form(_modem: Modem, request: Request) -> Reply:
    """ATV1 and ATQ0 are what it does."""
    if request.text != {"V": "1", "Q": "0"}[request.name]:
        raise CommandError
    return OK


@COMMON.on("X")
def progress(modem: Modem, request: Request) -> Reply:
    """Choose whether it waits for a dial tone: 2 and 4 do."""
    if request.text not in tuple("01234"):
        raise CommandError
    modem.settings["X"] = request.text
    return OK


@COMMON.on("S")
def register(modem: Modem, request: Request) -> Reply:
    """Read or set a register; only S7 does anything."""
    place, value = request.arg(0), request.arg(1)
    if request.kind is Kind.READ:
        return info(f"{int(modem.settings.get(f'S{place}', 0)):03d}")
    modem.settings[f"S{place}"] = str(min(int(value or 0), 255))
    return OK


@COMMON.on("Z")
def reset(modem: Modem, _request: Request) -> Reply:
    """Hang up, every setting back to its default, no voice mode."""
    device_of(modem).reset()
    return OK


@COMMON.on("&F")
def defaults(modem: Modem, _request: Request) -> Reply:
    """Every setting back to its default; the hook stays as it is."""
    modem.restore_settings()
    return OK


@COMMON.on("I")
def identify(modem: Modem, request: Request) -> Reply:
    """Tell the product code, or with 3 the firmware."""
    chip = device_of(modem).chip
    return info(chip.firmware if request.text == "3" else chip.product)


@COMMON.on("+GMI", "+FMI")
def maker(modem: Modem, _request: Request) -> Reply:
    """Tell the maker."""
    return info(device_of(modem).chip.maker)


@COMMON.on("+GMM", "+FMM")
def model(modem: Modem, _request: Request) -> Reply:
    """Tell the model."""
    return info(modem.part.model or device_of(modem).chip.model)


@COMMON.on("+GMR", "+FMR")
def revision(modem: Modem, _request: Request) -> Reply:
    """Tell the firmware."""
    return info(device_of(modem).chip.firmware)


@COMMON.on("+FCLASS", test="0,1,1.0,2,8")
def service_class(modem: Modem, request: Request) -> Reply:
    """Choose data or voice; fax is not simulated."""
    if request.kind is Kind.READ:
        return info(modem.settings["+FCLASS"])
    refused = request.text == "8" and device_of(modem).refuses_voice
    if request.text not in ("0", "8") or refused:
        raise CommandError
    modem.settings["+FCLASS"] = request.text
    return OK


@COMMON.on("+VSM")
def sound_form(modem: Modem, request: Request) -> Reply:
    """Choose the form of sound; 8000 samples a second is the only rate."""
    device = _voice(modem)
    if request.kind is Kind.READ:
        return info(modem.settings["+VSM"])
    if request.arg(0) not in device.chip.formats or request.arg(1, "8000") != "8000":
        raise CommandError
    modem.settings["+VSM"] = request.text
    return OK


@COMMON.on("+VSD")
def silence_detection(modem: Modem, request: Request) -> Reply:
    """Choose after how many tenths of a second silence is told."""
    _voice(modem)
    if request.kind is Kind.READ:
        return info(modem.settings["+VSD"])
    if not re.fullmatch(r"\d{1,3},\d{1,3}", request.text):
        raise CommandError
    modem.settings["+VSD"] = request.text
    return OK


@COMMON.on("+VLS")
def hook(modem: Modem, request: Request) -> Reply:
    """Go off the hook or on it (V.253 clause 10.2.4)."""
    device = _voice(modem)
    if request.kind is Kind.READ:
        return info(str(int(device.loop.lifted)))
    if request.text not in ("0", "1"):
        raise CommandError
    (device.lift if request.text == "1" else device.put_down)()
    return OK


@COMMON.on("H")
def hang_up(modem: Modem, request: Request) -> Reply:
    """Go on the hook; ATH1 off it."""
    device = device_of(modem)
    (device.lift if request.text == "1" else device.put_down)()
    return OK


@COMMON.on("A")
def answer(modem: Modem, _request: Request) -> Reply:
    """Answer in voice mode; no other modem calls us."""
    device = device_of(modem)
    if not device.in_voice:
        return Reply(final="NO CARRIER")
    device.lift()
    return OK


@COMMON.on("D")
def dial(modem: Modem, request: Request) -> Reply:
    """Dial; ";", and AT+VRN=0 in voice mode, mean OK as soon as that is done."""
    device = device_of(modem)
    text = request.text.removesuffix(";")
    at_once = text != request.text or (device.in_voice and modem.settings["+VRN"] == "0")
    if not device.dialler.dial(text, await_answer=not at_once, done=modem.console.conclude):
        raise CommandError
    return WAIT


@COMMON.on("+VTS")
def keys(modem: Modem, request: Request) -> Reply:
    """Send DTMF, or beeps that nobody takes for a key (V.253 clause 10.1.5)."""
    device = _voice(modem)
    pieces = list(_KEYS.finditer(request.text))
    if not device.loop.lifted or "".join(piece[0] for piece in pieces) != request.text:
        raise CommandError
    default_s = int(modem.settings["+VTD"]) / 100
    device.dialler.send([_key(piece, default_s) for piece in pieces], modem.console.conclude)
    return WAIT


def _key(piece: re.Match[str], default_s: float) -> tuple[str, float]:
    if piece["long"]:
        return piece["long"], int(piece["cs"]) / 100
    if piece["beep"]:
        return "", int(piece["beep"]) / 100
    return piece["key"] or "", default_s if piece["key"] else 0.0


def _stream(mode: Mode) -> Handler:
    def handle(modem: Modem, request: Request) -> Reply:
        device = _voice(modem)
        if request.kind is not Kind.RUN or not device.loop.lifted:
            raise CommandError
        return Reply(final="CONNECT", after=lambda: device.stream.begin(mode))

    return handle


COMMON.handlers |= {"+VTX": _stream(Mode.TRANSMIT), "+VRX": _stream(Mode.RECEIVE)}

CONEXANT = Commands(COMMON)
CONEXANT.default("+VSM", "1,8000,0,0")
CONEXANT.default("+VSD", "0,50")
CONEXANT.tests |= {
    "+VSM": '0,"SIGNED PCM",8,0,8000,0,0\n1,"UNSIGNED PCM",8,0,8000,0,0',
    "+VSD": "(0-1),(0-255)",
    "+VLS": '0,"",B0000000,B0000000\n1,"T",0BC01800,0FE418C0',
}
CONEXANT.handlers["+VTR"] = _stream(Mode.DUPLEX)
CONEXANT.accept("-SCID", "-STE", "!4892")
CONEXANT.say("-PV", "-PV: 0")
keep(CONEXANT, "!4886", "00", r"0[0-5]", voice=False)

USR = Commands(COMMON)
USR.default("+VSM", "128,8000")
USR.default("+VSD", "128,50")
USR.tests |= {"+VSM": '128,"8-BIT LINEAR",8,0,8000,0,0', "+VSD": "(0-255),(0-255)"}
