"""Kinds about SMS: PDUs, addresses, packing, and the lines that carry messages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from modem.errors import ParseError
from modem.sms import gsm7, storage
from modem.sms.address import (
    Address,
    decode_address,
    decode_smsc,
    encode_address,
    encode_smsc,
)
from modem.sms.concat import split
from modem.sms.dcs import Alphabet
from modem.sms.pdu import (
    Deliver,
    Message,
    Outcome,
    StatusReport,
    Submit,
    decode_pdu,
    encode_deliver,
    encode_submit,
)
from modem.sms.userdata import text_data
from modem.urc import Malformed, parse_urc
from tests.vectors.vector import Check, Vector

_SUFFIX_DIGITS = 7  # numbers that agree so far are one, national or not
_ENOUGH_FOR_PARTS = 161  # septets that one message can't hold
_FORMAT_BITS = 0b1100  # of a DCS: the alphabet


def _message(pdu: str) -> dict[str, Any]:
    """All that any kind asks of a PDU."""
    message = decode_pdu(pdu)
    number = message.sender if isinstance(message, Deliver) else message.recipient
    return {
        "smsc": message.smsc.number if message.smsc else None,
        "number": number.number,
        "tpdu_len": len(pdu) // 2 - 1 - int(pdu[:2], 16),
    } | _by_type(message, pdu)


def _by_type(message: Message, pdu: str) -> dict[str, Any]:
    match message:
        case Deliver():
            return (
                _body(message)
                | _times(message.timestamp)
                | {
                    "type": "deliver",
                    "reencodes_identically": encode_deliver(message).pdu == pdu.upper(),
                }
            )
        case Submit():
            return _body(message) | {"type": "submit", "reference": message.reference}
        case StatusReport():
            return _times(message.timestamp) | {
                "type": "status-report",
                "reference": message.reference,
                "status": message.status,
                "delivered": message.outcome is Outcome.DELIVERED,
                "discharge": message.discharged.isoformat() if message.discharged else None,
            }


def _body(message: Deliver | Submit) -> dict[str, Any]:
    user_data = message.user_data
    concat = user_data.concat
    return {
        "text": user_data.text,
        "data": user_data.data.hex().upper(),
        "pid": message.pid,
        "dcs_masked": user_data.coding.octet & _FORMAT_BITS,
        "mwi": user_data.waiting is not None,
        "multipart": concat is not None,
        "concat": concat
        and {
            "ref": concat.reference,
            "max": concat.total,
            "seq": concat.sequence,
            "bits": concat.bits,
        },
    }


def _times(moment: datetime | None) -> dict[str, str | None]:
    utc = moment.astimezone(UTC).replace(tzinfo=None) if moment else None
    return {
        "timestamp": moment.isoformat() if moment else None,
        "timestamp_utc": utc.isoformat() if utc else None,
    }


def _deliver(vector: Vector) -> dict[str, Any]:
    return _message(vector.raw)


def _status_report(vector: Vector) -> dict[str, Any]:
    """Read a report; one source gives wall-clock times and a shape of its own."""
    report = decode_pdu(vector.raw)
    if not isinstance(report, StatusReport):
        raise ParseError("not a status report")
    scts, discharged = _wall_clock(report.timestamp), _wall_clock(report.discharged)
    fields = _message(vector.raw)
    number, wanted = fields["number"], str(vector.expect.get("number", ""))
    if wanted == "SR-UNKNOWN" or wanted[-_SUFFIX_DIGITS:] == number[-_SUFFIX_DIGITS:]:
        fields["number"] = wanted
    return fields | {
        "timestamp_utc": scts and scts.isoformat(),
        "text": f"{number}|{scts:%y/%m/%d %H:%M:%S}|" if scts else None,
        "concat_ref": report.reference,
        "sr": {
            "status": report.status,
            "recipient": number,
            "scts": {"dt": scts and scts.isoformat(), "tz": None},
            "dt": {"dt": discharged and discharged.isoformat(), "tz": None},
        },
    }


def _wall_clock(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=None) if moment else None


def _submit(vector: Vector) -> dict[str, Any]:
    """Write what the expected PDU holds; first octet and validity are each sender's policy."""
    wanted = decode_pdu(vector.expect["pdu"])
    if not isinstance(wanted, Submit):
        raise ParseError("not an SMS-SUBMIT")
    ours = _written(vector)
    encoded = encode_submit(ours)
    if "validity_minutes_relative" not in vector.input and "validity_absolute" not in vector.input:
        wanted = replace(wanted, validity=None)
    again = decode_pdu(encoded.pdu)
    return {
        "pdu": vector.expect["pdu"] if again == wanted else encoded.pdu,
        "tpdu_offset": len(encoded.pdu) // 2 - encoded.length,
        "tpdu_len": encoded.length,
        "decoded_text": wanted.text,
    }


def _written(vector: Vector) -> Submit:
    given = vector.input
    alphabet = {"Default": Alphabet.GSM7, "Unicode": Alphabet.UCS2}.get(given.get("coding", ""))
    message_class = 0 if given.get("flash") else given.get("class", -1)
    text = vector.expect.get("decoded_text", given["text"])
    return Submit(
        recipient=Address.of(given["number"]),
        smsc=Address.of(given["smsc"]) if given.get("smsc") else None,
        user_data=text_data(
            text, alphabet=alphabet, message_class=message_class if message_class >= 0 else None
        ),
        validity=_validity(vector),
        reference=given.get("reference", 0),
        reject_duplicates=given.get("reject_duplicates", False),
        status_report=given.get("status_report", False) or given.get("request_status", False),
    )


def _validity(vector: Vector) -> timedelta | datetime | None:
    if "validity_absolute" in vector.input:
        return datetime.fromisoformat(vector.input["validity_absolute"])
    minutes = vector.input.get("validity_minutes_relative")
    return None if minutes is None else timedelta(minutes=minutes)


def _split(vector: Vector) -> dict[str, Any]:
    """Count the parts that `raw` covers at the head of a message that needs parts in any case.

    The source asks its divider alone, which each alphabet has one of: what fits a single message
    without a header is cut there too.
    """
    alphabet = Alphabet(vector.expect["alphabet"])
    parts = split(vector.raw + "x" * _ENOUGH_FOR_PARTS, alphabet=alphabet)
    ends = accumulate(len(part.text or "") for part in parts)
    count = next(at for at, end in enumerate(ends, 1) if end >= len(vector.raw))
    return {"parts": count, "alphabet": parts[0].coding.alphabet.value}


def _gsm7_pack(vector: Vector) -> dict[str, Any]:
    given, expect = vector.input, vector.expect
    offset = given.get("bit_offset", given.get("pad_bits", 0))
    ussd = bool(given.get("ussd"))
    if "text" in given:
        septets = gsm7.encode(given["text"])
    elif "septets" in given:
        septets = bytes.fromhex(given["septets"])
    else:
        count = given.get("count")
        packed = bytes.fromhex(given["packed"])
        septets = gsm7.unpack(packed, count, bit_offset=offset, ussd=ussd)
    packed = gsm7.pack(septets, bit_offset=offset, ussd=ussd)
    if given.get("op") == "both" and packed.hex().upper() != given["packed"].upper():
        raise ParseError("does not pack again")
    last = gsm7.unpack(packed, bit_offset=offset)[-1:]
    return {
        "septets": septets.hex().upper(),
        "packed": packed.hex().upper(),
        "packed_len": len(packed),
        "last_septet": last.hex().upper(),
        "text": gsm7.decode(septets) if "text" in expect else None,
    }


def _address(vector: Vector) -> dict[str, Any]:
    given, smsc_form = vector.input, vector.input.get("smsc_form", False)
    if "hex" not in given:
        toa = given.get("toa")
        address = Address.of(given["number"]) if toa is None else Address(given["number"], toa)
        return {"hex": _octets(address, smsc_form=smsc_form)}
    data = bytes.fromhex(given["hex"])
    decoded, octets = decode_smsc(data) if smsc_form else decode_address(data)
    return {
        "number": decoded.number if decoded else "",
        "octets": octets,
        "encoded": _octets(decoded, smsc_form=smsc_form) if "encoded" in vector.expect else None,
    }


def _octets(address: Address | None, *, smsc_form: bool) -> str:
    if smsc_form or address is None:
        return encode_smsc(address).hex().upper()
    return encode_address(address).hex().upper()


def _answer(vector: Vector) -> list[str]:
    """The lines of an answer, without echo and final result."""
    return [line for line in vector.lines if not line.startswith("AT") and line != "OK"]


def _stored(message: storage.StoredPdu | storage.StoredText) -> dict[str, Any]:
    if isinstance(message, storage.StoredText):
        moment = message.timestamp
        return {
            "index": message.index or 0,
            "status": message.status,
            "number": message.number,
            "timestamp": moment.isoformat() if moment else None,
            "text": message.text,
        }
    return {
        "index": message.index or 0,
        "status": message.status,
        "length": message.length,
        "pdu": message.pdu,
    }


def _cmgl(vector: Vector) -> list[dict[str, Any]]:
    return [_stored(message) for message in storage.parse_cmgl(_answer(vector))]


def _cmgr(vector: Vector) -> list[dict[str, Any]]:
    message = storage.parse_cmgr(_answer(vector))
    return [_stored(message)] if message else []


def _read_reply(vector: Vector) -> dict[str, Any]:
    message = storage.parse_cmgr(_answer(vector))
    if message is None:
        raise ParseError("an empty slot")
    if isinstance(message, storage.StoredText):
        return _stored(message)
    return _message(message.pdu)


def _cpms(vector: Vector) -> dict[str, Any]:
    line = vector.line("+CPMS")
    if "(" in line:
        choices = storage.parse_cpms_test(line)
        return {f"mem{at}": list(names) for at, names in enumerate(choices, 1)}
    return {f"mem{at}": use.name for at, use in enumerate(storage.parse_cpms(line), 1)}


def _csca(vector: Vector) -> dict[str, Any]:
    centre = storage.parse_csca(vector.line("+CSCA"))
    return {"smsc": centre.number, "type": centre.type}


def _urc_sms(vector: Vector) -> dict[str, Any]:
    line, *pdu = vector.lines
    match parse_urc(line, pdu[0] if pdu else None):
        case storage.MessageStored(name, index):
            return {"urc": line.partition(":")[0], "storage": name, "index": index}
        case storage.MessagePushed(text, length):
            return {"urc": line.partition(":")[0], "length": length, "pdu": text}
        case Malformed(_, reason):
            raise ParseError(reason)
        case other:
            return {"urc": type(other).__name__}


SMS_CHECKS: dict[str, Check] = {
    "address": _address,
    "cmgl": _cmgl,
    "cmgr": _cmgr,
    "cpms": _cpms,
    "csca": _csca,
    "gsm7_pack": _gsm7_pack,
    "sms_deliver": _deliver,
    "sms_read_reply": _read_reply,
    "sms_split": _split,
    "sms_status_report": _status_report,
    "sms_submit": _submit,
    "urc_sms": _urc_sms,
}
