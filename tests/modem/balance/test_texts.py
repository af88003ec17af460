"""Every text of the table, and the shared ones where they are, by command as well."""

import json

import pytest
from typer.testing import CliRunner

from edge.cli.app import app
from tests.modem.balance.corpus import SHARED, Case, facts, own_cases, read, shared_rows


@pytest.mark.parametrize("case", own_cases(), ids=lambda case: f"{case.country} {case.text[:30]!r}")
def test_a_text_is_read_as_a_person_reads_it(case: Case) -> None:
    assert facts(read(case.text, case.country)) == case.facts


@pytest.mark.skipif(not SHARED.exists(), reason=f"no texts at {SHARED}")
def test_the_shared_texts_are_read_by_the_command() -> None:
    wrong = []
    for row in shared_rows():
        who = ["--carrier", row["carrier"], "--country", row["country"]]
        done = CliRunner().invoke(app, ["explain", "--balance", "--json", *who], input=row["reply"])
        told = json.loads(done.output)
        told["amount"] = told["amount"] and float(told["amount"])
        expected = {"expiry": None, "minutes_left": None, "sms_left": None, **row["expected"]}
        wrong += [(row["reply"], key) for key, fact in expected.items() if told[key] != fact]
    assert wrong == []


def explained(text: str, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["explain", "--balance", *arguments], input=text)
    assert done.exit_code == 0
    return done.output.strip()


def test_the_command_prints_one_object() -> None:
    text = "Main bal: N100.50, bonus N5.00, exp 12/12/2027.\n20 min and 1.5GB left"
    assert json.loads(explained(text, "--country", "ng", "--json")) == {
        "amount": "100.50",
        "currency": "NGN",
        "expiry": None,
        "valid_days": None,
        "minutes_left": 20,
        "sms_left": None,
        "data_left_mb": 1536,
        "buckets": [
            {"name": "minutes", "unit": "minutes", "value": 20, "currency": None, "expiry": None},
            {"name": "data", "unit": "data", "value": 1536, "currency": None, "expiry": None},
            {
                "name": "bonus",
                "unit": "money",
                "value": "5.00",
                "currency": "NGN",
                "expiry": "2027-12-12",
            },
        ],
        "no_credit": False,
        "barred": False,
        "unknown": False,
        "text": None,
    }


def test_the_command_says_it_in_words() -> None:
    text = "Bal: Ksh 5.50, exp 12/12/2027. Bonus: Ksh 2.00. 20 min, 5 SMS, 100 MB left"
    words = explained(text, "--country", "KE")
    assert words == "Balance 5.50 KES, until 2027-12-12, 20 minutes, 5 SMS, 100 MB, apart 2.00 KES"
    assert explained("50 SMS valid for 30 days") == "for 30 days, 50 SMS"
    assert explained("Try again later\n") == "Unknown: Try again later"


def test_the_carrier_alone_gives_the_currency() -> None:
    told = json.loads(explained("Saldo 12,50", "--carrier", "comviq", "--json"))
    assert (told["amount"], told["currency"]) == ("12.50", "SEK")


def test_the_text_is_kept_where_nothing_is_read() -> None:
    told = json.loads(explained("Service down (8)", "--country", "XX", "--json"))
    assert told["unknown"]
    assert told["text"] == "Service down (8)"
