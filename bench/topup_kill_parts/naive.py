"""Two ways in which a script tops up, killed as often as the gateway, in virtual time.

"sends, then notes": the code is sent, and what the carrier said is noted; a code without a note is
sent again. "notes, then sends": the code is struck off the list, then sent, and that was it. Each
note is on disk at once and for good. The carriers are the same, those of them that use USSD.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, cast

from bench.topup_kill_parts.scenario import Kiosk, scenario
from bench.topup_kill_parts.truth import Truth
from config.carriers import load_carriers
from edge.money.courier import words_of
from edge.money.judge import judge_reply
from edge.money.saga import Event
from edge.money.vouchers import VoucherState
from simulator.clock import Clock, draw
from simulator.money.account import Account
from simulator.network import Network
from simulator.scenario import UssdHow

# Simulated seconds.
MODEM_S = 0.1  # from the decision until the code is on its way
COMMIT_S = 0.1  # from the answer until it is noted
ANSWER_S = 60.0  # until no answer is believed to come
PAUSE_S = (0.0, 14.0)  # of a line, between two top-ups
TRIES = 3  # of a code that is not answered
END_S = 300.0  # that the last top-ups get

Steps = Generator[float, None, None]


class Hours:
    """A loop in virtual time, as far as the simulator's clock needs one."""

    def __init__(self) -> None:
        self._now = 0.0
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0

    def time(self) -> float:
        return self._now

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> None:
        self._count += 1
        heapq.heappush(self._due, (self._now + delay_s, self._count, callback))

    def run_until(self, at_s: float) -> None:
        while self._due and self._due[0][0] <= at_s:
            self._now, _, callback = heapq.heappop(self._due)
            callback()
        self._now = at_s


@dataclass(slots=True)
class Script:
    """Lines that top up; `notes` is what is on disk, everything else dies in a kill."""

    notes_first: bool
    network: Network
    kiosk: Kiosk
    random: Random
    notes: dict[str, VoucherState] = field(default_factory=dict)
    begun: int = 0
    closing: bool = False
    _taken: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[Steps]:
        """Begin with nothing but the notes: what each line does, as seconds to wait."""
        self._taken.clear()
        for account in self.network.money.accounts.values():
            if self.network.money.carriers[account.part.carrier].dialect.recharge.ussd:
                yield self._top_up(account)

    def _top_up(self, account: Account) -> Steps:
        while not self.closing:
            yield draw(PAUSE_S, self.random)
            code = self._take(account.part.carrier)
            self.begun += 1
            if self.notes_first:
                self.notes[code] = VoucherState.USED
                yield from self._send(account, code)
            else:
                yield from self._insist(account, code)

    def _take(self, carrier: str) -> str:
        while True:
            for card in self.kiosk.sold:
                free = card.code not in self.notes and card.code not in self._taken
                if free and card.carrier == carrier:
                    self._taken.add(card.code)
                    return card.code
            self.kiosk.sell(4)

    def _insist(self, account: Account, code: str) -> Steps:
        for _ in range(TRIES):
            event = yield from self._send(account, code)
            if event in _ANSWERS:
                break
        yield COMMIT_S
        self.notes[code] = VoucherState.USED if event is Event.ACCEPTED else VoucherState.SPOILED

    def _send(self, account: Account, code: str) -> Generator[float, None, Event]:
        """Redeem by USSD; gives what the answer says, NO_REPLY where none comes."""
        yield MODEM_S
        carrier = self.network.money.carriers[account.part.carrier]
        ussd = carrier.dialect.recharge.ussd.format(code=code)
        step = carrier.services.dialled(account, ussd)
        delay_s = draw(step.delay_s, self.random) if step else ANSWER_S
        if step is None or step.how is UssdHow.SILENCE or delay_s >= ANSWER_S:
            yield ANSWER_S
            return Event.NO_REPLY
        yield delay_s
        return judge_reply([step.text], _WORDS[carrier.part.name])


_ANSWERS = frozenset({Event.ACCEPTED, Event.ALREADY_USED, Event.WRONG_CODE, Event.REFUSED})
_WORDS = {name: words_of(profile) for name, profile in load_carriers().by_name.items()}


@dataclass(frozen=True, slots=True)
class Rival:
    """What a script left: its notes on all codes, the carriers' truth, and how much of it."""

    states: dict[str, VoucherState]
    truth: Truth
    begun: int
    kills: int


def play(*, notes_first: bool, topups: int, lines: int, life_s: float) -> Rival:
    """Run a script until so many top-ups are begun; kills are `life_s` apart on the average."""
    random, hours = Random(1), Hours()  # noqa: S311 - repeatable
    network = Network(scenario(lines, 1), Clock(cast("Any", hours), 1.0))
    script = Script(notes_first, network, Kiosk(network.money, random), random)
    truth, lives = Truth(network), Counter({"now": 0})

    def resume(steps: Steps, life: int) -> None:
        wait_s = next(steps, None) if life == lives["now"] else None
        if wait_s is not None:
            hours.call_later(wait_s, partial(resume, steps, life))

    def restart() -> None:
        lives["now"] += 1
        for steps in script.lines():
            resume(steps, lives["now"])

    restart()
    while script.begun < topups:
        hours.run_until(hours.time() + random.expovariate(1 / life_s))
        restart()
    script.closing = True
    hours.run_until(hours.time() + END_S)
    states = {c.code: script.notes.get(c.code, VoucherState.FREE) for c in script.kiosk.sold}
    return Rival(states, truth, script.begun, lives["now"] - 1)
