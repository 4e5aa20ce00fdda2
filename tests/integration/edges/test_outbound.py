"""Where requests may go: never inside by a plan's word alone, by no trick of names and redirects, never without end."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from integration.outside import ALLOWED, Answer, Web, certificate_for, mail_server, web_server

from shipworthy.base.errors import UserError
from shipworthy.deliver.sink import Target
from shipworthy.deliver.sinks import email
from shipworthy.edges.outbound import Ask, Reply, _tls, is_inner, require_open, send
from shipworthy.plan.schema import Sink


def get(url: str, environ: dict[str, str] | None = None, **more: Any) -> Reply:
    return send(Ask("GET", url, "sources.feed.url", **more), ALLOWED if environ is None else environ)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Let a name lead to addresses, one after the other; gives those who asked."""

    def lead(name: str, *places: str) -> list[str]:
        asked: list[str] = []
        real = socket.getaddrinfo
        left = list(places)

        def looked_up(host: Any, port: Any, *args: Any, **more: Any) -> Any:
            if host != name:
                return real(host, port, *args, **more)
            asked.append(host)
            return real(left.pop(0) if len(left) > 1 else left[0], port, *args, **more)

        monkeypatch.setattr(socket, "getaddrinfo", looked_up)
        return asked

    return lead


@pytest.mark.parametrize(
    "place",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
    ],
)
def test_an_inner_address_is_seen_in_every_form(place: str) -> None:
    assert is_inner(place)


@pytest.mark.parametrize("place", ["93.184.216.34", "2606:2800:220:1::1"])
def test_a_public_address_is_none(place: str) -> None:
    assert not is_inner(place)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "localhost", "[::1]"])
def test_other_ways_to_write_this_machine_are_refused(host: str, web: Web) -> None:
    with pytest.raises((UserError, OSError)):
        get(web.url.replace("127.0.0.1", host), {})
    assert web.got == []


def test_the_installation_names_hosts_addresses_and_networks(names: Callable[..., list[str]]) -> None:
    names("crm.inner", "10.1.2.3")
    for allowed in ("crm.inner", "other, CRM.inner", "10.1.2.3", "10.0.0.0/8"):
        assert require_open("crm.inner", 443, "sinks.crm", {"SHIPWORTHY_ALLOW_HOSTS": allowed}) == ["10.1.2.3"]
    for allowed in ("", "inner", "crm", "10.1.2.4", "11.0.0.0/8", "nonsense/x"):
        with pytest.raises(UserError, match=r"crm\.inner is 10\.1\.2\.3"):
            require_open("crm.inner", 443, "sinks.crm", {"SHIPWORTHY_ALLOW_HOSTS": allowed})


def test_a_name_is_looked_up_once_and_the_judged_address_is_used(names: Callable[..., list[str]], web: Web) -> None:
    asked = names("feed.example", "127.0.0.1", "10.9.9.9")
    reply = get(web.url.replace("127.0.0.1", "feed.example"))
    assert reply.status == 204
    assert asked == ["feed.example"]
    assert web.got[0].headers["host"].startswith("feed.example:")


def test_a_name_that_leads_inside_too_is_refused_whole(names: Callable[..., list[str]]) -> None:
    names("rebound.example", "169.254.169.254")
    with pytest.raises(UserError, match=r"169\.254\.169\.254"):
        get("https://rebound.example/latest/meta-data", {})


def test_a_redirect_is_judged_and_gets_no_secret_of_another_host(names: Callable[..., list[str]], web: Web) -> None:
    names("other.example", "127.0.0.1")
    secret = {"authorization": "Bearer hush", "accept": "text/csv"}
    web.answers = [Answer(302, {"location": web.url.replace("127.0.0.1", "other.example") + "/b"}), Answer(200)]
    assert get(f"{web.url}/a", headers=secret, redirects=2).status == 200
    assert "authorization" in web.got[0].headers
    assert "authorization" not in web.got[1].headers
    assert web.got[1].headers["accept"] == "text/csv"
    web.answers = [Answer(302, {"location": "https://169.254.169.254/latest"})]
    with pytest.raises(UserError, match="inside the network"):
        get(f"{web.url}/a", redirects=2)
    web.answers = [Answer(302, {"location": "file:///etc/passwd"})]
    with pytest.raises(UserError, match="no address that is safe"):
        get(f"{web.url}/a", redirects=2)
    web.answers = [Answer(302, {"location": "/a"})]
    with pytest.raises(UserError, match="without end"):
        get(f"{web.url}/a", redirects=2)


def test_http_is_for_this_machine_alone(names: Callable[..., list[str]]) -> None:
    names("crm.inner", "10.1.2.3")
    with pytest.raises(UserError, match="Over http others could read"):
        get("http://crm.inner/", {"SHIPWORTHY_ALLOW_HOSTS": "crm.inner"})


def test_an_answer_is_bounded_in_size_and_whole(web: Web) -> None:
    web.answers = [Answer(200, body=b"x" * 5_000)]
    assert len(get(web.url, most=5_000).body) == 5_000
    with pytest.raises(UserError, match="more than 4,999 bytes"):
        get(web.url, most=4_999)
    web.answers = [Answer(200, body=b"x", cut=True)]
    with pytest.raises(OSError, match=r"sources\.feed\.url"):
        get(web.url)


def test_nobody_there_is_told_without_the_address() -> None:
    with pytest.raises(OSError, match=r"sources\.feed\.url: ConnectError") as caught:
        get("http://127.0.0.1:1/?token=hush")
    assert "hush" not in str(caught.value)


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A certificate for feed.example that this machine trusts."""
    made = certificate_for("feed.example", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    _tls.cache_clear()
    yield made
    _tls.cache_clear()


def test_tls_is_held_against_the_name_and_not_the_judged_address(
    names: Callable[..., list[str]], certificate: Path
) -> None:
    names("feed.example", "127.0.0.1")
    with web_server(certificate) as web:
        assert get(web.url.replace("127.0.0.1", "feed.example")).status == 204
        names("other.example", "127.0.0.1")
        with pytest.raises(OSError, match="ConnectError"):
            get(web.url.replace("127.0.0.1", "other.example"))
        assert len(web.got) == 1


def test_mail_over_tls_is_held_against_the_name_too(
    names: Callable[..., list[str]], certificate: Path, tmp_path: Path
) -> None:
    names("feed.example", "127.0.0.1")
    declared = Sink(kind="email", url="${MAIL}", to=["a@b.example"], sender="c@d.example", rehearsal="")
    with mail_server(certificate) as mail:
        for name, fits in (("feed.example", True), ("127.0.0.1", False)):
            environ = {**ALLOWED, "MAIL": f"smtps://{name}:{mail.port}"}
            goal = Target(tmp_path, "", "", "", "run", to=("a@b.example",), declared=declared, environ=environ)
            goal = replace(goal, url=declared.url)
            if fits:
                email.write(goal, pa.table({"x": [1]}))
            else:
                with pytest.raises(OSError, match="cannot be reached"):
                    email.write(goal, pa.table({"x": [1]}))
        assert len(mail.got) == 1
