"""The session with the broker: the one owner of connecting, and of connecting again.

The first failure is loud, repeats are quiet, recovery is logged with its duration. A broker that
speaks no MQTT 5 gets 3.1.1; one that refuses us is asked again slowly. QoS 1 throughout: commands
that were sent while the link was down wait in the persistent session.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from enum import StrEnum
from random import SystemRandom

import aiomqtt
from aiomqtt import ProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from config.models import Mqtt, MqttVersion
from mqtt import topics
from mqtt.link import Identity, Link, Outbound, Will
from mqtt.packets import Inbound
from mqtt.window import BrokerAway, PublishRefused, Window

__all__ = ["BrokerAway", "BrokerSession", "Inbound", "LinkState", "PublishRefused", "Will"]

log = logging.getLogger(__name__)

SESSION_EXPIRY_S = 24 * 3600  # as long as a command's answer is remembered
PAUSE_MIN_S, PAUSE_MAX_S = 0.5, 30.0
REFUSED_PAUSE_S = 30.0  # a person has to change something first
STEADY_S = 10.0  # a link that lasted longer proves that all is well
_SHORT = "; should it go on like that, another client uses our mqtt.client_id"
_FIRST = {
    MqttVersion.AUTO: ProtocolVersion.V5,
    MqttVersion.V5: ProtocolVersion.V5,
    MqttVersion.V311: ProtocolVersion.V311,
}
_OTHER = {
    ProtocolVersion.V5: ProtocolVersion.V311,
    ProtocolVersion.V311: ProtocolVersion.V5,
}
_REFUSALS = {  # MQTT 5 2.4; paho gives 3.1.1's codes as these
    0x85: "set another mqtt.client_id",
    0x86: "check mqtt.username and mqtt.password_file",
    0x87: "check mqtt.username, mqtt.password_file and the broker's ACL",
    0x8A: "it has banned us",
    0x8C: "it wants another way to log in",
    0x8E: "another client uses our mqtt.client_id",
}

_jitter = SystemRandom().uniform


class LinkState(StrEnum):
    """How it stands between us and the broker."""

    UP = "up"
    DOWN = "down"
    REFUSED = "refused"


OnCommand = Callable[[Inbound], None]
OnState = Callable[[LinkState, str], None]


class BrokerSession:
    """Publishes, and hands commands over; `run` connects for ever until it is cancelled.

    `on_command` and `on_state` are called on the loop and must be quick. `on_state` tells every
    change: UP after subscribing, DOWN or REFUSED with a sentence when the broker is not to be had.
    """

    def __init__(  # two of them for sessions other than the gateway's
        self,
        settings: Mqtt,
        gateway: str,
        will: Will | None,
        on_command: OnCommand,
        on_state: OnState,
        *,
        subscriptions: Sequence[str] | None = None,
        session_expiry_s: int = SESSION_EXPIRY_S,
    ) -> None:
        own = topics.Topics(gateway)
        self._settings = settings
        self._identity = Identity(
            settings.client_id or f"trunkline-{gateway}", session_expiry_s, will
        )
        self._subscriptions = [own.commands] if subscriptions is None else list(subscriptions)
        self._on_command = on_command
        self._on_state = on_state
        self._version = _FIRST[settings.version]
        self._window = Window()
        self._state: LinkState | None = None
        self._since = 0.0  # loop time at which the link came up, or was lost
        self._failures = 0

    @property
    def connected(self) -> bool:
        """Whether the broker takes messages now."""
        return self._state is LinkState.UP

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        correlation: bytes | None = None,
        expiry_s: int | None = None,
    ) -> asyncio.Future[None]:
        """Publish with QoS 1, in the order of the calls; done when the broker has it.

        The future fails with BrokerAway (publish again later) or PublishRefused (it never will).
        """
        done = asyncio.get_running_loop().create_future()
        self._window.add(Outbound(topic, payload, retain, correlation, expiry_s, done))
        return done

    async def run(self) -> None:
        """Keep a connection for ever; a cancelled run says goodbye to the broker, without will."""
        self._since = asyncio.get_running_loop().time()
        while True:
            try:
                await self._connect_once()
            except (aiomqtt.MqttError, OSError) as error:
                pause = self._failed(error)
            await asyncio.sleep(pause)

    async def _connect_once(self) -> None:
        """Connect, and stay until the link ends; raises what ended it."""
        link = Link(
            self._settings, self._version, self._identity, self._receive, self._window.acknowledged
        )
        try:
            await link.open()
            await link.listen(self._subscriptions)
            self._up(link)
            raise await link.closed()
        finally:
            link.hang_up()
            self._window.close("the link to the broker is gone")

    def _receive(self, inbound: Inbound) -> None:
        if inbound.retained:
            topic = topics.parse(inbound.topic)
            if topic is not None and topic.kind == topics.COMMAND:
                log.warning("ignored a retained command on %s: it is stale", inbound.topic)
                return
        self._on_command(inbound)

    def _up(self, link: Link) -> None:
        now = asyncio.get_running_loop().time()
        where = f"{self._settings.host}:{self._settings.port}"
        version = "5" if link.v5 else "3.1.1"
        log.info("MQTT %s to %s is up after %.1f s", version, where, now - self._since)
        self._since = now
        self._window.open(link)
        self._tell(LinkState.UP, f"MQTT {version} to {where}")

    def _failed(self, error: aiomqtt.MqttError | OSError) -> float:
        """Take note of a failure and give the pause before the next attempt, in seconds."""
        state, why = _classify(error)
        if was_up := self._state is LinkState.UP:
            why += self._lost()
        where = f"{self._settings.host}:{self._settings.port}"
        loud = logging.WARNING if state is not self._state else logging.DEBUG
        log.log(loud, "MQTT to %s: %s", where, why)
        self._tell(state, why)
        if state is LinkState.REFUSED:
            return REFUSED_PAUSE_S
        handshake_failed = isinstance(error, aiomqtt.MqttCodeError) and not was_up
        if handshake_failed and self._settings.version is MqttVersion.AUTO:
            self._version = _OTHER[self._version]
        self._failures += 1
        longest = min(PAUSE_MAX_S, PAUSE_MIN_S * 2.0 ** min(self._failures, 10))
        return _jitter(longest / 2, longest)

    def _lost(self) -> str:
        """Note that the link is gone; give a hint when it was a short one."""
        now = asyncio.get_running_loop().time()
        lasted, self._since = now - self._since, now
        if lasted < STEADY_S:
            return _SHORT
        self._failures = 0
        return ""

    def _tell(self, state: LinkState, why: str) -> None:
        changed = state is not self._state
        self._state = state
        if changed:
            self._on_state(state, why)


def _classify(error: aiomqtt.MqttError | OSError) -> tuple[LinkState, str]:
    """Say whether the broker refuses us or is not there, and what to do, in a sentence."""
    code = getattr(error, "rc", None)
    if isinstance(code, ReasonCode) and code.value in _REFUSALS:
        return LinkState.REFUSED, f"the broker refuses us ({code}): {_REFUSALS[code.value]}"
    if isinstance(code, ReasonCode):
        return LinkState.DOWN, f"no link to the broker: {code}"
    return LinkState.DOWN, f"no link to the broker: {error}"
