"""Messages: sent behind the prompt, kept in the modem until they are on disk, never lost in it."""

import asyncio
from datetime import UTC, datetime

import pytest

from drivers.facts import MessageReceived, Receipt, StorageFull, Unreadable
from drivers.messaging import LIST_EVERY_S, RETRY_S, SEND_TRIES, SendFailed
from modem.at.command import TIMEOUTS_S
from modem.sms.address import Address
from modem.sms.pdu import Deliver, StatusReport, Submit, encode_deliver, encode_submit
from modem.sms.userdata import text_data
from tests.drivers.warp import warped
from tests.drivers.wire import PROMPT, SILENCE, Bench, Plug, Reply, settle

OUT = encode_submit(Submit(recipient=Address.of("+49177123"), user_data=text_data("Hello")))
SEND = f"AT+CMGS={OUT.length}"
BODY = f"{OUT.pdu}\x1a"
LIST = "AT+CMGL=4"
REPORT = "0006050A91947117320062505021000000625050210000000" + "0"
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def came(text: str) -> str:
    """The PDU of a message as the network delivers it."""
    message = Deliver(sender=Address.of("+49177123"), timestamp=NOW, user_data=text_data(text))
    return encode_deliver(message).pdu


def length(pdu: str) -> int:
    return len(pdu) // 2 - 1  # no SMSC address in front but its length


def stored(text: str) -> str:
    """What AT+CMGR answers."""
    return f"+CMGR: 0,,{length(came(text))}\n{came(text)}\nOK"


def listed(**texts: str) -> str:
    """What AT+CMGL answers, messages by _index."""
    entries = (
        f"+CMGL: {index[1:]},1,,{length(came(text))}\n{came(text)}" for index, text in texts.items()
    )
    return "\n".join((*entries, "OK"))


def texts(bench: Bench) -> list[str | None]:
    messages = [fact.message for fact in bench.told(MessageReceived)]
    return [message.text for message in messages if isinstance(message, Deliver)]


# --- out


@warped
async def test_a_message_goes_out_behind_the_prompt(plug: Plug) -> None:
    bench = plug(replies={SEND: PROMPT, "PDU": "+CMGS: 17\nOK"})
    assert await bench.modem.messages.send(OUT) == 17
    assert bench.wire.sent == [SEND, BODY]


@warped
async def test_a_urc_before_the_prompt_and_one_behind_it_do_no_harm(plug: Plug) -> None:
    bench = plug(replies={SEND: f"+CREG: 1\n{PROMPT}\n+CREG: 5", "PDU": "+CMGS: 17\nOK"})
    assert await bench.modem.messages.send(OUT) == 17


@pytest.mark.parametrize("busy", ["+CMS ERROR: 314", "+CME ERROR: 14", "+CME ERROR: 515"])
@warped
async def test_a_busy_sim_is_asked_again(plug: Plug, busy: str) -> None:
    bench = plug(replies={SEND: [busy, PROMPT], "PDU": "+CMGS: 17\nOK"})
    begun = asyncio.get_running_loop().time()
    assert await bench.modem.messages.send(OUT) == 17
    assert asyncio.get_running_loop().time() - begun >= RETRY_S


@warped
async def test_a_sim_that_stays_busy_is_given_up(plug: Plug) -> None:
    bench = plug(replies={SEND: "+CMS ERROR: 314"})
    with pytest.raises(SendFailed, match="314"):
        await bench.modem.messages.send(OUT)
    assert bench.wire.count(SEND) == SEND_TRIES


@warped
async def test_a_message_that_the_network_refuses_is_not_sent_twice(plug: Plug) -> None:
    bench = plug(replies={SEND: PROMPT, "PDU": "+CMS ERROR: 21"})
    with pytest.raises(SendFailed, match="21"):
        await bench.modem.messages.send(OUT)
    assert bench.wire.sent == [SEND, BODY]


@warped
async def test_a_prompt_that_never_comes_leaves_no_modem_stuck_in_it(plug: Plug) -> None:
    bench = plug(replies={SEND: SILENCE})
    with pytest.raises(SendFailed, match="no answer"):
        await bench.modem.messages.send(OUT)
    assert bench.wire.sent == [SEND, "\x1b"]


@warped
async def test_a_message_without_reference_is_not_called_sent(plug: Plug) -> None:
    bench = plug(replies={SEND: PROMPT, "PDU": "OK"})
    with pytest.raises(SendFailed, match="reference"):
        await bench.modem.messages.send(OUT)


# --- in


@warped
async def test_an_announced_message_is_read_where_the_announcement_says(plug: Plug) -> None:
    bench = plug(replies={"AT+CMGR=3": stored("Hi")})
    bench.wire.say('+CMTI: "ME",3')
    await settle()
    assert bench.wire.sent == ['AT+CPMS="ME"', "AT+CMGR=3"]
    assert texts(bench) == ["Hi"]
    assert bench.told(MessageReceived)[0].receipt == Receipt("ME", 3)


@warped
async def test_a_message_is_deleted_only_when_it_is_on_disk(plug: Plug) -> None:
    bench = plug(replies={"AT+CMGR=3": stored("Hi")})
    bench.wire.say('+CMTI: "ME",3')
    await settle()
    assert not [line for line in bench.wire.sent if "CMGD" in line]
    await bench.modem.messages.acknowledge(bench.told(MessageReceived)[0].receipt)
    assert bench.wire.sent[-2:] == ['AT+CPMS="ME"', "AT+CMGD=3"]


@warped
async def test_no_message_is_deleted_from_the_storage_of_another(plug: Plug) -> None:
    bench = plug(replies={"AT+CMGR=3": stored("Hi"), "AT+CMGR=4": stored("Ho")})
    async with asyncio.TaskGroup() as group:
        group.create_task(bench.modem.messages.acknowledge(Receipt("SM", 1)))
        bench.wire.say('+CMTI: "ME",3')
        group.create_task(bench.modem.messages.acknowledge(Receipt("ME", 2)))
        bench.wire.say('+CMTI: "SM",4')
    await settle()
    chosen, done = "", {}
    for line in bench.wire.sent:
        if "CPMS" in line:
            chosen = line[-3:-1]
        else:
            done[line] = chosen
    assert done == {"AT+CMGD=1": "SM", "AT+CMGR=3": "ME", "AT+CMGD=2": "ME", "AT+CMGR=4": "SM"}


@pytest.mark.parametrize("line", ['+CMTI: "SM",-1', "+CMTI: ,-1"])
@warped
async def test_a_message_announced_without_its_place_is_found_in_the_list(
    plug: Plug, line: str
) -> None:
    bench = plug(replies={LIST: listed(_7="Hi")})
    bench.wire.say(line)
    await settle()
    assert texts(bench) == ["Hi"]
    assert bench.told(MessageReceived)[0].receipt == Receipt("SM", 7)


@pytest.mark.parametrize(
    "answer", ["OK", "+CMS ERROR: 321", "+CMGR: 0,,5\nzz\nOK", "+CMGR: 2,,15\n" + OUT.pdu + "\nOK"]
)
@warped
async def test_an_empty_place_garbage_and_a_draft_are_no_messages(plug: Plug, answer: str) -> None:
    bench = plug(replies={"AT+CMGR=3": answer})
    bench.wire.say('+CMTI: "SM",3')
    await settle()
    assert bench.facts == []


@warped
async def test_a_message_that_nobody_can_read_is_told_with_its_pdu(plug: Plug) -> None:
    bench = plug(replies={"AT+CMGR=3": "+CMGR: 0,,3\n00030102\nOK"})
    bench.wire.say('+CMTI: "SM",3')
    await settle()
    [fact] = bench.told(MessageReceived)
    assert isinstance(fact.message, Unreadable)
    assert (fact.pdu, fact.receipt) == ("00030102", Receipt("SM", 3))


@warped
async def test_a_pushed_message_is_acknowledged_to_the_network(plug: Plug) -> None:
    bench = plug("quectel-ec2x")
    bench.wire.say(f"+CMT: ,{length(came('Hi'))}", came("Hi"))
    await settle()
    assert texts(bench) == ["Hi"]
    assert bench.wire.sent == []
    await bench.modem.messages.acknowledge(bench.told(MessageReceived)[0].receipt)
    assert bench.wire.sent == ["AT+CNMA=1"]


@pytest.mark.parametrize("profile", ["simcom-sim7600", "simcom-sim800"])
@warped
async def test_a_simcom_is_never_sent_cnma(plug: Plug, profile: str) -> None:
    bench = plug(profile)
    bench.wire.say(f"+CMT: ,{length(came('Hi'))}", came("Hi"))
    await settle()
    await bench.modem.messages.acknowledge(bench.told(MessageReceived)[0].receipt)
    assert bench.wire.sent == []


@pytest.mark.parametrize("header", ["+CDS: 24", "+CDS: ,24"])
@warped
async def test_a_status_report_comes_with_its_pdu(plug: Plug, header: str) -> None:
    bench = plug("quectel-ec2x")
    bench.wire.say(header, REPORT)
    await settle()
    [fact] = bench.told(MessageReceived)
    assert isinstance(fact.message, StatusReport)
    assert fact.message.reference == 5


# --- what lies in the storage


@warped
async def test_what_came_while_nobody_listened_is_listed_at_the_start(plug: Plug) -> None:
    bench = plug(replies={LIST: listed(_1="one", _2="two")})
    await bench.modem.messages.start()
    await settle()
    assert texts(bench) == ["one", "two"]


@warped
async def test_a_message_that_lies_there_is_told_once_until_it_is_deleted(plug: Plug) -> None:
    bench = plug(replies={LIST: listed(_1="one"), "AT+CMGR=1": stored("next")})
    await bench.modem.messages.start()
    await asyncio.sleep(2.5 * LIST_EVERY_S)
    assert bench.wire.count(LIST) == 3
    assert texts(bench) == ["one"]
    await bench.modem.messages.acknowledge(Receipt("SM", 1))
    bench.wire.say('+CMTI: "SM",1')
    await settle()
    assert texts(bench) == ["one", "next"]


@pytest.mark.parametrize(
    ("line", "storage"),
    [('^SMMEMFULL: "SM"', "SM"), ('+QIND: "smsfull","ME"', "ME"), ('+CIEV: "smsfull",1', "")],
)
@warped
async def test_a_full_storage_is_told_and_emptied(plug: Plug, line: str, storage: str) -> None:
    bench = plug(replies={LIST: listed(_1="one")})
    bench.wire.say(line)
    await settle()
    assert bench.told(StorageFull) == [StorageFull(storage)]
    assert texts(bench) == ["one"]


@pytest.mark.parametrize("answer", [SILENCE, "ERROR", "+CMS ERROR: 302"])
@warped
async def test_a_list_that_fails_is_asked_again_later(plug: Plug, answer: Reply) -> None:
    bench = plug(replies={LIST: [str(answer), listed(_1="one")]})
    await bench.modem.messages.start()
    await asyncio.sleep(LIST_EVERY_S + 2 * TIMEOUTS_S["AT+CMGL"])
    assert texts(bench) == ["one"]


@warped
async def test_the_first_routing_that_the_modem_takes_is_kept(plug: Plug) -> None:
    bench = plug(replies={"AT+CNMI=2,1,2,1,0": "+CMS ERROR: 303"})
    await bench.modem.messages.start()
    routings = [line for line in bench.wire.sent if "CNMI" in line]
    assert routings == ["AT+CNMI=2,1,2,1,0", "AT+CNMI=2,1,2,2,0"]


@warped
async def test_lists_wait_while_a_call_is_set_up(plug: Plug) -> None:
    bench = plug("huawei-e1550", {"AT+CMGR=3": stored("Hi")})
    bench.modem.calls.place("123")
    bench.wire.say("^ORIG:1,0", '+CMTI: "SM",3')
    await settle()
    assert bench.wire.sent == ["ATD123;"]
    bench.wire.say("^CONF:1", "^CONN:1,0")
    await settle()
    assert texts(bench) == ["Hi"]
