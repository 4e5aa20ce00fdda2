"""Mail and chats: one short text to an address as apprise writes it, its host judged like every other way out.

What takes a message over plain HTTP is not sent to from here: `https://…` of a route is, by the guard of `outbound`,
which follows no redirect into the network.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import Any

from shipworthy.base.errors import Mistake, UserError
from shipworthy.edges.outbound import require_open

# These would send anywhere by plain HTTP, follow where they are led, or reach into this machine.
_NOT_FROM_HERE = (
    "json", "jsons", "xml", "xmls", "form", "forms", "apprise", "apprises", "dbus", "kde", "qt", "glib", "gnome",
    "macosx", "windows", "syslog", "rsyslog",
)  # fmt: skip
_HOSTS = ("host", "smtp_host")


def say(address: str, where: str, environ: Mapping[str, str], title: str, text: str) -> None:
    """Tell an address something.

    Raises:
        UserError: it is no address that is known, or leads into the network.
        OSError: it was not taken; the message never shows the address.
    """
    service = messenger(address, where, environ)
    logger = logging.getLogger("apprise")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)  # what it complains of may hold the address
    try:
        taken = service.notify(body=text, title=title)
    except Exception as error:  # each service raises errors of its own
        raise OSError(f"{where}: {type(error).__name__}") from None
    finally:
        logger.setLevel(before)
    if not taken:
        raise OSError(f"{where}: {service.service_name} did not take the message")


def messenger(address: str, where: str, environ: Mapping[str, str]) -> Any:
    """The service that an address names; nothing is sent.

    Raises:
        UserError: it is no address that is known, or leads into the network.
        OSError: its host leads nowhere.
    """
    scheme = address.partition(":")[0].lower()
    if scheme in _NOT_FROM_HERE:
        fix = "Write the https address itself: it gets a signed POST. Mail and chats have addresses of their own."
        raise _refused(where, f"{scheme}: is not sent to.", fix)
    try:
        with warnings.catch_warnings(action="ignore"):  # what the library's many services import is not ours to heed
            import apprise

            service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    except ImportError:
        fix = "pip install 'shipworthy[notify]' where Shipworthy runs."
        raise _refused(where, "Mail and chats need apprise, which is not installed.", fix) from None
    if service is None:
        fix = "Write it as apprise does, such as mailtos://… or slack://…, best as a whole from the environment."
        raise _refused(where, "It is no address of a mail server or chat that is known.", fix)
    for name in _HOSTS:
        host = getattr(service, name, None)
        # A host that the service itself fixes is no choice of the address.
        if host and (name == "smtp_host" or "host" in service.template_tokens):
            require_open(str(host), getattr(service, "port", None) or 0, where, environ)
    return service


def _refused(where: str, found: str, fix: str) -> UserError:
    why = "A message that goes nowhere, or where it should not, is worse than one that says so."
    return UserError(Mistake("outbound.refused", where, found, why, fix))
