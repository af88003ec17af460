"""Keeps a modem on an analogue line going: no SIM, no PIN, no network to register with.

Loaded with the first such modem: what it hears is judged by numpy.
"""

import asyncio
from functools import cache, partial
from typing import cast

import phonenumbers

from config.profiles import Profiles
from config.tones import Tones, load_tones
from config.voice import Fxo
from drivers.fxo.modem import FxoModem
from drivers.fxo.settings import LineSettings
from drivers.modem import Modem, ModemIdentity
from edge.keeper import PROBE_S, Keeper, Owner, Rung, Source
from edge.lines import Line
from edge.store import Store
from edge.tasks import Tasks
from edge.voice.progress import ProgressJudge
from modem.at.command import Command

INTERNATIONAL = "00"  # where no country says otherwise (ITU-T E.164)


class FxoKeeper(Keeper):
    """One modem on an analogue line; the line is ready when the modem is."""

    def __init__(
        self,
        source: Source,
        profiles: Profiles,
        owner: Owner,
        store: Store,
        fxo: Fxo,
        country: str | None,
    ) -> None:
        super().__init__(source, profiles, owner, store)
        self._settings = settings_of(fxo, country)

    def _make_modem(self, tasks: Tasks) -> Modem:
        profile = self.source.profile or self._profiles.generic
        modem = FxoModem(
            self.source.port,
            profile,
            self._settings,
            self._on_fact,
            tasks.spawn,
            baudrate=self.source.baudrate,
        )
        return cast("Modem", modem)  # it has all of it that a line without messages is asked for

    async def _start(self, modem: Modem, rung: Rung) -> ModemIdentity:
        await self._climb(rung, modem)
        identity = await modem.open()
        self._away = 0
        self._line = line = self._line_for_trouble()
        line.modem, line.trouble = modem, None
        self._owner.changed(line)
        await modem.attach()
        line.bind(modem, self.source.name, identity)
        self._owner.changed(line)
        return identity

    async def _watch(self, modem: Modem) -> None:
        """Ask an idle modem now and then whether it lives."""
        while True:
            await asyncio.sleep(PROBE_S)
            await modem.probe()

    async def _switch(self, rung: Rung, modem: Modem) -> None:
        if rung is Rung.RADIO:  # it has none
            await modem.knock(Command(modem.profile.reset))
        else:
            await super()._switch(rung, modem)

    def _line_for_trouble(self) -> Line:
        line = self._owner.line_of_fxo(self.source.name)
        line.modem_name = self.source.name
        return line


def settings_of(fxo: Fxo, country: str | None) -> LineSettings:
    """What the owner and the country say of a line; raises ConfigError for damaged tones."""
    tones = _tones().of(country)
    return LineSettings(
        register=tones.caller_id.cx93001,
        prefix=fxo.prefix,
        pulse=fxo.pulse,
        judge=partial(ProgressJudge, tones, fxo.answer_by, fxo.disconnect_tone),
        dialable=partial(dialable, country=country),
    )


@cache
def _tones() -> Tones:
    return load_tones()


def dialable(number: str, *, country: str | None) -> str:
    """The digits that an exchange of `country` wants for an E.164 number or a short code."""
    if not number.startswith("+"):
        return number
    if country is None:
        return INTERNATIONAL + number[1:]
    parsed = phonenumbers.parse(number)
    text = phonenumbers.format_out_of_country_calling_number(parsed, country)
    return "".join(letter for letter in text if letter in "0123456789")
