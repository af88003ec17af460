"""Who plays which part: a SIM that is topped up, one that reaches its limit, one with minutes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import simulator
from edge.demo.options import Options
from simulator import Scenario

PREPAID, LIMITED, OFFICE = "prepaid", "limited", "office"  # the lines of the first SIMs
PROFILE = "de-congstar"  # of the scenario's carrier
KEPT, TOPUP = "20.00", "30.00"  # EUR: what the rule keeps on the prepaid SIM, and a voucher
SPENDING = 2  # answered calls that bring the prepaid SIM below KEPT
MOST = 3  # calls a day of the limited line
PLACE = Path(simulator.__file__).parent / "scenarios" / "demo.toml"

_PLANS = """
[[plan]]
name = "prepaid"
currency = "EUR"
first_s = 60
next_s = 60
rates = [{ per_minute = "0.09" }]

[[plan]]
name = "office"
currency = "EUR"
rates = [{ per_minute = "0.09" }]
buckets = [{ name = "all-net", minutes = 100 }]
"""
_RULE = f"""
[[topup]]
sims = ["{{sim}}"]
amount = "{TOPUP}"
below = "{KEPT}"
per_day = "90.00"
per_month = "90.00"
min_gap_s = 60
"""


@dataclass(frozen=True, slots=True)
class Cast:
    """`sims`: ICCIDs by line; `named`: how many calls ask for a line; `vouchers`: a file of them.

    `bills_alike`: no call is longer here than the first billing step. `left_out` says what these
    lines and calls cannot show.
    """

    sims: Mapping[str, str]
    named: Mapping[str, int]
    vouchers: str
    bills_alike: bool
    left_out: tuple[str, ...]

    @property
    def prepaid(self) -> list[str]:
        """The lines whose calls cost money."""
        return [line for line in (PREPAID, LIMITED) if line in self.sims]

    def tables(self) -> str:
        """The plans, SIMs and rule of gateway.toml."""
        sims = (_sim(line, iccid, self.named) for line, iccid in self.sims.items())
        return "".join((_PLANS, *sims, _RULE.format(sim=self.sims[PREPAID])))


def _sim(line: str, iccid: str, named: Mapping[str, int]) -> str:
    plan = "office" if line == OFFICE else "prepaid"
    limit = f"limits = {{ max_calls_day = {MOST} }}\n" if line == LIMITED and line in named else ""
    return f'\n[[sim]]\niccid = "{iccid}"\nline = "{line}"\nplan = "{plan}"\n{limit}'


def choose_cast(options: Options) -> Cast:
    """Give the parts to the first SIMs of the scenario, as far as lines and calls go."""
    scenario = Scenario.load(PLACE)
    iccids = [modem.sims[0].iccid for modem in scenario.with_lines(options.lines).lines()]
    vouchers = (part.code for carrier in scenario.carriers for part in carrier.vouchers)
    named, left_out = _parts(options)
    return Cast(
        dict(zip((PREPAID, LIMITED, OFFICE), iccids, strict=False)),
        named,
        "\n".join(vouchers),
        options.speed >= 1,
        tuple(left_out),
    )


def _parts(options: Options) -> tuple[dict[str, int], list[str]]:
    named: dict[str, int] = {}
    left_out: list[str] = []
    if options.calls >= SPENDING:
        named[PREPAID] = SPENDING
    else:
        left_out.append(f"no top-up: it takes {SPENDING} calls")
    if options.lines == 1:
        left_out.append("no limit: it takes two lines, one that stops and one that takes over")
    elif options.calls < SPENDING + MOST + 1:
        left_out.append(f"no limit: it takes {SPENDING + MOST + 1} calls")
    else:
        named[LIMITED] = MOST + 1
    return named, left_out
