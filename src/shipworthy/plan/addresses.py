"""Files, addresses and placeholders in product.yaml: they can be read, and they hold no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from shipworthy.plan.raw import Ground, Rule, Values, named, part, word
from shipworthy.plan.slip import Slip

_FROM_ENVIRONMENT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_FILLED_IN = re.compile(r"\{([^{}]*)\}")
_IN_FILES, _IN_DATABASES = ("csv", "jsonl", "parquet", "excel", "delta"), ("sql",)
_AT_ADDRESSES = (*_IN_DATABASES, "http", "webhook", "email", "chat")
_SECRET_HEADER = re.compile(r"auth|token|key|secret|password|cookie", re.IGNORECASE)
_KNOWN_FILLED_IN = ("as_of", "run")
_PASSWORD = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/@\s:]*:(?P<secret>[^@\s]+)@")
_SECRET_PARAMETER = re.compile(
    r"[?&;](password|passwd|pwd|secret|token|access_token|api_?key|key|sig)=(?P<secret>[^&;#\s]+)", re.IGNORECASE
)
_ROUTE = re.compile(
    r"^(file:[^/\s].*|file:/.*|https://\S+|http://(localhost|127\.0\.0\.1)([:/]\S*)?|(?!https?:)[a-z][a-z0-9]*://\S+|\$\{\w+\}.*)$"
)


def placeholders(ground: Ground) -> Iterator[Slip]:
    """`${NAME}` is well written, and a sink's `{…}` is one that is filled in."""
    for path, text in _addresses(ground.values):
        rest = _FROM_ENVIRONMENT.sub("", text)
        if "${" in rest or re.search(r"\$[A-Za-z_]", rest):
            found = f"{path} has a $ that is no ${{NAME}}."
            fix = "Write ${NAME}, with letters, digits and _ between the braces."
            yield Slip(path, "plan.placeholder", found, "The value comes from the environment by its name.", fix)
        elif path.startswith("sinks."):
            for name in _FILLED_IN.findall(rest):
                if name not in _KNOWN_FILLED_IN:
                    found = f"{path} has {{{name[:60]}}}. Known: {{as_of}}, {{run}}."
                    yield Slip(path, "plan.placeholder", found, "Nothing would be filled in.", "Use {as_of} or {run}.")


def secrets(ground: Ground) -> Iterator[Slip]:
    """No password or token stands in the file: the whole plan goes into the ledger, for good."""
    for path, text in _addresses(ground.values):
        for pattern in (_PASSWORD, _SECRET_PARAMETER):
            secret = pattern.search(text)
            if secret and not _FROM_ENVIRONMENT.fullmatch(secret["secret"]):
                found = f"{path} has a password or token in plain text."
                why = "The plan goes into the ledger, where nothing is ever removed, and is read by many."
                fix = "Change the secret, put it into an environment variable and write ${NAME} in its place."
                yield Slip(path, "plan.secret", found, why, fix)
                break
    yield from _secret_fields(ground.values)


def _secret_fields(values: Values) -> Iterator[Slip]:
    """A key to sign with, and headers whose name says that they hold a secret, come from the environment alone."""
    places = [(f"sinks.{name}.secret", word(sink, "secret")) for name, sink in named(values, "sinks")]
    for path, text in _headers(values):
        if _SECRET_HEADER.search(path.rpartition(".headers.")[2]):
            places.append((path, text))
    for path, text in places:
        if text and not _FROM_ENVIRONMENT.search(text):
            why = "The plan goes into the ledger, where nothing is ever removed, and is read by many."
            fix = "Change the secret, put it into an environment variable and write ${NAME} in its place."
            yield Slip(path, "plan.secret", f"{path} holds a secret in plain text.", why, fix)


def _headers(values: Values) -> Iterator[tuple[str, str]]:
    for folder in ("sources", "sinks"):
        for name, system in named(values, folder):
            for header in part(system, "headers"):
                yield f"{folder}.{name}.headers.{header}", word(part(system, "headers"), header)


def destinations(ground: Ground) -> Iterator[Slip]:
    """A source and a sink say where they are, in one way, and in the way that their kind needs."""
    for folder, noun, detail in (("sources", "read from", "query"), ("sinks", "written to", "table")):
        for name, system in named(ground.values, folder):
            path, kind = f"{folder}.{name}", word(system, "kind")
            file, url = word(system, "path"), word(system, "url")
            if bool(file) == bool(url):
                found = f"{path} has {'both path and url' if file else 'neither path nor url'}."
                fix = "Keep one of them." if file else "Add `path:` for a file, or `url:` for a database or address."
                yield Slip(path, "plan.address", found, f"It must be plain where it is {noun}.", fix)
            elif (kind in _IN_FILES and url) or (kind in _AT_ADDRESSES and file):
                has, needs = ("url", "path") if url else ("path", "url")
                found = f"{path} has kind {kind}, which needs {needs}, but it has {has}."
                yield Slip(path, "plan.address", found, "", f"Add `{needs}: …` in place of {has}, or change the kind.")
            if kind in _IN_DATABASES and url and not word(system, detail):
                found = f"{path} is a database, but {path}.{detail} is missing."
                yield Slip(path, "plan.address", found, "", f"Add `{detail}: …`.")


def files_beside(ground: Ground) -> Iterator[Slip]:
    """Pipeline, guides and model files lie beside product.yaml."""
    values = ground.values
    places = [
        ("data.pipeline", word(part(values, "data"), "pipeline")),
        ("model.file", word(part(values, "model"), "file")),
    ]
    places += [(f"consumers.{name}.guide", word(consumer, "guide")) for name, consumer in named(values, "consumers")]
    for path, file in places:
        outside = PurePosixPath(file).is_absolute() or PureWindowsPath(file).drive or ".." in re.split(r"[/\\]", file)
        if outside or "://" in file:
            found = f"{path} is {file[:60]!r}, which is not below the folder of product.yaml."
            why = "Code, model and guides are part of the product and are kept by digest together with it."
            yield Slip(
                path, "plan.file_outside", found, why, "Put the file beside product.yaml and name it from there."
            )
        elif path == "data.pipeline" and file and not file.endswith(".py"):
            found = f"data.pipeline is {file[:60]!r}, which is no Python file."
            yield Slip(path, "plan.file_outside", found, "", "Name a .py file with features(), label() and train().")


def routes(ground: Ground) -> Iterator[Slip]:
    """A route leads to a folder or to an address that is safe to send to."""
    for name, route in part(ground.values, "respond", "routes").items():
        if isinstance(route, str) and not _ROUTE.match(route):
            found = f"respond.routes.{name} is neither file:PATH nor an address that is safe to send to."
            fix = "Write file:out/messages, https://…, a mail or chat address such as mailtos://…, or ${NAME}."
            yield Slip(
                f"respond.routes.{name}", "plan.bad_route", found, "A message must arrive unread by others.", fix
            )


def _addresses(values: Values) -> Iterator[tuple[str, str]]:
    for name, source in named(values, "sources"):
        for key in ("path", "url"):
            yield f"sources.{name}.{key}", word(source, key)
    for name, sink in named(values, "sinks"):
        for key in ("path", "url", "rehearsal", "secret", "link"):
            yield f"sinks.{name}.{key}", word(sink, key)
    yield from _headers(values)
    for name, broker in named(values, "brokers"):
        yield f"brokers.{name}.url", word(broker, "url")
    for name, route in part(values, "respond", "routes").items():
        yield f"respond.routes.{name}", route if isinstance(route, str) else ""


RULES: tuple[Rule, ...] = (placeholders, secrets, destinations, files_beside, routes)
