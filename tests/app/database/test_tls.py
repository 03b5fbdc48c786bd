"""The way to a PostgreSQL that is not on this machine: TLS, of the right name, or nothing."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import OperationalError

from app.database import Database
from tests.app.database.own_server import OwnServer
from tests.app.database.tls_door import NAME, Authority, Door, open_door
from tests.conftest import AppMaker
from tests.support import ISSUER, PASSWORD, on_sqlite

Opener = Callable[..., Door]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def opened(own_server: OwnServer) -> Iterator[Opener]:
    """Opens doors before the server of the tests."""
    behind = Path(str(own_server.url.query["host"])) / ".s.PGSQL.5432"
    with ExitStack() as doors:
        yield lambda context, answer=b"S": doors.enter_context(open_door(context, behind, answer))


def address(guest: URL, door: Door, name: str = NAME, **query: str | Path) -> str:
    """The URL of a host of this name, which stands on loopback for these tests alone."""
    written = {"hostaddr": "127.0.0.1"} | {key: str(value) for key, value in query.items()}
    url = guest.set(host=name, port=door.port, query=written)
    return url.render_as_string(hide_password=False)


def connect(url: str) -> str:
    """Who one is, there."""
    with closing(Database(url)) as database, database.engine.connect() as connection:
        return str(connection.scalar(text("SELECT current_user")))


def refusal(url: str) -> str:
    with pytest.raises(OperationalError) as refused:
        connect(url)
    password = make_url(url).password
    assert password
    assert password not in f"{refused.value!r} {refused.value} {refused.value.__cause__!r}"
    return str(refused.value.orig)


def test_a_server_of_the_right_name_and_a_ca_that_is_named_is_believed(
    own_server: OwnServer, opened: Opener, authority: Authority
) -> None:
    door, guest = opened(authority.server()), own_server.guest()
    assert connect(address(guest, door, sslrootcert=authority.file)) == guest.username
    assert (door.shaken, door.overheard) == (1, b"")


@on_sqlite
def test_the_app_serves_over_it(
    own_server: OwnServer, opened: Opener, authority: Authority, make_app: AppMaker
) -> None:
    door = opened(authority.server())
    url = address(own_server.guest(), door, sslrootcert=authority.file)
    account = {"email": f"{door.port}@example.com", "password": PASSWORD}
    with TestClient(make_app(database_url=url), base_url=ISSUER) as client:
        assert client.get("/ready").status_code == 200
        assert client.post("/users", json=account).status_code == 201
    assert door.shaken
    assert door.overheard == b""


@pytest.mark.parametrize("sslmode", [{}, {"sslmode": "verify-full"}], ids=["unasked", "asked"])
def test_without_a_ca_of_ones_own_those_of_aws_are_believed_and_no_other(
    own_server: OwnServer, opened: Opener, authority: Authority, sslmode: dict[str, str]
) -> None:
    door = opened(authority.server())
    assert "certificate verify failed" in refusal(address(own_server.guest(), door, **sslmode))
    assert (door.asked, door.shaken, door.overheard) == (1, 0, b"")


def test_another_name_is_refused(
    own_server: OwnServer, opened: Opener, authority: Authority
) -> None:
    door = opened(authority.server("other.example.com"))
    told = refusal(address(own_server.guest(), door, sslrootcert=authority.file))
    assert 'does not match host name "db.example.com"' in told
    assert door.overheard == b""


def test_an_address_is_no_name(own_server: OwnServer, opened: Opener, authority: Authority) -> None:
    door = opened(authority.server())
    url = address(
        own_server.guest(),
        door,
        "127.0.0.1",
        sslmode="verify-full",
        sslrootcert=authority.file,
    )
    assert 'does not match host name "127.0.0.1"' in refusal(url)


def test_a_foreign_ca_is_refused(
    own_server: OwnServer, opened: Opener, authority: Authority, tmp_path: Path
) -> None:
    door = opened(Authority(tmp_path, "foreign").server())
    told = refusal(address(own_server.guest(), door, sslrootcert=authority.file))
    assert "certificate verify failed" in told
    assert (door.shaken, door.overheard) == (0, b"")


def test_an_expired_certificate_is_refused(
    own_server: OwnServer, opened: Opener, authority: Authority
) -> None:
    door = opened(authority.server(expired=True))
    told = refusal(address(own_server.guest(), door, sslrootcert=authority.file))
    assert "certificate verify failed" in told
    assert (door.shaken, door.overheard) == (0, b"")


def test_a_ca_whose_file_is_not_there_is_no_reason_to_go_without(
    own_server: OwnServer, opened: Opener, authority: Authority, tmp_path: Path
) -> None:
    door = opened(authority.server())
    told = refusal(address(own_server.guest(), door, sslrootcert=tmp_path / "absent.pem"))
    assert "absent.pem" in told
    assert (door.shaken, door.overheard) == (0, b"")


@pytest.mark.parametrize("answer", [b"N", b"E", b"?", b"S\x00", b""], ids=repr)
def test_who_offers_no_tls_hears_no_name_and_no_password(
    own_server: OwnServer, opened: Opener, authority: Authority, answer: bytes
) -> None:
    door, guest = opened(authority.server(), answer), own_server.guest()
    refusal(address(guest, door, sslrootcert=authority.file))
    assert (door.asked, door.shaken) == (1, 0)
    assert str(guest.username).encode() not in door.overheard
    assert door.overheard[:1] in (b"", b"\x16")  # of a handshake, which tells the name of the host


def test_off_lambda_a_url_that_asks_for_less_gets_less(
    own_server: OwnServer, opened: Opener, authority: Authority
) -> None:
    door, guest = opened(authority.server(), b"N"), own_server.guest()
    refusal(address(guest, door, sslmode="prefer"))
    assert str(guest.username).encode() in door.overheard
