"""Webhooks, mails and chats: signed, each with an id, sent once where it was confirmed, and refused aloud."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from email.message import Message
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from integration.outside import ALLOWED, Answer, Mail, Request, Web

from shipworthy.base.errors import UserError
from shipworthy.base.kinds import kind
from shipworthy.deliver.sink import Confirmed, SinkKind, Target
from shipworthy.deliver.sinks import webhook
from shipworthy.plan.schema import Sink

SECRET = "whsec_" + base64.b64encode(b"a key of some length").decode()
AS_OF = "2026-05-01T00:00:00+00:00"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PAUSES", (0.01, 0.01))


def rows(count: int) -> pa.Table:
    return pa.table(
        {
            "customer": [f"c{number}" for number in range(count)],
            "decision": ["call" if number % 2 else "leave" for number in range(count)],
            "answer_id": [f"answer-{number}" for number in range(count)],
        }
    )


def sink(kind_: str) -> Callable[[Target, pa.Table], str]:
    return kind("deliver/sinks", kind_, SinkKind).write


def probe(target: Target) -> str:
    member = kind("deliver/sinks", target.declared.kind, SinkKind)
    assert member.probe is not None
    return member.probe(target, rows(0))


def target(folder: Path, declared: Sink, **environ: str) -> Target:
    return Target(
        folder,
        "",
        declared.url,
        "",
        "shop/sales/2026-05-01",
        name="crm",
        to=tuple(declared.to),
        declared=declared,
        product="shop",
        consumer="sales",
        as_of=AS_OF,
        delivery="d" * 64,
        environ={**ALLOWED, "KEY": SECRET, **environ},
        confirmed=Confirmed(folder / "confirmed.txt"),
    )


def hook(folder: Path, web: Web, **more: Any) -> Target:
    declared = Sink(kind="webhook", url="${HOOK}", rehearsal="${TRY}", secret="${KEY}", rows_at_once=2, **more)
    return target(folder, declared, HOOK=f"{web.url}/in?code=hush", TRY=f"{web.url}/try")


def refused(web: Web, *statuses: int) -> None:
    web.answers = [Answer(status) for status in statuses]


def is_signed(request: Request) -> bool:
    content = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    right = base64.b64encode(hmac.new(b"a key of some length", content, hashlib.sha256).digest()).decode()
    fresh = abs(time.time() - int(request.headers["webhook-timestamp"])) < 60
    return request.headers["webhook-signature"] == f"v1,{right}" and fresh


def test_rows_go_out_as_signed_events_in_parts(tmp_path: Path, web: Web) -> None:
    told = replace(hook(tmp_path, web, headers={"X-Team": "crm"}), notice="By the baseline.")
    assert sink("webhook")(told, rows(5)) == "webhook crm"
    events = [json.loads(request.body) for request in web.got]
    assert all(is_signed(request) for request in web.got)
    assert {request.headers["content-type"] for request in web.got} == {"application/cloudevents+json"}
    assert {request.headers["x-team"] for request in web.got} == {"crm"}
    assert [len(event["data"]["rows"]) for event in events] == [2, 2, 1]
    assert [event["id"] for event in events] == [f"{'d' * 64}-{part}" for part in range(3)]
    assert {event["specversion"] for event in events} == {"1.0"}
    assert events[0]["data"] | {"rows": []} == {
        "run": told.run,
        "consumer": "sales",
        "part": 1,
        "parts": 3,
        "rows_in_all": 5,
        "notice": "By the baseline.",
        "rehearsal": False,
        "rows": [],
    }
    sink("webhook")(told, rows(5))
    assert len(web.got) == 3  # what was confirmed is not sent again


def test_a_batch_has_an_event_for_each_row_named_by_its_answer(tmp_path: Path, web: Web) -> None:
    sink("webhook")(hook(tmp_path, web, format="batch"), rows(3))
    first, second = (json.loads(request.body) for request in web.got)
    assert [event["id"] for event in [*first, *second]] == ["answer-0", "answer-1", "answer-2"]
    assert web.got[0].headers["content-type"] == "application/cloudevents-batch+json"
    assert first[0]["data"]["customer"] == "c0"
    assert first[0]["time"] == AS_OF


def test_an_empty_list_is_told_too(tmp_path: Path, web: Web) -> None:
    sink("webhook")(hook(tmp_path, web), rows(0))
    (request,) = web.got
    assert json.loads(request.body)["data"]["rows_in_all"] == 0


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_be_taken_later_is_sent_again_with_the_same_id(tmp_path: Path, web: Web, status: int) -> None:
    refused(web, status, 204)
    sink("webhook")(hook(tmp_path, web), rows(1))
    assert [request.headers["webhook-id"] for request in web.got[:1]] == [web.got[1].headers["webhook-id"]]
    assert len(web.got) == 2


def test_retry_after_is_respected_and_too_long_a_wait_ends_the_try(tmp_path: Path, web: Web) -> None:
    web.answers = [Answer(503, {"retry-after": "1"}), Answer()]
    began = time.monotonic()
    sink("webhook")(hook(tmp_path, web), rows(1))
    assert time.monotonic() - began >= 1
    (tmp_path / "confirmed.txt").unlink()
    web.answers = [Answer(429, {"retry-after": "Fri, 01 Jan 2100 00:00:00 GMT"})]
    with pytest.raises(UserError, match="answered 429 and asks to wait"):
        sink("webhook")(hook(tmp_path, web), rows(1))


@pytest.mark.parametrize("status", [400, 401, 404, 410, 302])
def test_what_is_refused_is_not_sent_again(tmp_path: Path, web: Web, status: int) -> None:
    refused(web, status)
    with pytest.raises(UserError, match=f"The webhook refused: it answered {status}") as caught:
        sink("webhook")(hook(tmp_path, web), rows(1))
    assert len(web.got) == 1
    assert "hush" not in str(caught.value)


def test_a_receiver_that_vanishes_midway_gets_only_the_rest_later(tmp_path: Path, web: Web) -> None:
    refused(web, 204, 204, 500)
    with pytest.raises(UserError, match="did not take it: it answered 500"):
        sink("webhook")(hook(tmp_path, web), rows(6))
    refused(web, 204)
    before = len(web.got)
    sink("webhook")(hook(tmp_path, web), rows(6))
    assert [json.loads(request.body)["data"]["part"] for request in web.got[before:]] == [3]
    taken = {json.loads(request.body)["data"]["part"] for request in web.got}
    assert taken == {1, 2, 3}


def test_a_receiver_that_takes_too_long_is_tried_again_and_told(
    tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "SECONDS", 0.2)
    web.answers = [Answer(after=0.6)]
    with pytest.raises(UserError, match="did not take it: ReadTimeout"):
        sink("webhook")(hook(tmp_path, web), rows(1))
    web.answers = [Answer()]
    sink("webhook")(hook(tmp_path, web), rows(1))
    assert len({request.headers["webhook-id"] for request in web.got}) == 1


def test_nobody_there_is_told_without_the_address(tmp_path: Path, web: Web) -> None:
    told = hook(tmp_path, web)
    gone = replace(told, environ={**told.environ, "HOOK": "http://127.0.0.1:1/in?code=hush"})
    with pytest.raises(UserError, match="ConnectError") as caught:
        sink("webhook")(gone, rows(1))
    assert "hush" not in str(caught.value)


def test_a_webhook_needs_leave_to_go_inside_and_a_good_secret(tmp_path: Path, web: Web) -> None:
    told = hook(tmp_path, web)
    with pytest.raises(UserError, match="an address inside the network"):
        sink("webhook")(replace(told, environ={**told.environ, "SHIPWORTHY_ALLOW_HOSTS": ""}), rows(1))
    with pytest.raises(UserError, match="no base64"):
        sink("webhook")(replace(told, environ={**told.environ, "KEY": "whsec_*"}), rows(1))
    with pytest.raises(UserError, match="KEY, which is not set"):
        sink("webhook")(replace(told, environ={**ALLOWED, "HOOK": web.url}), rows(1))
    assert web.got == []


def test_a_webhook_is_probed_without_rows(tmp_path: Path, web: Web) -> None:
    told = hook(tmp_path, web)
    assert probe(told) == "it answers (204 to HEAD); nothing was sent"
    assert [request.method for request in web.got] == ["HEAD"]
    assert probe(replace(told, rehearsal=True)) == "it took a signed event without rows"
    assert is_signed(web.got[1])
    assert json.loads(web.got[1].body)["type"] == "shipworthy.probe"
    refused(web, 401)
    with pytest.raises(UserError, match="it answered 401"):
        probe(replace(told, rehearsal=True))


PEOPLE = ["sales-lead@shop.example", "call-centre@shop.example"]
LOGIN = base64.b64encode(b"\0ship\0hush").decode()


def letter(folder: Path, mail: Mail, **more: Any) -> Target:
    declared = Sink(
        kind="email", url="${MAIL}", to=PEOPLE, sender="ship@shop.example", rehearsal="try@shop.example", **more
    )
    return target(folder, declared, MAIL=f"smtp://{'ship:hush@' if mail.login else ''}127.0.0.1:{mail.port}")


def attachment(message: Message) -> tuple[str, bytes]:
    part = next(part for part in message.walk() if part.get_filename())
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return str(part.get_filename()), content


def test_each_person_gets_a_mail_of_their_own_once(tmp_path: Path, mail: Mail) -> None:
    mail.login = LOGIN
    told = replace(letter(tmp_path, mail), notice="By the baseline.")
    for _ in range(2):
        assert sink("email")(told, rows(3)) == "mail to 2 people"
    assert [to for to, _ in mail.got] == PEOPLE
    message = mail.got[0][1]
    assert (message["To"], message["From"]) == ("sales-lead@shop.example", "ship@shop.example")
    assert message["Subject"] == "shop: sales as of 2026-05-01"
    assert len({message["Message-ID"] for _, message in mail.got}) == 2
    name, content = attachment(message)
    assert name == "shop-sales-2026-05-01.csv"
    assert content.decode().splitlines()[:2] == ["customer,decision,answer_id", "c0,leave,answer-0"]
    text = message.get_payload(0)
    assert isinstance(text, Message)
    assert str(text.get_payload()).startswith("By the baseline.")


def test_a_mail_may_hold_a_workbook(tmp_path: Path, mail: Mail) -> None:
    sink("email")(letter(tmp_path, mail, format="excel"), rows(3))
    name, content = attachment(mail.got[0][1])
    assert name.endswith(".xlsx")
    assert openpyxl.load_workbook(io.BytesIO(content))["List"]["A2"].value == "c0"


def test_who_is_refused_takes_nothing_from_the_others(tmp_path: Path, mail: Mail) -> None:
    mail.refuses = {PEOPLE[0]: 550}
    with pytest.raises(UserError, match=r"number 1 of `to` \(550\); 1 got it") as caught:
        sink("email")(letter(tmp_path, mail), rows(3))
    assert "sales-lead" not in str(caught.value)
    mail.refuses = {}
    sink("email")(letter(tmp_path, mail), rows(3))
    assert [to for to, _ in mail.got] == PEOPLE[::-1]


def test_a_mail_server_that_vanishes_midway_sends_only_the_rest_later(tmp_path: Path, mail: Mail) -> None:
    mail.vanish_after = 1
    with pytest.raises(OSError, match="SMTPServerDisconnected"):
        sink("email")(letter(tmp_path, mail), rows(3))
    mail.vanish_after = 1_000
    sink("email")(letter(tmp_path, mail), rows(3))
    assert [to for to, _ in mail.got] == PEOPLE


def test_a_mail_server_says_why_not(tmp_path: Path, mail: Mail) -> None:
    mail.refuses = {PEOPLE[0]: 450}
    with pytest.raises(OSError, match="asks to come later"):
        sink("email")(letter(tmp_path, mail), rows(3))
    mail.login = "else"
    with pytest.raises(UserError, match="name or password are wrong"):
        sink("email")(letter(tmp_path, mail), rows(3))
    told = letter(tmp_path, mail)
    with pytest.raises(UserError, match="inside the network"):
        sink("email")(replace(told, environ={**told.environ, "SHIPWORTHY_ALLOW_HOSTS": ""}), rows(1))
    with pytest.raises(OSError, match="cannot be reached"):
        sink("email")(replace(told, environ={**told.environ, "MAIL": "smtp://127.0.0.1:1"}), rows(1))
    with pytest.raises(UserError, match="no address of a mail server"):
        sink("email")(replace(told, environ={**told.environ, "MAIL": "ftp://x"}), rows(1))


def test_mail_is_probed_without_a_mail(tmp_path: Path, mail: Mail) -> None:
    told = letter(tmp_path, mail)
    assert probe(told) == "the mail server lets us in and takes 2 addresses; no mail was sent"
    mail.refuses = {PEOPLE[1]: 550}
    with pytest.raises(UserError, match="number 2 of `to`"):
        probe(told)
    assert mail.got == []


def chat(folder: Path, web: Web, **more: Any) -> Target:
    declared = Sink(kind="chat", url="${CHAT}", rehearsal="${TRY}", link="https://crm.example/lists", **more)
    return target(folder, declared, CHAT=f"{web.url.replace('http', 'json')}/hush")


def test_a_chat_is_told_counts_and_a_link_and_no_row(tmp_path: Path, web: Web) -> None:
    refused(web, 200)
    for _ in range(2):
        assert sink("chat")(chat(tmp_path, web), rows(5)) == "chat crm"
    (request,) = web.got
    told = json.loads(request.body)
    assert told["title"] == "shop: sales as of 2026-05-01"
    assert told["message"].splitlines() == [
        "5 rows for sales.",
        "leave: 3, call: 2",
        "https://crm.example/lists",
        f"Delivery {'d' * 12}",
    ]


def test_a_chat_that_does_not_take_it_is_told_without_the_address(tmp_path: Path, web: Web) -> None:
    refused(web, 500)
    with pytest.raises(OSError, match="did not take the message") as caught:
        sink("chat")(chat(tmp_path, web), rows(5))
    assert "hush" not in str(caught.value)
    told = chat(tmp_path, web)
    with pytest.raises(UserError, match="inside the network"):
        sink("chat")(replace(told, environ={**told.environ, "SHIPWORTHY_ALLOW_HOSTS": ""}), rows(1))
    with pytest.raises(UserError, match="no address of a chat"):
        sink("chat")(replace(told, environ={**told.environ, "CHAT": "nonsense"}), rows(1))


def test_a_chat_is_probed(tmp_path: Path, web: Web) -> None:
    refused(web, 200)
    assert "nothing was sent" in probe(chat(tmp_path, web))
    assert web.got == []
    assert probe(replace(chat(tmp_path, web), rehearsal=True)) == "it took a message that says it is a probe"
