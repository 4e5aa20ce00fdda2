"""Every page and every form, asked by each role and by nobody; and whatever hostile text is written into them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

import httpx
import pytest
from e2e.served import Harbour, harbour

from shipworthy.app.rights import RIGHTS, Identity
from shipworthy.base.digest import digest_of
from shipworthy.base.kinds import kind, kinds
from shipworthy.deliver.words import DeliveryMade
from shipworthy.doors.house import house, running
from shipworthy.doors.web.app import FOLDER
from shipworthy.doors.web.visit import Page
from shipworthy.plan.words import AdoptPlan
from shipworthy.respond.words import Incidents, OpenIncident
from shipworthy.sign.words import GiveSignOff, SignOffGiven

Quay = tuple[Harbour, str]
NAME = "next-purchase"
PRODUCT = f"/products/{NAME}"
SIGN, DELIVERIES, INCIDENTS = f"{PRODUCT}/sign", f"{PRODUCT}/deliveries", f"{PRODUCT}/incidents"
DELIVERY, QUARANTINE = digest_of(["1997-10-01", "crm"]), f"{PRODUCT}/quarantine"
ONES = {"product": NAME, "delivery": DELIVERY, "incident": "incident-2", "consumer": "sales"}
PATHS = sorted(kind(FOLDER, name, Page).path.format_map(ONES) for name in kinds(FOLDER))
PLAYED_BY = {
    "administrator": "admin",
    "product_manager": "product-manager",
    "builder": "data-scientist",
    "operator": "night-operator",
    "owner": "legal-owner",
    "consumer": "sales-lead",
    "auditor": "auditor",
}
HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}\"'"


@pytest.fixture(scope="module")
def quay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quay]:
    with harbour(tmp_path_factory.mktemp("store")) as found, running(house(found.desk)) as address:
        yield found, address


@pytest.fixture
def client(quay: Quay) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=quay[1], trust_env=False, timeout=120) as found:
        yield found


def token(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found
    return found[1]


def log_in(client: httpx.Client, quay: Quay, person: str, **more: str) -> httpx.Response:
    client.cookies.clear()
    form = {"csrf": token(client.get("/login")), "person": person, "secret": quay[0].secrets[person], **more}
    return client.post("/login", data=form)


def forms(quay: Quay) -> dict[str, tuple[str, str, dict[str, str]]]:
    """Every form there is: its page, the right it needs, and its fields."""
    story, past = quay[0].story, quay[0].desk.store.ledger.past(NAME)
    candidate = {"candidate": story.retrained, "evidence": story.evidence, "function": "legal"}
    decided = {**candidate, "decision": "reject", "reason": "no"}
    delivery = past.of(DeliveryMade)[-1].what.delivery
    return {
        "review": (SIGN, "sign", {**decided, "what": "review", "answer.purpose": "yes"}),
        "sign-off": (SIGN, "sign", {**decided, "what": "sign-off"}),
        "envelope": (SIGN, "sign", {**decided, "what": "envelope"}),
        "revoke": (SIGN, "sign", {**candidate, "what": "revoke", "reason": "no"}),
        "acknowledge": (DELIVERIES, "acknowledge", {"delivery": delivery}),
        "acknowledge on its own page": (f"{DELIVERIES}/{delivery}", "acknowledge", {"delivery": delivery}),
        "replay": (QUARANTINE, "mend", {"source": "purchases"}),
        "guide": (f"{PRODUCT}/guides/sales", "read", {}),
        "open": (INCIDENTS, "respond", {"what": "open", "title": "The list is empty", "severity": "low"}),
        "label": (f"{PRODUCT}/label", "label", {"answer": "none", "label": "yes"}),
        "alarm": (f"{PRODUCT}/monitor", "respond", {"alarm": "none", "reason": "nothing", "found": "false"}),
        "hold": (f"{PRODUCT}/response", "release", {"what": "pause", "consumer": "none", "reason": "a", "sure": "yes"}),
        "retire": (INCIDENTS, "respond", {"what": "retire", "check": "none", "reason": "nothing is left of it"}),
        "close": (INCIDENTS, "respond", {"incident": "none", "root_cause": "a", "fix": "b", "check": "c"}),
    }


def test_every_page_is_read_by_every_role_and_by_nobody_else(client: httpx.Client, quay: Quay) -> None:
    for role, person in PLAYED_BY.items():
        log_in(client, quay, person)
        assert {path: client.get(path).status_code for path in PATHS} == dict.fromkeys(PATHS, 200), role
    log_in(client, quay, "stranger")
    assert {path: client.get(path).status_code for path in PATHS} == {
        path: 200 if path == "/" else 403 for path in PATHS
    }
    client.cookies.clear()
    for path in PATHS:
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (303, "")
        assert "/login?next=" in answer.headers["location"]


@pytest.mark.parametrize(
    "name",
    ["review", "sign-off", "envelope", "revoke", "acknowledge", "acknowledge on its own page", "replay", "guide",
     "open", "label", "alarm", "hold", "retire", "close"],
)  # fmt: skip
def test_a_form_is_carried_out_only_for_a_role_with_its_right_and_its_own_token(
    client: httpx.Client, quay: Quay, name: str
) -> None:
    path, right, fields = forms(quay)[name]
    refused = set()
    for role, person in PLAYED_BY.items():
        log_in(client, quay, person)
        mine = token(client.get(path))
        head = quay[0].desk.store.ledger.head().seq
        for forged in ({}, {"csrf": ""}, {"csrf": mine[:-1]}, {"csrf": "ü" * 40}):
            answer = client.post(path, data={**fields, **forged})
            assert (answer.status_code, "was not sent from a page of this session" in answer.text) == (403, True)
        for foreign in ({"Origin": "null"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-site"}):
            assert client.post(path, data={**fields, "csrf": mine}, headers=foreign).status_code == 403
        assert quay[0].desk.store.ledger.head().seq == head
        answer = client.post(path, data={**fields, "csrf": mine})
        assert answer.status_code < 500, answer.text
        if answer.status_code == 403 and "Ask one who may" in answer.text:
            refused.add(role)
    assert refused == {role for role in PLAYED_BY if right not in RIGHTS[role]}
    client.cookies.clear()
    head = quay[0].desk.store.ledger.head().seq
    assert client.post(path, data=fields).status_code == 303, "nobody is sent to the login"
    assert quay[0].desk.store.ledger.head().seq == head


def test_a_token_of_another_session_is_worth_nothing(client: httpx.Client, quay: Quay) -> None:
    log_in(client, quay, "night-operator")
    other = token(client.get(INCIDENTS))
    log_in(client, quay, "technology-owner")
    form = {"csrf": other, "what": "open", "title": "Not mine", "severity": "low"}
    assert client.post(INCIDENTS, data=form).status_code == 403


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "javascript:alert(1)",
               "evil.example", "", "/\r\nSet-Cookie: a=b"]
)  # fmt: skip
def test_the_login_leads_to_no_other_site(client: httpx.Client, quay: Quay, target: str) -> None:
    assert log_in(client, quay, "auditor", next=target).headers["location"] == "/"
    client.cookies.clear()
    assert 'name="next" value="/"' in client.get("/login", params={"next": target}).text


def test_the_cookie_travels_only_under_tls_where_there_is_tls(client: httpx.Client, quay: Quay) -> None:
    form = {"csrf": token(client.get("/login")), "person": "auditor", "secret": quay[0].secrets["auditor"]}
    plain = client.post("/login", data=form)
    client.cookies.clear()
    form["csrf"] = token(client.get("/login"))
    behind = client.post("/login", data=form, headers={"X-Forwarded-Proto": "https"})
    for answer, secure in ((plain, False), (behind, True)):
        (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith("shipworthy=")]
        assert {"httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
        assert ("Secure" in cookie) is secure


def test_a_cookie_that_somebody_made_up_opens_nothing(client: httpx.Client) -> None:
    for made_up in ("", "x", "0" * 43, "' OR 1=1 --", "../../etc/passwd"):
        assert client.get(SIGN, headers={"Cookie": f"shipworthy={made_up}"}).status_code == 303


def test_hostile_text_stays_text_on_every_page(client: httpx.Client, quay: Quay) -> None:
    """A product question, an incident, a reason and a cause that try to be markup."""
    desk = quay[0].desk
    text = files("shipworthy").joinpath("starters/next-purchase/product.yaml").read_text()
    quoted = "'" + HOSTILE.replace("'", "''") + "'"
    text = re.sub(r"^(  question: ).*$", lambda found: found[1] + quoted, text, count=1, flags=re.MULTILINE)
    text = re.sub(r"^(  decision: ).*$", lambda found: found[1] + quoted, text, count=1, flags=re.MULTILINE)
    text = text.replace(f"product: {NAME}", "product: hostile")
    desk.do(
        AdoptPlan(product="hostile", text=text, file="product.yaml"), Identity("admin", frozenset({"administrator"}))
    )
    desk.do(OpenIncident(product="hostile", title=HOSTILE, severity="high"), Identity("night-operator"))
    desk.do(OpenIncident(product=NAME, title=HOSTILE, severity="high"), Identity("night-operator"))
    command = GiveSignOff(
        product=NAME, candidate=quay[0].story.retrained, function="technology", decision="reject", reason=HOSTILE
    )
    desk.do(command, Identity("technology-owner"))
    log_in(client, quay, "auditor")
    shown = 0
    for path in [*PATHS, *(path.replace(NAME, "hostile") for path in PATHS)]:
        for query in ("", f"?done={HOSTILE}&kind={HOSTILE}&before={HOSTILE}&answer={HOSTILE}&candidate=", "?verify=1"):
            page = client.get(path + query)
            assert page.status_code in (200, 404), path
            assert not re.search(r"<script>|<img|onerror=alert\(1\)>|\"'\"", page.text), path
            assert "49" not in re.findall(r"onerror=alert\(1\)&gt;(.{0,4})", page.text)
            shown += "&lt;script&gt;alert(1)" in page.text
    assert shown >= 10


def test_hostile_text_in_a_form_comes_back_as_text(client: httpx.Client, quay: Quay) -> None:
    log_in(client, quay, "technology-owner")
    form = {"csrf": token(client.get(INCIDENTS)), "what": "open", "title": HOSTILE, "severity": HOSTILE}
    answer = client.post(INCIDENTS, data=form)
    assert answer.status_code == 422
    assert "<script>" not in answer.text
    assert answer.text.count("&lt;script&gt;") >= 2
    assert HOSTILE not in [one.title for one in quay[0].desk.ask(Incidents(product=NAME), Identity("auditor"))][:-1]


@pytest.mark.parametrize(
    ("content", "kind_of_body"),
    [
        (b'{"what": "open", "title": "x"}', "application/json"),
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"no boundary", "multipart/form-data"),
        (b"&".join(b"a%d=1" % number for number in range(3000)), "application/x-www-form-urlencoded"),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 2000 + b"--x--",
         "multipart/form-data; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="csrf"; filename="a"\r\n\r\n1\r\n--x--',
         "multipart/form-data; boundary=x"),
    ],
    ids=["json", "no text", "broken", "no boundary", "many", "many parts", "a file"],
)  # fmt: skip
def test_a_body_that_is_no_form_of_ours_is_refused_and_changes_nothing(
    client: httpx.Client, quay: Quay, content: bytes, kind_of_body: str
) -> None:
    log_in(client, quay, "technology-owner")
    head = quay[0].desk.store.ledger.head().seq
    for path in (INCIDENTS, "/login", "/logout"):
        answer = client.post(path, content=content, headers={"Content-Type": kind_of_body})
        assert answer.status_code in (400, 403), (path, answer.status_code)
        assert "Something is wrong on our side" not in answer.text
    assert quay[0].desk.store.ledger.head().seq == head


def test_other_methods_and_addresses_that_nearly_exist(client: httpx.Client, quay: Quay) -> None:
    log_in(client, quay, "auditor")
    seen = client.head(SIGN)
    assert (seen.status_code, seen.content) == (200, b"")
    for method in ("OPTIONS", "PUT", "DELETE", "PATCH"):
        assert client.request(method, SIGN).status_code == 405
        assert client.request(method, "/login").status_code == 405
    assert client.post(f"{PRODUCT}/plan", data={"csrf": token(client.get(SIGN))}).status_code == 405
    slashed = client.get(f"{SIGN}/")
    assert slashed.status_code in (307, 404)
    assert slashed.headers.get("location", quay[1]).startswith(quay[1])
    for path in ("/products/%2e%2e/sign", "/products/nowhere/sign", "/static/../app.py", "/static/%2e%2e/app.py",
                 "/products/next-purchase/files/abc"):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code in (403, 404), (path, answer.status_code)


def test_signing_twice_by_two_clicks_is_two_facts_of_one_owner_and_no_more(client: httpx.Client, quay: Quay) -> None:
    log_in(client, quay, "validation-owner")
    page = client.get(SIGN)
    form = {"csrf": token(page), "what": "sign-off", "function": "validation", "candidate": quay[0].story.retrained,
            "evidence": quay[0].story.evidence, "decision": "approve"}  # fmt: skip
    before = len(quay[0].desk.store.ledger.past(NAME).of(SignOffGiven))
    assert [client.post(SIGN, data=form).status_code for _ in range(2)] == [303, 303]
    given = quay[0].desk.store.ledger.past(NAME).of(SignOffGiven)[before:]
    assert {(fact.who, fact.what.function) for fact in given} == {("validation-owner", "validation")}
