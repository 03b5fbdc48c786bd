"""When a list is signed anew, and who is told that he holds it already (RFC 9110 §13.1.2)."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from app.clock import Clock
from app.parts import find
from app.sessions.models import StatusList
from app.sessions.schemas import TokenResponse
from app.sessions.status_lists import PublishedLists
from app.tokens.errors import KeysUnavailable
from app.tokens.issue import Issuer
from tests.app.sessions.house import House
from tests.app.sessions.lists import end, fill, get, payload_of, status_of
from tests.support import ISSUER, private_jwk


class Signing:
    """Counts what is signed, by whom ever."""

    count = 0


@pytest.fixture
def signing(monkeypatch: pytest.MonkeyPatch) -> Signing:
    counted, sign = Signing(), Issuer.sign_status_list

    def counting(self: Issuer, **what: Any) -> str:
        counted.count += 1
        return sign(self, **what)

    monkeypatch.setattr(Issuer, "sign_status_list", counting)
    return counted


@pytest.fixture
def tokens(house: House) -> TokenResponse:
    return house.begin()


@pytest.fixture
def uri(house: House, tokens: TokenResponse) -> str:
    return status_of(house.claims(tokens)).uri


def test_a_list_that_is_young_is_signed_once(house: House, uri: str, signing: Signing) -> None:
    first = get(house.app, uri)
    house.clock.move(9)
    assert get(house.app, uri).content == first.content
    assert signing.count == 1


def test_after_ten_seconds_it_is_signed_anew_for_who_holds_none(
    house: House, uri: str, signing: Signing
) -> None:
    """So no authorizer that asks again is given an older one than it holds: it would refuse it."""
    first, other = get(house.app, uri), house.open()
    house.clock.move(5)
    get(other, uri)
    house.clock.move(6)
    later = get(house.app, uri)
    assert payload_of(later.text)["iat"] == payload_of(first.text)["iat"] + 11
    assert signing.count == 3


@pytest.mark.parametrize(("age", "status"), [(0, 304), (149, 304), (150, 200), (151, 200)])
def test_who_holds_it_goes_on_with_it_until_half_its_life_is_over(
    house: House, uri: str, signing: Signing, age: int, status: int
) -> None:
    house.clock.now = float(int(house.clock.now))
    first = get(house.app, uri)
    house.clock.move(age)
    again = get(house.app, uri, If_None_Match=first.headers["etag"])
    assert again.status_code == status
    assert signing.count == (1 if status == 304 else 2)
    if status == 200:
        assert payload_of(again.text)["exp"] == payload_of(first.text)["exp"] + age


@pytest.mark.parametrize("age", range(0, 400, 7))
def test_whatever_is_served_or_confirmed_has_half_its_life_left(
    house: House, uri: str, age: int
) -> None:
    held = get(house.app, uri)
    house.clock.move(age)
    for answer in (get(house.app, uri), get(house.app, uri, If_None_Match=held.headers["etag"])):
        good = held if answer.status_code == 304 else answer
        assert payload_of(good.text)["exp"] - house.clock.now >= 149


def test_not_modified_says_it_all_without_a_body(house: House, uri: str) -> None:
    first = get(house.app, uri)
    again = get(house.app, uri, If_None_Match=f'"other", W/{first.headers["etag"]}')
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "cache-control"):
        assert again.headers[name] == first.headers[name]


def test_another_process_knows_what_it_did_not_sign(
    house: House, uri: str, signing: Signing
) -> None:
    tag = get(house.app, uri).headers["etag"]
    assert get(house.open(), uri, If_None_Match=tag).status_code == 304
    assert signing.count == 1


def test_of_two_machines_one_clock_may_be_behind(house: House, uri: str) -> None:
    tag = get(house.app, uri).headers["etag"]
    house.clock.move(-3)
    assert get(house.app, uri, If_None_Match=tag).status_code == 304
    house.clock.move(-3)
    assert get(house.app, uri, If_None_Match=tag).status_code == 200


def test_once_a_session_ended_no_old_version_is_good_enough(
    house: House, uri: str, tokens: TokenResponse, signing: Signing
) -> None:
    first = get(house.app, uri)
    end(house, tokens)
    for app in (house.app, house.open()):
        again = get(app, uri, If_None_Match=first.headers["etag"])
        assert again.status_code == 200
        assert again.headers["etag"] != first.headers["etag"]
        assert payload_of(again.text)["status_list"] != payload_of(first.text)["status_list"]
    assert signing.count == 3


@dataclass
class KeyFile:
    """A key set that an app reads again after 300 s."""

    path: Path
    house: House

    @cached_property
    def app(self) -> FastAPI:
        self.path.touch(0o600)
        self.write(private_jwk("ES256"))
        return self.house.open(keys=f"file:{self.path}")

    def write(self, *keys: dict[str, Any]) -> None:
        self.path.write_text(json.dumps({"keys": keys}))

    def changed(self, uri: str, *keys: dict[str, Any]) -> tuple[httpx.Response, httpx.Response]:
        """A list that was signed just before these keys came, and what its holder hears then."""
        app = self.app  # it has read its keys before the clock moves
        self.house.clock.move(295)
        first = get(app, uri)
        self.write(*keys)
        self.house.clock.move(6)
        return first, get(self.app, uri, If_None_Match=first.headers["etag"])


@pytest.fixture
def key_file(tmp_path: Path, house: House) -> KeyFile:
    return KeyFile(tmp_path / "keys.json", house)


def test_what_a_key_signed_that_is_gone_is_neither_served_nor_confirmed(
    house: House, uri: str, key_file: KeyFile
) -> None:
    _, again = key_file.changed(uri, private_jwk("ES256", "second"))
    assert again.status_code == 200
    payload_of(again.text, name="second")


def test_a_key_of_the_same_name_is_another_one(house: House, uri: str, key_file: KeyFile) -> None:
    other = private_jwk("ES256", "second") | {"kid": private_jwk("ES256")["kid"]}
    _, again = key_file.changed(uri, other)
    assert again.status_code == 200
    payload_of(again.text, name="second")


def test_an_hmac_secret_of_the_same_name_is_another_one(
    house: House, uri: str, key_file: KeyFile
) -> None:
    """Its tag cannot tell, since no digest of a secret leaves the house: its memory does."""
    key_file.changed(uri, private_jwk("HS256"))
    house.clock.move(295)
    get(key_file.app, uri)
    key_file.write(private_jwk("HS256", "second") | {"kid": private_jwk("HS256")["kid"]})
    house.clock.move(6)
    payload_of(get(key_file.app, uri).text, "HS256", "second")


def test_the_keys_stay_and_so_does_the_list(house: House, uri: str, key_file: KeyFile) -> None:
    first, again = key_file.changed(uri, private_jwk("ES256"))
    assert again.status_code == 304
    assert get(key_file.app, uri).content == first.content


def test_without_keys_there_is_no_list_but_a_503(house: House, uri: str, key_file: KeyFile) -> None:
    first, _ = key_file.changed(uri)
    house.clock.move(3601)
    answer = get(key_file.app, uri, If_None_Match=first.headers["etag"])
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


@pytest.mark.parametrize("field", ["", "*", '"', '""', '"x.1"', "W/", '"' * 5000])
def test_other_tags_are_none_of_ours(house: House, uri: str, field: str) -> None:
    assert get(house.app, uri, If_None_Match=field).status_code == 200


def test_a_tag_from_the_future_confirms_nothing(house: House, uri: str) -> None:
    digest = get(house.app, uri).headers["etag"].split(".")[0]
    assert get(house.app, uri, If_None_Match=f'{digest}.999999999999"').status_code == 200


def test_of_many_who_ask_at_once_one_has_it_signed(
    house: House, uri: str, signing: Signing
) -> None:
    lists, barrier = find(house.app, PublishedLists), Barrier(4)
    list_id = fill(house, 100)

    def ask(_: int) -> str | None:
        barrier.wait(10)
        return lists.read(list_id).token

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    assert signing.count == 1


def test_no_more_than_64_lists_are_remembered(house: House, signing: Signing) -> None:
    lists = find(house.app, PublishedLists)
    ids = _lists(house, 65)
    for list_id in (*ids, ids[-1], ids[1]):
        lists.read(list_id)
    assert (signing.count, len(lists._memories)) == (65, 64)
    lists.read(ids[0])
    assert signing.count == 66


def test_what_cannot_be_signed_is_forgotten_and_tried_again(
    house: House, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app: FastAPI = house.app
    with monkeypatch.context() as patch:
        patch.setattr(Issuer, "sign_status_list", _raising)
        assert get(app, uri).status_code == 503
    assert get(app, uri).status_code == 200


def _lists(house: House, count: int) -> list[UUID]:
    now = Clock(house.clock).now()
    lists = [
        StatusList(id=uuid4(), key=b"", size=9, created_at=now, last_taken_at=now)
        for _ in range(count)
    ]
    with house.database.transaction() as session:
        session.add_all(lists)
    return [one.id for one in lists]


def _raising(*_: object, **__: object) -> str:
    raise KeysUnavailable("KMS does not answer")


def test_a_list_that_is_gone_is_not_remembered_either(house: House) -> None:
    assert get(house.app, f"{ISSUER}/status-lists/{uuid4()}").status_code == 404
    assert not find(house.app, PublishedLists)._memories
