"""Worlds to measure in: modems that answer at once, callees that waste no time."""

from simulator import Scenario
from simulator.fields import Span
from simulator.scenario import Callee, ModemPart, NetworkPart


def quick(lines: int, *, setup_s: Span = 0.0, answer_s: Span = 0.0, talk_s: Span = 0.0) -> Scenario:
    """So many EC25, without latency, registered at once; everybody answers and hangs up."""
    callee = Callee(share=1, answer_after_s=answer_s, talk_s=talk_s)
    modem = ModemPart(
        name="m", family="quectel", count=lines, latency_ms=0.0, registration_delay_s=0.0
    )
    return Scenario(
        network=NetworkPart(setup_s=setup_s, technology="gsm"), callees=(callee,), modems=(modem,)
    )
