"""Caches may keep the public documents, and ask about them again (RFC 9110 §13.1.2)."""

import re

import pytest
from fastapi.testclient import TestClient

from app.discovery.publishing import is_held
from tests.app.discovery.deployed import DISCOVERY, JWKS, SERVER_METADATA

TAG = '"3q2-7w"'
ADDRESSES = pytest.mark.parametrize("address", [DISCOVERY, SERVER_METADATA, JWKS])


@ADDRESSES
def test_caches_may_keep_a_document_for_five_minutes(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert re.fullmatch(r'"[A-Za-z0-9_-]{43}"', answer.headers["etag"])


@ADDRESSES
def test_the_same_bytes_have_the_same_tag(client: TestClient, address: str) -> None:
    first, second = client.get(address), client.get(address)
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]


def test_two_documents_have_two_tags(client: TestClient) -> None:
    assert client.get(JWKS).headers["etag"] != client.get(DISCOVERY).headers["etag"]


@ADDRESSES
def test_whoever_holds_the_bytes_gets_none(client: TestClient, address: str) -> None:
    whole = client.get(address)
    held = client.get(address, headers={"If-None-Match": whole.headers["etag"]})
    assert (held.status_code, held.content) == (304, b"")
    for name in ("etag", "cache-control", "x-content-type-options"):
        assert held.headers[name] == whole.headers[name]
    assert "content-type" not in held.headers
    assert "content-length" not in held.headers


@ADDRESSES
def test_whoever_holds_other_bytes_gets_the_document(client: TestClient, address: str) -> None:
    answer = client.get(address, headers={"If-None-Match": TAG})
    assert answer.status_code == 200
    assert answer.json()


def test_a_field_may_come_in_several_lines(client: TestClient) -> None:
    tag = client.get(JWKS).headers["etag"]
    lines = [("If-None-Match", '"one"'), ("If-None-Match", tag), ("If-None-Match", '"two"')]
    assert client.get(JWKS, headers=lines).status_code == 304


def test_other_conditions_are_none(client: TestClient) -> None:
    """There is no Last-Modified, so a date says nothing (RFC 9110 §13.1.3)."""
    headers = {"If-Modified-Since": "Tue, 01 Jan 2999 00:00:00 GMT"}
    assert client.get(JWKS, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "field",
    [
        TAG,
        f"W/{TAG}",
        "*",
        " * ",
        f'"one", {TAG}',
        f'{TAG},"one"',
        f'"one",\t{TAG} , "two"',
        f'W/"one",W/{TAG}',
        f'"a,b", {TAG}',
        f'"", {TAG}',
        f'"\xe9", {TAG}',
        f",, {TAG},",
    ],
)
def test_a_document_is_held_where_a_list_names_its_tag_or_any(field: str) -> None:
    assert is_held(TAG, [field])


@pytest.mark.parametrize(
    "field",
    [
        "",
        TAG.strip('"'),
        TAG[:-1],
        TAG[1:],
        TAG.upper(),
        f'"{TAG[1:-1]}x"',
        f'"x{TAG[1:-1]}"',
        f'" {TAG[1:-1]}"',
        "W/",
        '"*"',
        "**",
        '"one", "two"',
        f'"one, {TAG[1:-1]}"',
    ],
)
def test_another_tag_or_none_at_all_is_not_held(field: str) -> None:
    assert not is_held(TAG, [field])


def test_no_field_holds_nothing() -> None:
    assert not is_held(TAG, [])


def test_a_long_field_costs_little() -> None:
    """A reader that tries anew at each quote would be at it for minutes."""
    assert not is_held(TAG, ['"' * 8000 + "x" * 8000])
    assert is_held(TAG, [", ".join(['"one"'] * 2000 + [TAG])])
