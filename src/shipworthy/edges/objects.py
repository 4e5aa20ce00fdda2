"""Files on any system that fsspec reaches, with credentials from the environment, never from a plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import fsspec.core

from shipworthy.base.errors import Mistake, UserError
from shipworthy.edges.outbound import require_open

ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]*(::|://)")
_S3 = ("s3", "s3a")
# Systems whose host the plan itself names; the others are named by the installation, or are no network at all.
_HOST_IN_ADDRESS = ("ftp", "sftp", "ssh", "smb", "hdfs", "webhdfs", "arrow_hdfs", "jupyter", "jlab", "dask", "dbfs")
_WEB = ("http", "https", "webdav", "oci+http")
_EXTRAS = {"s3": "s3", "s3a": "s3"}


def system_of(address: str, environ: Mapping[str, str], where: str) -> tuple[Any, str]:
    """The file system of an fsspec address, and the path there; nothing is remembered of what it held before.

    Raises:
        UserError: a library is missing, or the address leads over HTTP or into the inner network.
    """
    protocols = [part.split("://")[0] for part in address.split("::")]
    for protocol, part in zip(protocols, address.split("::"), strict=True):
        if protocol in _WEB:
            found = f"A {protocol} address is no file system."
            why = "Where it leads would be looked at by nobody."
            raise UserError(Mistake("outbound.no_files", where, found, why, "Use `kind: http` with `url`."))
        if protocol in _HOST_IN_ADDRESS:
            parts = urlsplit(part)
            require_open(parts.hostname or "", parts.port or 0, where, environ)
    options = {protocol: s3_options(environ) for protocol in protocols if protocol in _S3}
    try:
        if len(protocols) == 1:
            system, path = fsspec.core.url_to_fs(address, **options.get(protocols[0], {}))
        else:
            system, path = fsspec.core.url_to_fs(address, **options)
    except ImportError as error:
        extra = next((_EXTRAS[protocol] for protocol in protocols if protocol in _EXTRAS), "")
        fix = f"pip install 'shipworthy[{extra}]'" if extra else "Install what the message names."
        raise UserError(Mistake("outbound.no_library", where, str(error), fix=fix)) from None
    system.invalidate_cache()
    return system, path


def paths_here(address: str) -> list[str]:
    """The paths on this machine that a chained address goes through.

    >>> paths_here("zip://a.csv::file:///in/a.zip"), paths_here("simplecache::s3://lists/a.csv")
    (['/in/a.zip'], [])
    """
    parts = address.split("::")[1:]
    named = [part.partition("://") for part in parts]
    return [path if mark else whole for whole, mark, path in named if not mark or whole in ("file", "local")]


def s3_options(environ: Mapping[str, str]) -> dict[str, Any]:
    """What an S3 file system is opened with; what is absent is left to the profile or role of the machine.

    >>> s3_options({"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"})["endpoint_url"]
    'http://127.0.0.1:9000'
    """
    given = {
        "key": environ.get("AWS_ACCESS_KEY_ID"),
        "secret": environ.get("AWS_SECRET_ACCESS_KEY"),
        "token": environ.get("AWS_SESSION_TOKEN"),
        "endpoint_url": environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL"),
    }
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    found: dict[str, Any] = {name: value for name, value in given.items() if value}
    found |= {"client_kwargs": {"region_name": region}} if region else {}
    # Whoever calls tries again later; a store that is down is to be told in seconds.
    patience = {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 1}}
    return found | {"use_listings_cache": False, "config_kwargs": patience}


def delta_options(environ: Mapping[str, str]) -> dict[str, str]:
    """What a Delta table on an object store is opened with, from the environment.

    >>> delta_options({"AWS_ENDPOINT_URL": "http://127.0.0.1:9000", "HOME": "/root"})
    {'AWS_ENDPOINT_URL': 'http://127.0.0.1:9000', 'AWS_ALLOW_HTTP': 'true', 'max_retries': '3', 'retry_timeout': '20s'}
    """
    known = ("AWS_", "AZURE_", "GOOGLE_")
    found = {name: value for name, value in environ.items() if name.startswith(known)}
    endpoint = found.get("AWS_ENDPOINT_URL_S3") or found.get("AWS_ENDPOINT_URL", "")
    if endpoint.startswith("http://"):
        found |= {"AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": "true"}
    return found | {"max_retries": "3", "retry_timeout": "20s"}  # its own are minutes; a delivery is tried again later
