"""A gateway that answers commands with what the contract says, and repeats itself as it may."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from config.models import Mqtt
from mqtt import topics
from mqtt.messages import (
    AnyCommand,
    CallEvent,
    Cdr,
    Dial,
    Event,
    Reply,
    Sms,
    Snapshot,
    Sync,
    Ussd,
    UssdEvent,
)
from mqtt.parsing import Refusal, parse_command
from mqtt.session import BrokerSession, Inbound, LinkState
from mqtt.vocabulary import (
    AnswerEvidence,
    CallState,
    Cause,
    Direction,
    HangupBy,
    Reason,
    Result,
    UssdState,
)
from tests.brokers import Broker

STATES = (CallState.DIALING, CallState.ALERTING, CallState.ANSWERED, CallState.ENDED)


class FakeGateway:
    """Accepts calls to any number but +0, plays their states at once, and sends each fact twice."""

    def __init__(self, broker: Broker, name: str) -> None:
        self.commands: list[AnyCommand] = []
        self.up = asyncio.Event()
        self.session = BrokerSession(
            Mqtt(host="127.0.0.1", port=broker.port), name, None, self._on_command, self._on_state
        )
        self._topics = topics.Topics(name)
        self._seq = 0

    def _on_state(self, state: LinkState, why: str) -> None:  # noqa: ARG002  # the callback's shape
        if state is LinkState.UP:
            self.up.set()

    def _on_command(self, inbound: Inbound) -> None:
        command = parse_command(inbound.verb, inbound.payload)
        if isinstance(command, Refusal):
            raise TypeError(command.message)
        self.commands.append(command)
        match command:
            case Dial(to="+0"):
                self._reply(command, Result.REFUSED, reason=Reason.BAD_NUMBER, message="No.")
            case Dial():
                self._reply(command, call_id="c-1")
                self._call(command)
            case Sms():
                self._reply(command, sms_id="s-1")
            case Ussd():
                self._reply(command, session_id="u-1")
                self._tell(topics.USSD, self._ussd(command))
            case Sync():
                data = Snapshot(boot_id="b", seq=self._seq, lines=[], calls=[])
                self._reply(command, Result.DONE, data=data)
            case _:
                self._reply(command, Result.DONE)

    def _reply(self, command: AnyCommand, result: Result = Result.ACCEPTED, **fields: Any) -> None:
        reply = Reply(
            gateway=self._topics.gateway,
            ts=datetime.now(UTC),
            id=command.id,
            verb=command.verb,
            result=result,
            **fields,
        )
        self.session.publish(command.reply_to or self._topics.of(topics.REPLY), reply.encode())

    def _call(self, command: Dial) -> None:
        for number, state in enumerate(STATES, start=1):
            self._tell(topics.CALL, self._state(command, number, state), "c-1")
        self._tell(topics.CDR, self._cdr(command))

    def _tell(self, kind: str, event: Event, item: str = "") -> None:
        for _ in range(2):
            self.session.publish(self._topics.of(kind, item), event.encode())

    def _head(self, command: AnyCommand) -> dict[str, Any]:
        self._seq += 1
        return {
            "event_id": f"e-{self._seq}",
            "boot_id": "b",
            "seq": self._seq,
            "ts": datetime.now(UTC),
            "gateway": self._topics.gateway,
            "cmd_id": command.id,
        }

    def _state(self, command: Dial, number: int, state: CallState) -> CallEvent:
        return CallEvent(
            **self._head(command),
            call_id="c-1",
            call_seq=number,
            direction=Direction.OUTGOING,
            state=state,
            number=command.to,
            line="desk-1",
            tag=command.tag,
        )

    def _cdr(self, command: Dial) -> Cdr:
        return Cdr(
            **self._head(command),
            call_id="c-1",
            direction=Direction.OUTGOING,
            number=command.to,
            ended_at=datetime.now(UTC),
            ring_s=1,
            talk_s=2.5,
            cause=Cause.NORMAL,
            hangup_by=HangupBy.REMOTE,
            answer_evidence=AnswerEvidence.NETWORK,
        )

    def _ussd(self, command: Ussd) -> UssdEvent:
        return UssdEvent(
            **self._head(command),
            session_id="u-1",
            line=command.line,
            state=UssdState.REPLY,
            text="12.40 EUR",
        )


@asynccontextmanager
async def fake_gateway(broker: Broker, name: str = "vienna") -> AsyncIterator[FakeGateway]:
    """A fake gateway that is connected."""
    gateway = FakeGateway(broker, name)
    task = asyncio.create_task(gateway.session.run())
    try:
        await asyncio.wait_for(gateway.up.wait(), 10)
        yield gateway
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
