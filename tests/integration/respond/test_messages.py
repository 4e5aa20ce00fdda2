"""Messages really leave, as files and over HTTP to this machine; what fails is on record and tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from integration.outside import mail_server
from unit.respond.happenings import triggers
from unit.sign.history import MODEL, PRODUCT, plan

from shipworthy.base.errors import UserError
from shipworthy.base.fact import What
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.files import Files
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.edges.messenger import messenger
from shipworthy.edges.road import Trip
from shipworthy.edges.store import Store
from shipworthy.plan.differences import section_digests
from shipworthy.plan.rules import plan_digest
from shipworthy.plan.words import PlanAdopted
from shipworthy.release.words import ReleaseStepped
from shipworthy.respond.flow import respond
from shipworthy.respond.messages import address
from shipworthy.respond.rules import response_due
from shipworthy.respond.words import MessageFailed, PeopleTold, Respond, TriggerFired
from shipworthy.watch.words import AlarmRaised

HERE = {"SHIPWORTHY_ALLOW_HOSTS": "127.0.0.1, localhost"}


class Receiver:
    """A server on this machine that keeps what it gets and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers = 204
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(outer.answers)
                if outer.answers == 302:
                    self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/hook"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


class World:
    """A product whose model is alarmed about, with its ledger, files and routes."""

    def __init__(
        self,
        root: Path,
        service: str,
        environ: dict[str, str] | None = None,
        trigger: str = "{name: stale, on: alarm, do: [notify]}",
    ) -> None:
        (root / "product.yaml").write_text(f"product: {PRODUCT}\n")
        engine = open_engine(f"sqlite:///{root / 'ledger.sqlite'}")
        migrate(engine)
        keys = Keys(root / "keys")
        ledger = Ledger(engine, keys)
        self.store = Store(root, root / ".shipworthy", ledger, Files(root / "files"), keys, HERE | (environ or {}))
        self.root, self.now, self.runs = root, datetime(2026, 3, 1, tzinfo=UTC), 0
        adopted = plan(triggers(trigger), ("service: file:messages", f"service: {service}"))
        self.record(
            PlanAdopted(
                product=PRODUCT,
                version=1,
                plan=adopted.values(),
                digest=plan_digest(adopted),
                sections=section_digests(adopted),
            ),
            ReleaseStepped(
                product=PRODUCT, candidate=MODEL, step="all", cohorts=["all"], replaces="", gate="", role="model"
            ),
        )
        self.alarm("alarm-1")
        self.plan = adopted

    def alarm(self, name: str) -> None:
        values: dict[str, Any] = dict.fromkeys(("window", "since", "guarantee", "cause", "advice"), "")
        text = "It promised 27 %; 18 % came true."
        self.record(
            AlarmRaised(product=PRODUCT, alarm=name, monitor="calibration", candidate=MODEL, text=text, **values)
        )

    def record(self, *facts: What) -> None:
        self.store.ledger.append(lambda past: facts, product=PRODUCT, who="night-operator", at=self.now)

    def respond(self, **later: float) -> list[str]:
        self.runs += 1
        trip = Trip(
            self.store, PRODUCT, "night-operator", self.now, f"{self.root}/{self.runs}", lambda _name, work: work()
        )
        done = respond(Respond(product=PRODUCT), trip).done
        self.now += timedelta(**later)
        return done

    def of(self, kind: type[What]) -> list[Any]:
        return [fact.what for fact in self.store.ledger.past(PRODUCT).of(kind)]

    def due(self) -> bool:
        return response_due(self.plan, self.store.ledger.past(PRODUCT), self.now)


def test_a_message_is_a_file_that_says_what_happened(tmp_path: Path) -> None:
    world = World(tmp_path, "file:out/service")
    assert world.respond() == ["stale: notify: told service, technology"]
    (file,) = (tmp_path / "out" / "service").iterdir()
    content = json.loads(file.read_text())
    told = {one.to: one for one in world.of(PeopleTold)}
    assert content == {
        "id": told["service"].message,
        "product": PRODUCT,
        "to": "service",
        "subject": f"{PRODUCT}: It promised 27 %; 18 % came true.",
    }
    assert world.respond() == []
    assert len(world.of(TriggerFired)) == 1


def test_a_message_over_http_is_signed_and_names_itself(tmp_path: Path, receiver: Receiver) -> None:
    world = World(tmp_path, receiver.address)
    world.respond()
    ((headers, body),) = receiver.got
    told = next(one for one in world.of(PeopleTold) if one.to == "service")
    assert headers["ce-id"] == told.message == json.loads(body)["id"]
    assert headers["ce-type"] == "shipworthy.message"
    assert world.store.keys.verify(body, headers["x-shipworthy-signature"])
    assert told.route == "http"
    assert receiver.address not in str([*world.of(PeopleTold), *world.of(TriggerFired)])


@pytest.mark.parametrize("answers", [500, 404, 302])
def test_what_was_not_taken_is_on_record_and_tried_again(tmp_path: Path, receiver: Receiver, answers: int) -> None:
    world = World(tmp_path, receiver.address)
    receiver.answers = answers
    (said,) = world.respond(minutes=30)
    assert said.startswith("stale: notify: told technology; not sent to service: ")
    assert [one.to for one in world.of(PeopleTold)] == ["technology"]
    (failed,) = world.of(MessageFailed)
    assert (failed.to, failed.reason) == ("service", f"message to service: answered {answers}")
    (fired,) = world.of(TriggerFired)
    assert "not sent to service" in fired.outcome
    assert not world.due()
    assert world.respond(minutes=30) == []
    receiver.answers = 204
    assert world.due()
    assert world.respond() == ["stale: resend: told service"]
    assert not world.due()
    assert [one.to for one in world.of(PeopleTold)] == ["technology", "service"]
    assert len({headers["ce-id"] for headers, _ in receiver.got}) == 1
    assert len(list((tmp_path / "messages").iterdir())) == 1
    assert len(world.of(TriggerFired)) == 1


def test_of_two_causes_at_one_moment_the_second_waits_for_the_cool_down_and_nothing_of_it_is_sent(
    tmp_path: Path,
) -> None:
    trigger = "{name: stale, on: alarm, do: [notify, incident], cool_down: 6h}"
    world = World(tmp_path, "file:out/service", trigger=trigger)
    world.alarm("alarm-2")
    assert [line.split(": ")[1] for line in world.respond(hours=6)] == ["notify", "incident"]
    assert {one.cause for one in world.of(TriggerFired)} == {"alarm-1"}
    assert len(list((tmp_path / "out" / "service").iterdir())) == 1
    assert [line.split(": ")[1] for line in world.respond()] == ["notify", "incident"]
    assert {one.cause for one in world.of(TriggerFired)} == {"alarm-1", "alarm-2"}
    assert len(list((tmp_path / "out" / "service").iterdir())) == 2 == len(world.of(PeopleTold)) / 2


def test_nobody_there_and_no_address_set_are_failures_that_say_why(tmp_path: Path, receiver: Receiver) -> None:
    receiver.close()
    world = World(tmp_path, receiver.address)
    assert "ConnectError" in world.respond(hours=1)[0]
    assert "stale: resend: told nobody yet; not sent to service: message to service: ConnectError" in world.respond()[0]
    other = tmp_path / "other"
    other.mkdir()
    world = World(other, "${SERVICE_HOOK}")
    assert "The variable SERVICE_HOOK is not set" in world.respond()[0]
    assert world.of(MessageFailed)[0].reason == "The variable SERVICE_HOOK is not set."


def test_an_address_from_the_environment_is_reached_and_never_recorded(tmp_path: Path, receiver: Receiver) -> None:
    world = World(tmp_path, "${SERVICE_HOOK}", {"SERVICE_HOOK": f"{receiver.address}?key=hush"})
    world.respond()
    assert len(receiver.got) == 1
    assert "hush" not in (tmp_path / "ledger.sqlite").read_bytes().decode("latin1")


@pytest.mark.parametrize(
    "route",
    [
        "https://127.0.0.2/hook",
        "https://10.0.0.7/hook",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[fd00::1]/",
        "http://10.0.0.7/hook",
        "http://93.184.216.34/",
        "https://",
        "https://[oops/",
        "ftp://93.184.216.34/",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_plan_cannot_send_messages_into_the_network_or_unread(route: str) -> None:
    with pytest.raises(UserError) as caught:
        address(route, {}, "service")
    assert caught.value.mistakes[0].where == "respond.routes.service"
    assert caught.value.mistakes[0].fix


@pytest.mark.parametrize("route", ["http://127.0.0.1:8080/hook", "http://localhost/", "https://127.0.0.1/hook"])
def test_this_machine_is_reached_only_where_the_installation_names_it(route: str) -> None:
    assert address(route, HERE) == route
    with pytest.raises(UserError, match="an address inside the network"):
        address(route, {})


def test_a_public_address_is_reached() -> None:
    assert address("https://93.184.216.34/hook", {}) == "https://93.184.216.34/hook"


def test_who_runs_the_installation_may_name_an_inner_address() -> None:
    inner = {"HOOK": "https://10.0.0.7/hook", "SHIPWORTHY_ALLOW_HOSTS": "hooks.example, 10.0.0.0/24"}
    assert address("${HOOK}", inner) == "https://10.0.0.7/hook"
    with pytest.raises(UserError, match="Over http others could read"):
        address("${HOOK}", inner | {"HOOK": "http://10.0.0.7/hook"})
    with pytest.raises(UserError, match="inside the network"):
        address("${HOOK}", {"HOOK": "https://10.0.0.7/hook"})


def test_settings_of_the_installation_never_go_out() -> None:
    with pytest.raises(UserError, match="is a setting of the installation"):
        address("https://93.184.216.34/${SHIPWORTHY_TOKEN}", {"SHIPWORTHY_TOKEN": "hush"}, "service")


def test_a_mail_goes_out_through_the_library(tmp_path: Path) -> None:
    with mail_server() as mails:
        route = f"mailto://127.0.0.1:{mails.port}?from=shipworthy@sender.example&to=team@service.example&mode=insecure"
        world = World(tmp_path, "${MAIL}", {"MAIL": route})
        assert world.respond() == ["stale: notify: told service, technology"]
    ((_, mail),) = mails.got
    assert "18 % came true" in str(mail["subject"])
    assert {one.to: one.route for one in world.of(PeopleTold)}["service"] == "${MAIL}"


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ("mailto://10.0.0.7:25?from=a@b.example&to=c@d.example", "an address inside the network"),
        ("mailto://93.184.216.34?smtp=10.0.0.7&from=a@b.example&to=c@d.example", "an address inside the network"),
        ("mmost://10.0.0.7/3ccdd113474722377935511fc85d3dd4", "an address inside the network"),
        ("jsons://93.184.216.34/hook", "is not sent to"),
        ("syslog://", "is not sent to"),
        ("nonsense://here", "no address of a mail server or chat"),
    ],
)
def test_no_library_leads_into_the_network(route: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        messenger(route, "respond.routes.service", {})
