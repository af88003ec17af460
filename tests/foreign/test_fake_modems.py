"""Seven dialects that nobody here wrote: the fake modems of python-gsmmodem-new on ptys."""

from collections.abc import AsyncIterator, Callable
from types import ModuleType

import pytest

from drivers.facts import CallChanged, RegistrationSeen, UssdHeard
from drivers.modem import ModemFailed
from modem.sim import Lock
from modem.sms.address import Address
from modem.sms.pdu import Submit, encode_submit
from modem.sms.userdata import text_data
from modem.ussd import UssdState
from tests.foreign.conftest import OpenRig
from tests.foreign.fake_modems import ADDED, ICCID, FakeModem

NUMBER = "+4930123456"
# Class of the fake: what it calls itself, and the profile that this leads to.
WHO = {
    "GenericTestModem": ("", "", "generic"),
    "WavecomMultiband900E1800": ("WAVECOM MODEM", "MULTIBAND  900E  1800", "generic"),
    "HuaweiK3715": ("huawei", "K3715", "generic"),
    "HuaweiE1752": ("huawei", "E1752", "huawei-e17xx"),
    "QualcommM6280": ("QUALCOMM INCORPORATED", "M6280", "generic"),
    "ZteK3565Z": ("ZTE INCORPORATED", "K3565-Z", "generic"),
    "NokiaN79": ("Nokia", "Nokia N79", "generic"),
}
# A K3715 tells its calls as all Huawei sticks do; its owner names a profile, as the docs say.
PROFILES = {"HuaweiK3715": "huawei-e17xx"}

Start = Callable[..., FakeModem]
each_fake = pytest.mark.parametrize("name", WHO)


@pytest.fixture(autouse=True)
def _watchful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of them tell an end only when they are asked."""
    monkeypatch.setattr("drivers.call_control.WATCH_POLL_S", 0.02)


@pytest.fixture
async def start(fakes: ModuleType) -> AsyncIterator[Start]:
    """Start a fake by its class: `start(name, added)`."""
    running: list[FakeModem] = []

    def make(name: str, added: dict[str, list[str]] | None = None) -> FakeModem:
        fake = getattr(fakes, name)()
        running.append(FakeModem(fake, ADDED if added is None else added))
        return running[-1]

    yield make
    for one in running:
        one.close()


@each_fake
async def test_it_is_known_by_what_it_calls_itself(start: Start, rig: OpenRig, name: str) -> None:
    one = rig(start(name).path)
    identity = await one.modem.open()
    assert (identity.manufacturer, identity.model, one.modem.profile.name) == WHO[name]


@each_fake
async def test_it_is_attached_with_the_sim_it_has(start: Start, rig: OpenRig, name: str) -> None:
    one = rig(start(name).path)
    await one.modem.open()
    assert await one.modem.read_lock() is Lock.READY
    assert (await one.modem.attach()).iccid == ICCID
    assert [fact.status.is_registered for fact in one.facts if isinstance(fact, RegistrationSeen)]


@each_fake
async def test_without_an_iccid_it_says_what_is_missing(
    start: Start, rig: OpenRig, name: str
) -> None:
    one = rig(start(name, {}).path)
    await one.modem.open()
    with pytest.raises(ModemFailed, match="ICCID"):
        await one.modem.attach()


@each_fake
async def test_its_pin_is_asked_for_and_taken(start: Start, rig: OpenRig, name: str) -> None:
    fake = start(name)
    fake.fake.pinLock = True
    one = rig(fake.path)
    await one.modem.open()
    assert await one.modem.read_lock() is Lock.SIM_PIN
    assert await one.modem.read_iccid() is None
    assert await one.modem.unlock("4711")
    assert await one.modem.read_lock() is Lock.READY


@each_fake
async def test_a_device_that_is_busy_at_first_is_asked_again(
    start: Start, rig: OpenRig, name: str
) -> None:
    fake = start(name)
    one = rig(fake.path)
    await one.modem.open()
    fake.fake.deviceBusyErrorCounter = 3
    assert await one.modem.read_lock() is Lock.READY


@each_fake
async def test_a_call_is_answered_and_ended_by_the_far_end(
    start: Start, rig: OpenRig, name: str
) -> None:
    fake = start(name)
    one = rig(fake.path, PROFILES.get(name))
    await one.modem.open()
    if name == "WavecomMultiband900E1800":  # this fake has no call list; the real one has
        fake.fake.responses["AT+CLCC\r"] = [f'+CLCC: 1,0,0,0,0,"{NUMBER}",145\r\n', "OK\r\n"]
    one.modem.calls.place(NUMBER)
    if name.startswith("Huawei"):
        await one.until(lambda: one.calls == ["alerting"])
    else:
        await one.wait_written(fake, f"ATD{NUMBER};")
    if name in {"QualcommM6280", "ZteK3565Z"}:
        fake.fake._callState = 1  # they say CONNECT and leave the state of their list as it was
    fake.answers()
    await one.until(lambda: "active" in one.calls)
    fake.hangs_up()
    await one.until(lambda: one.calls[-1] == "released normal")
    assert one.calls.count("active") == 1


@each_fake
async def test_a_call_that_we_end_is_cancelled(start: Start, rig: OpenRig, name: str) -> None:
    fake = start(name)
    one = rig(fake.path, PROFILES.get(name))
    await one.modem.open()
    key = one.modem.calls.place(NUMBER)
    await one.wait_written(fake, f"ATD{NUMBER};")
    if not name.startswith("Huawei"):
        fake.say(["OK\r\n"])
    fake.fake._callNumber = None
    await one.modem.calls.hang_up(key)
    await one.until(lambda: bool(one.calls))
    assert one.calls[-1] == "released cancelled"
    assert "AT+CHUP" in fake.received


@each_fake
async def test_a_caller_is_known_by_his_number(start: Start, rig: OpenRig, name: str) -> None:
    fake = start(name)
    one = rig(fake.path, PROFILES.get(name))
    await one.modem.open()
    fake.rings("+49177123")
    await one.until(lambda: one.calls == ["incoming"])
    [fact] = [fact for fact in one.facts if isinstance(fact, CallChanged)]
    assert fact.call.number == "+49177123"
    await one.modem.calls.answer(fact.call.key)
    assert one.calls[:2] == ["incoming", "active"]
    await one.modem.calls.hang_up(fact.call.key)
    await one.until(lambda: one.calls[-1] == "released normal")


@each_fake
async def test_a_message_goes_out(start: Start, rig: OpenRig, name: str) -> None:
    one = rig(start(name).path)
    await one.modem.open()
    pdu = encode_submit(Submit(recipient=Address.of(NUMBER), user_data=text_data("Hello")))
    assert await one.modem.messages.send(pdu) == 5


async def test_an_e1752_gives_ussd_as_text(start: Start, rig: OpenRig) -> None:
    fake = start("HuaweiE1752")
    one = rig(fake.path)
    await one.modem.open()  # its profile sends AT^USSDMODE=0: without it, +CUSD is refused
    await one.modem.ussd.send("*100#")
    fake.say(['+CUSD: 0,"12.50 EUR",15\r\n'])
    await one.until(lambda: one.facts[-1:] == [UssdHeard(UssdState.ENDED, "12.50 EUR")])
