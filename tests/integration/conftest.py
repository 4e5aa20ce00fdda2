"""The outside world for the tests that reach it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from integration.outside import KEYS, Mail, Web, mail_server, s3_server, web_server


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server on this machine."""
    with web_server() as found:
        yield found


@pytest.fixture
def mail() -> Iterator[Mail]:
    """A mail server on this machine."""
    with mail_server() as found:
        yield found


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """An S3 store over HTTP on this machine, for the whole run."""
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def s3(s3_endpoint: str) -> tuple[str, dict[str, str]]:
    """A fresh bucket as an fsspec address, and the environment that reaches it."""
    environ = {**KEYS, "AWS_ENDPOINT_URL": s3_endpoint}
    bucket = f"lists-{uuid4().hex[:8]}"
    httpx.put(f"{s3_endpoint}/{bucket}", trust_env=False).raise_for_status()
    return f"s3://{bucket}", environ
