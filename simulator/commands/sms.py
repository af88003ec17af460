"""Short messages in PDU mode (27.005)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from simulator import pdu
from simulator.at import OK, WAIT, CommandError, Commands, Kind, Reply, Request, cms, info
from simulator.commands.sim import open_card
from simulator.sim_card import Status, Store, Stored

if TYPE_CHECKING:
    from simulator.modem import Modem

COMMANDS = Commands()
COMMANDS.keep("+CMGF", "0", r"0", "(0)")
COMMANDS.keep("+CMMS", "0", r"[012]", "(0-2)")
COMMANDS.keep("+CSMP", "17,167,0,0", r"[0-9]*(,[0-9]*){0,3}")
COMMANDS.keep("+CSDH", "0", r"[01]", "(0,1)")
COMMANDS.keep("+CSCB", "0", r"[01].*")
COMMANDS.default("+CSMS", "0")
COMMANDS.default("+CNMI", "0,0,0,0,0")

_FAILED_PARAMETER, _NO_SERVICE, _INVALID_INDEX, _NO_ACK_EXPECTED = 304, 331, 321, 340
_MAX_TPDU = 176  # octets: 164 of a SUBMIT at its longest, and some
_DELETE = {  # <delflag> of 27.005 clause 3.5.4
    "1": (Status.READ,),
    "2": (Status.READ, Status.SENT),
    "3": (Status.READ, Status.SENT, Status.UNSENT),
    "4": tuple(Status),
}


@COMMANDS.on("+CSMS", test="(0,1)")
def service(modem: Modem, request: Request) -> Reply:
    """Choose phase 2 or 2+; in 2+ a +CMT must be acknowledged (clause 3.2.1)."""
    if request.kind is Kind.READ:
        return info(f"+CSMS: {modem.settings['+CSMS']},1,1,1")
    if request.text not in ("0", "1"):
        raise cms(_FAILED_PARAMETER)
    modem.settings["+CSMS"] = request.text
    return info("+CSMS: 1,1,1")


@COMMANDS.on("+CNMI", test="(0-2),(0-3),(0,2),(0-2),(0,1)")
def routing(modem: Modem, request: Request) -> Reply:
    """Choose how new messages and reports are told (clause 3.4.1)."""
    if request.kind is Kind.READ:
        return info(f"+CNMI: {modem.settings['+CNMI']}")
    if not re.fullmatch(r"[0-3](,[0-3](,[0-3](,[0-2](,[01])?)?)?)?", request.text):
        raise cms(_FAILED_PARAMETER)
    given = request.text.split(",")
    modem.settings["+CNMI"] = ",".join(given + ["0"] * (5 - len(given)))
    return Reply(after=modem.inbox.flush)


@COMMANDS.on("+CSCA")
def service_centre(modem: Modem, request: Request) -> Reply:
    """Tell the service centre's number; another is accepted and not used."""
    if request.kind is Kind.SET:
        return OK
    open_card(modem)
    return info(f'+CSCA: "{modem.network.part.smsc}",145')


@COMMANDS.on("+CPMS", test=",".join(['("SM","ME","SR")'] * 3))
def storages(modem: Modem, request: Request) -> Reply:
    """Choose the storages, tell how full they are (clause 3.2.2)."""
    open_card(modem)
    chosen = [name.upper() for name in request.args]
    if request.kind is Kind.SET and any(name not in modem.dialect.storages for name in chosen):
        raise cms(_FAILED_PARAMETER)
    if request.kind is Kind.SET:
        modem.inbox.selected[: len(chosen)] = chosen
    named = request.kind is Kind.READ
    fields = [_fill(modem, name, named=named) for name in modem.inbox.selected]
    return info("+CPMS: " + ",".join(fields))


def _fill(modem: Modem, name: str, *, named: bool) -> str:
    store = modem.inbox.store(name)
    used, capacity = (store.used, store.capacity) if store else (0, 0)
    return f'"{name}",{used},{capacity}' if named else f"{used},{capacity}"


def _read_store(modem: Modem) -> Store:
    open_card(modem)
    store = modem.inbox.store(modem.inbox.selected[0])
    if store is None:
        raise cms(_FAILED_PARAMETER)
    return store


def _stored(modem: Modem, index: str) -> tuple[Store, Stored]:
    store = _read_store(modem)
    message = store.slots.get(int(index)) if index.isdigit() else None
    if message is None:
        raise cms(_INVALID_INDEX)
    return store, message


@COMMANDS.on("+CMGL", test="(0-4)")
def list_messages(modem: Modem, request: Request) -> Reply:
    """List messages of one status, or all (clause 3.4.2); unread ones become read."""
    wanted = request.arg(0, "0")
    if wanted not in ("0", "1", "2", "3", "4"):
        raise cms(_FAILED_PARAMETER)
    lines: list[str] = []
    for index, message in sorted(_read_store(modem).slots.items()):
        if int(wanted) in (Status.ALL, message.status):
            head = f"+CMGL: {index},{message.status.value},,{message.tpdu_length}"
            lines += [head, _read(message)]
    return info(*lines)


@COMMANDS.on("+CMGR")
def read_message(modem: Modem, request: Request) -> Reply:
    """Read one message (clause 3.4.3)."""
    _, message = _stored(modem, request.arg(0))
    return info(f"+CMGR: {message.status.value},,{message.tpdu_length}", _read(message))


def _read(message: Stored) -> str:
    if message.status is Status.UNREAD:
        message.status = Status.READ
    return message.pdu.hex().upper()


@COMMANDS.on("+CMGD", test="(1-255),(0-4)")
def delete_message(modem: Modem, request: Request) -> Reply:
    """Delete one message or all of some kinds (clause 3.5.4); the network may go on."""
    store = _read_store(modem)
    if statuses := _DELETE.get(request.arg(1)):
        store.slots = {at: kept for at, kept in store.slots.items() if kept.status not in statuses}
    else:
        index = request.arg(0)
        if not index.isdigit() or not 1 <= int(index) <= store.capacity:
            raise cms(_INVALID_INDEX)
        store.slots.pop(int(index), None)
    store.blocked = False
    return Reply(after=modem.inbox.flush)


@COMMANDS.on("+CNMA")
def acknowledge(modem: Modem, _request: Request) -> Reply:
    """Acknowledge a +CMT or +CDS (clause 3.4.4)."""
    if not modem.inbox.acknowledge():
        raise cms(_NO_ACK_EXPECTED)
    return Reply(after=modem.inbox.flush)


@COMMANDS.on("+CMGS")
def send(modem: Modem, request: Request) -> Reply:
    """Prompt for a PDU of so many octets and send it (clause 4.3)."""
    open_card(modem)
    if not request.text.isdigit() or not 0 < int(request.text) <= _MAX_TPDU:
        raise cms(_FAILED_PARAMETER)
    if not modem.radio.registered:
        raise cms(_NO_SERVICE)
    length = int(request.text)
    modem.console.prompt(lambda body: _send_body(modem, body, length))
    return WAIT


def _send_body(modem: Modem, body: str | None, length: int) -> None:
    if body is None:
        modem.console.conclude("OK")
        return
    try:
        reference = _submit(modem, body, length)
    except CommandError as error:
        modem.console.conclude(error.final(modem.settings["+CMEE"]))
        return
    modem.console.conclude("OK", f"+CMGS: {reference}")


def _submit(modem: Modem, body: str, length: int) -> int:
    """Hand the SUBMIT to the network and return its reference."""
    card = modem.card
    if card is None:
        raise cms(_NO_SERVICE)
    try:
        tpdu = pdu.skip_smsc(bytes.fromhex(body.strip()))
        submit = pdu.read_submit(tpdu)
    except ValueError as error:
        raise cms(_FAILED_PARAMETER) from error
    if len(tpdu) != length:
        raise cms(_FAILED_PARAMETER)
    if cause := modem.network.money.refuses_sms(card.number, submit.destination):
        raise cms(cause)
    reference = modem.inbox.next_reference()
    modem.network.centre.submit(card.number, submit, reference)
    return reference
