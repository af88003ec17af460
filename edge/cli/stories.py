"""What the entries of the ledger tell, in the words of people."""

from edge.cli.words import left, money
from mqtt.messages import MoneyEvent
from mqtt.vocabulary import MoneyKind

CAUSES = {  # of a top-up's entry, and of a balance's
    "low_balance": "the balance is low",
    "expiry_near": "the balance expires soon",
    "bucket_ended": "a bucket has ended",
    "commanded": "it was asked for",
    "approved": "a person said yes",
    "declined": "a person said no, and nothing had left",
    "paid_by_hand": "a person paid",
    "code_leaves": "it has left for the carrier",
    "not_sent": "nothing left, for certain",
    "restarted": "the gateway stopped in the middle",
    "accepted": "the carrier took it",
    "credited": "the balance rose",
    "wrong_code": "the carrier says that the code is wrong",
    "already_used": "the carrier says that the code was used before",
    "refused": "the carrier refused it",
    "carrier_timed_out": "the carrier timed out, and may have taken it",
    "no_reply": "the carrier did not answer",
    "unclear": "the carrier's answer says neither yes nor no",
    "not_credited": "the balance did not rise",
    "judged_paid": "a person looked: it arrived",
    "judged_lost": "a person looked: it did not arrive",
    "no_credit": "the carrier says that no credit is left",
    "barred": "the carrier says that the SIM is barred",
}


def story(event: MoneyEvent) -> str:
    """What an entry tells besides its kind and amount."""
    parts = [
        event.topup_id,
        event.voucher,
        _cause(event.cause),
        event.message,
        f"expires {event.expires}" if event.expires else None,
        *(left(bucket) for bucket in event.buckets or ()),
        f"the carrier: {_one_line(event.text)}" if event.text else None,
    ]
    return ", ".join(part for part in parts if part)


def step(event: MoneyEvent) -> str:
    """What has just happened to a top-up, as a sentence."""
    cause = None if event.kind is MoneyKind.TOPUP_SENT else _cause(event.cause)
    told = (cause, event.message)
    because = ", ".join(part for part in told if part)
    amount = money(event.amount, event.currency)
    with_what = f" with {event.voucher}" if event.voucher else ""
    sentence = _STEPS[event.kind].format(
        topup=event.topup_id, line=event.line, amount=amount, voucher=with_what
    )
    words = f' The carrier: "{_one_line(event.text)}"' if event.text else ""
    return f"{sentence} ({because}).{words}" if because else f"{sentence}.{words}"


def balance(event: MoneyEvent) -> str:
    """What was told of a balance, as a sentence."""
    amount = money(event.amount, event.currency)
    expires = f"expires {event.expires}" if event.expires else None
    parts = [amount, expires, *(left(one) for one in event.buckets or ()), _cause(event.cause)]
    told = ", ".join(part for part in parts if part)
    if not told:
        told = f"unknown: {event.message or _one_line(event.text or 'nothing was told')}"
    return f"{event.line or event.sim}: {told}"


_STEPS = {
    MoneyKind.TOPUP_ASKED: (
        "{line} needs {amount}: pay it, then `trunkline topup --confirm {topup}`, "
        "or `--reject {topup}`"
    ),
    MoneyKind.TOPUP_RESERVED: "{topup}: {amount} is set aside for {line}{voucher}",
    MoneyKind.TOPUP_SENT: "{topup}: sent{voucher}, waiting for the carrier",
    MoneyKind.TOPUP_CONFIRMED: "{topup}: {line} got {amount}",
    MoneyKind.TOPUP_REJECTED: "{topup}: {line} got nothing",
    MoneyKind.TOPUP_UNKNOWN: (
        "{topup}: nobody knows yet whether {line} got {amount}; nothing is sent again, "
        "the balance or a person decides"
    ),
}


def _cause(code: str | None) -> str | None:
    return CAUSES.get(code, code) if code else None


def _one_line(text: str) -> str:
    return " ".join(text.split())
