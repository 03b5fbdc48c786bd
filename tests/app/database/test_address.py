"""Which URLs get TLS unasked, and which settings and secrets name no database."""

import json
import ssl
import warnings
from typing import Any

import pytest
from sqlalchemy import make_url

from app.database_address import (
    CERTIFICATES,
    AddressError,
    FixedAddress,
    _url_in,
    is_strict,
    parse_setting,
    with_tls,
)

PASSWORD = "hunter2-hunter2"
HOST = {"username": "ostiary", "password": PASSWORD, "host": "db.example.com", "dbname": "app"}
STRICT = {"sslmode": "verify-full", "gssencmode": "disable"}
BUNDLE = STRICT | {"sslrootcert": str(CERTIFICATES)}


def query_of(url: str) -> dict[str, Any]:
    return dict(FixedAddress(make_url(f"postgresql+psycopg://u:p@{url}")).current().query)


@pytest.mark.parametrize("host", ["db.example.com", "db.example.com:5433", "10.0.0.1", "[2001::1]"])
def test_a_host_elsewhere_is_named_by_a_certificate_of_aws(host: str) -> None:
    assert query_of(f"{host}/app") == BUNDLE


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]", "localhost:5433"])
def test_this_machine_is_asked_for_no_certificate(host: str) -> None:
    assert query_of(f"{host}/app") == {}


def test_the_folder_of_a_unix_socket_is_this_machine() -> None:
    assert query_of("/app?host=/var/run/postgresql") == {"host": "/var/run/postgresql"}


@pytest.mark.parametrize(
    "url",
    [
        "localhost/app?hostaddr=10.0.0.1",
        "/app?host=localhost&hostaddr=127.0.0.1,10.0.0.1",
        "localhost/app?host=db.example.com",
        "/app?host=localhost,db.example.com",
        "/app?host=localhost&host=db.example.com",
        "/app?host=/socket,db.example.com",
        "localhost.example.com/app",
        "127.0.0.1.example.com/app",
        "0.0.0.0/app",
        "/app",  # libpq looks for a host in PGHOST
    ],
)
def test_what_only_looks_like_this_machine_is_elsewhere(url: str) -> None:
    assert {name: query_of(url)[name] for name in BUNDLE} == BUNDLE


def test_a_ca_of_ones_own_stays_and_the_name_is_checked() -> None:
    asked = query_of("db.example.com/app?sslrootcert=own.pem")
    assert asked == STRICT | {"sslrootcert": "own.pem"}


def test_what_a_url_asks_for_itself_it_gets() -> None:
    for sslmode in ("disable", "require", "verify-ca"):
        asked = f"db.example.com/app?sslmode={sslmode}"
        assert query_of(asked) == {"sslmode": sslmode}
        assert not is_strict(make_url(f"postgresql://{asked}"))
    assert query_of("db.example.com/app?sslmode=verify-full") == BUNDLE


def test_two_ways_at_once_are_not_strict() -> None:
    both = make_url("postgresql://db.example.com/app?sslmode=verify-full&sslmode=disable")
    assert not is_strict(both)


def test_sqlite_has_nobody_on_the_way() -> None:
    url = make_url("sqlite:///app.db")
    assert with_tls(url) == url
    assert is_strict(url)


def test_the_file_of_roots_is_one_that_openssl_takes() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = ssl.create_default_context(cafile=str(CERTIFICATES))
    assert context.cert_store_stats()["x509_ca"] == 86


@pytest.mark.parametrize(
    ("setting", "name", "beside"),
    [
        ("secretsmanager:db", "db", {}),
        ("secretsmanager:rds!db-1a2b3c4d-AbCdEf", "rds!db-1a2b3c4d-AbCdEf", {}),
        ("secretsmanager:team/app_1+2=3.4@5-6", "team/app_1+2=3.4@5-6", {}),
        (
            "secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf?port=1",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
            {"port": "1"},
        ),
        (
            "secretsmanager:db?host=/var%2Frun&port=5433&dbname=a%20b",
            "db",
            {"host": "/var/run", "port": "5433", "dbname": "a b"},
        ),
    ],
)
def test_a_setting_names_a_secret_and_what_stands_beside_it(
    setting: str, name: str, beside: dict[str, str]
) -> None:
    assert parse_setting(setting) == (name, beside)


@pytest.mark.parametrize(
    "setting",
    [
        *("", "?host=h", "a b", "naïve", "a\nb", "a*", "a%20b", "x" * 2049, "${db}", "{db}"),
        *("db?host", "db?host=", "db?Host=h", "db?user=u", "db?password=hunter2"),
        *("db?host=a&host=b", "db?sslmode=disable", "db?host=h&x", "db?host=a%0a", "db?dbname=%00"),
        *("db?port=0", "db?port=65536", "db?port=x", "db?port=-1", "db?port=1e3", "db?port=5432,1"),
        *(f'{{"password":"{PASSWORD}"}}', f"db?host=h&password={PASSWORD}"),
    ],
)
def test_a_setting_that_names_no_secret_is_refused_and_not_repeated(setting: str) -> None:
    with pytest.raises(AddressError) as refused:
        parse_setting(f"secretsmanager:{setting}")
    assert "`secretsmanager:" in str(refused.value)
    assert PASSWORD not in str(refused.value)


def test_a_secret_and_what_stands_beside_it_make_a_url() -> None:
    url = _url_in(json.dumps(HOST | {"engine": "postgres", "port": 5433}), {}, "secret")
    assert url.render_as_string(hide_password=False) == (
        f"postgresql+psycopg://ostiary:{PASSWORD}@db.example.com:5433/app"
    )
    beside = {"host": "other", "port": "1", "dbname": "b"}
    url = _url_in(json.dumps(HOST | {"port": "5433"}), beside, "secret")
    assert (url.host, url.port, url.database, url.password) == ("other", 1, "b", PASSWORD)


@pytest.mark.parametrize("password", ["p@ss:/?#[]%40", "' or \\", "пароль", '"=host=evil', " a "])
def test_a_password_may_hold_what_a_url_may_not(password: str) -> None:
    url = _url_in(json.dumps(HOST | {"password": password}), {}, "secret")
    assert (url.password, url.host) == (password, "db.example.com")


def test_a_dbname_is_no_connection_string() -> None:
    url = _url_in(json.dumps(HOST | {"dbname": "postgresql://evil/x?sslmode=disable"}), {}, "x")
    assert (url.host, url.query, is_strict(url)) == ("db.example.com", {}, True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a JSON object was expected"),
        (PASSWORD, "a JSON object was expected"),
        (f'["{PASSWORD}"]', "a JSON object was expected"),
        ("[" * 60_000, "a JSON object was expected"),
        (f'{{"password": "{PASSWORD}", "port": {"9" * 5000}}}', "a JSON object was expected"),
        (json.dumps({"username": "u", "password": PASSWORD}), "it lacks host, dbname"),
        (json.dumps(HOST | {"password": ""}), "it lacks password"),
        (json.dumps(HOST | {"host": None}), "it lacks host"),
        (json.dumps(HOST | {"engine": "mysql"}), "another engine than PostgreSQL"),
        (json.dumps(HOST | {"engine": None}), "another engine than PostgreSQL"),
        (json.dumps(HOST | {"port": "x"}), "its port is no number"),
        (json.dumps(HOST | {"port": 0}), "its port is no number"),
        (json.dumps(HOST | {"port": -1}), "its port is no number"),
        (json.dumps(HOST | {"port": 65536}), "its port is no number"),
        (json.dumps(HOST | {"port": "9" * 5000}), "its port is no number"),
        (json.dumps(HOST | {"port": True}), "its port is no text"),
        (json.dumps(HOST | {"port": 5432.0}), "its port is no text"),
        (json.dumps(HOST | {"password": [PASSWORD]}), "its password is no text"),
        (json.dumps(HOST | {"password": f"{PASSWORD}\n"}), "its password has a character"),
        (json.dumps(HOST | {"password": f"{PASSWORD}\0"}), "its password has a character"),
        (json.dumps(HOST | {"password": f"{PASSWORD}\ud800"}), "its password has a character"),
        (json.dumps(HOST | {"host": "db.example.com\n"}), "its host has a character"),
    ],
)
def test_a_secret_that_names_no_database_is_refused_and_not_repeated(text: str, told: str) -> None:
    with pytest.raises(AddressError, match=f"^secret: .*{told}") as refused:
        _url_in(text, {}, "secret")
    assert PASSWORD not in str(refused.value)
