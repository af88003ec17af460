import re
from decimal import Decimal
from pathlib import Path

import pytest

from config.limits import Limits, Window, joined
from config.load import ConfigError, parse
from config.models import GatewayConfig

OFFICE = """
[limits]
max_call_s = 3600
max_minutes_day = 120
windows = [{ from = "20:00", to = "08:00", calls = 0 }]

[[plan]]
name = "office"
currency = "EUR"
first_s = 60
rates = [{ on_net = true, per_minute = 0.01 }, { countries = ["AT"], per_minute = "0.09" }]

[[plan.buckets]]
name = "pack"
minutes = 100
period = "days"
days = 30
since = 2026-11-01

[[sim]]
iccid = "8943051234567890123"
plan = "office"
[sim.limits]
max_minutes_day = 60
roaming = true

[[line]]
name = "desk-1"
limits = { max_calls_hour = 20 }

[[carrier]]
name = "a1-at"
[carrier.limits]
max_minutes_day = 600
"""


def read(text: str) -> GatewayConfig:
    return parse(text, GatewayConfig, "gateway.toml")


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return "; ".join(caught.value.problems)


def test_an_office_is_read() -> None:
    config = read(OFFICE)
    (plan,), (sim,) = config.plan, config.sim
    assert [rate.per_minute for rate in plan.rates] == [Decimal("0.01"), Decimal("0.09")]
    assert plan.buckets[0].days == 30
    assert sim.plan == "office"
    assert config.line[0].limits.max_calls_hour == 20
    assert config.carrier[0].limits.max_minutes_day == 600
    assert config.limits.windows[0].name == "20:00-08:00"


def test_the_example_of_the_manual_is_valid() -> None:
    manual = Path(__file__).parents[2] / "docs" / "limits.md"
    example = re.split(r"```(?:toml)?\n", manual.read_text())[1]
    assert read(example).sim[0].limits.max_minutes_day == 60


def test_a_sims_own_keys_go_before_those_of_all() -> None:
    config = read(OFFICE)
    limits = joined(config.limits, config.sim[0].limits)
    assert limits.max_minutes_day == 60
    assert limits.max_call_s == 3600
    assert limits.roaming
    assert limits.windows == config.limits.windows
    assert joined(config.limits, None) == config.limits
    assert not joined(Limits(roaming=True), Limits(roaming=False)).roaming


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ('windows = [{ from = "8:00", to = "12:00", calls = 1 }]', "limits.windows.0.from"),
        ('windows = [{ from = "08:00", to = "25:00", calls = 1 }]', "limits.windows.0.to"),
        ('windows = [{ from = "08:00", to = "08:00", calls = 1 }]', "from and to are the same"),
        ('windows = [{ from = "08:00", to = "12:00" }]', "a window needs minutes or calls"),
        ("max_minutes_day = -1", "limits.max_minutes_day = -1"),
        ("max_minutes_day = inf", "limits.max_minutes_day = inf"),
        ("billing_day = 32", "limits.billing_day = 32"),
        ("max_minute_day = 1", "did you mean max_minutes_day?"),
        ("rest_s = -2", "limits.rest_s = -2"),
    ],
)
def test_limits_that_make_no_sense(text: str, want: str) -> None:
    assert want in problem(f"[limits]\n{text}")


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("rates = [{ per_minute = 1 }]", "rates need the currency of the plan"),
        ('buckets = [{ name = "a" }]', "a bucket needs minutes or sms"),
        ('buckets = [{ name = "a", sms = 1, rollover_max = 1 }]', "rollover_max needs minutes"),
        ('buckets = [{ name = "a", sms = 1, period = "days" }]', "days and since go with"),
        ('buckets = [{ name = "a", sms = 1, days = 3 }]', "days and since go with"),
        ('buckets = [{ name = "a", sms = 1 }, { name = "a", sms = 2 }]', "the same name"),
        ('timezone = "Mars/Base"', "is no time zone"),
        ("first_s = 0", "plan.0.first_s = 0"),
    ],
)
def test_plans_that_make_no_sense(text: str, want: str) -> None:
    assert want in problem(f'[[plan]]\nname = "office"\n{text}')


@pytest.mark.parametrize("table", ["plan", "line", "carrier"])
def test_names_stand_once(table: str) -> None:
    assert f'{table}.name "a" stands twice' in problem(f'[[{table}]]\nname = "a"\n' * 2)


def test_a_sim_has_a_plan_that_there_is() -> None:
    found = problem('[[sim]]\niccid = "8943051234567890123"\nplan = "ofice"')
    assert 'sim 8943051234567890123 has the plan "ofice", which no [[plan]] has' in found


def test_a_window_may_end_with_the_day() -> None:
    window = Window.model_validate({"from": "20:00", "to": "24:00", "calls": 0})
    assert window.name == "20:00-24:00"
