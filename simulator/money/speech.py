"""A carrier's words about an account, as texts and as steps of a USSD dialogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator import gsm7
from simulator.money.dialect import Page
from simulator.money.parts import Unit
from simulator.scenario import UssdHow, UssdStep

if TYPE_CHECKING:
    from decimal import Decimal

    from simulator.clock import Clock
    from simulator.money.account import Account, Bundle
    from simulator.money.dialect import Dialect


class Speech:
    """Fills a dialect's texts in."""

    def __init__(self, dialect: Dialect, clock: Clock) -> None:
        self._dialect = dialect
        self._clock = clock

    def say(self, account: Account, text: str, **more: str | Decimal) -> str:
        """Put what is known of the account, and more, into a text."""
        told = {
            name: value if isinstance(value, str) else self._dialect.money(value)
            for name, value in {"balance": account.balance, **more}.items()
        }
        until, bundles = self._day(account.valid_until_s), self._bundles(account)
        return text.format(until=until, bundles=bundles, **told)

    def balance(self, account: Account) -> Page:
        """Tell the balance, and all that a menu below it could tell."""
        return self._filled(account, self._dialect.page)

    def step(self, page: Page) -> UssdStep:
        """Make a page a step of a dialogue, in the coding that its text needs."""
        return UssdStep(
            text=page.text,
            dcs=15 if gsm7.encodable(page.text) else 72,
            how=UssdHow.TWICE if self._dialect.released_first else UssdHow.REPLY,
            menu={choice: self.step(below) for choice, below in page.menu.items()},
        )

    def _filled(self, account: Account, page: Page) -> Page:
        menu = {choice: self._filled(account, below) for choice, below in page.menu.items()}
        return Page(text=self.say(account, page.text), menu=menu)

    def _bundles(self, account: Account) -> str:
        now = self._clock.now()
        return "".join(self._bundle(bundle) for bundle in account.bundles if bundle.alive(now))

    def _bundle(self, bundle: Bundle) -> str:
        texts = self._dialect.texts
        lines = {Unit.MINUTES: texts.minutes, Unit.SMS: texts.sms, Unit.DATA: texts.data}
        text = lines[bundle.part.unit]
        return text.format(left=int(bundle.told), until=self._day(bundle.ends_s))

    def _day(self, at_s: float | None) -> str:
        return self._dialect.day(None if at_s is None else self._clock.date(at_s))
