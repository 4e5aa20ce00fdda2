"""Whoever sends what is no JSON hears where and why."""

from __future__ import annotations

import gzip

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.deliver.unread import why_unread


def told(body: bytes) -> tuple[str, str]:
    with pytest.raises(orjson.JSONDecodeError) as error:
        orjson.loads(body)
    return why_unread(body, error.value)


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        (b'{"age": 3, "income": NaN}', "income", "income is NaN or infinite"),
        (b'{"age": -Infinity}', "age", "null says"),
        (b'{"age": 1e999}', "age", "infinite"),
        (b'{"ages": [1, NaN]}', "body", "What stands at line 1, column 14 is NaN"),
        (b'{"age": three}', "age", "line 1, column 9"),
        (b'{\n"age": 3,}', "body", "trailing comma is not allowed, at line 2"),
        (gzip.compress(b"{}"), "body", "compressed"),
        ('{"name": "Müller"}'.encode("latin-1"), "body", "UTF-8"),
        ('{"name": "a"}'.encode("utf-16"), "body", "UTF-8"),
        (b"\xef\xbb\xbf{}", "body", "UTF-8"),
        (b"", "body", "no JSON"),
        (b"[" * 5_000, "body", "depth"),
    ],
)
def test_the_field_and_the_reason_are_named(body: bytes, field: str, says: str) -> None:
    where, found = told(body)
    assert where == field
    assert says in found


@given(st.binary(max_size=200))
def test_any_bytes_get_a_reason(body: bytes) -> None:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        field, found = why_unread(body, error)
        assert field
        assert found.endswith(".")
