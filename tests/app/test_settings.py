"""Each unsafe setting is refused with a sentence that says what to set instead."""

from collections.abc import Mapping

import pytest
from pydantic import SecretStr, ValidationError

from app.settings import Settings, SettingsError, load_settings

SECRET = "hunter2-hunter2"
POSTGRES = f"postgresql+psycopg://ostiary:{SECRET}@db.example.com/ostiary"
ON_LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "app",
    "OSTIARY_ISSUER": "https://id.example.com",
    "OSTIARY_AUDIENCE": "https://api.example.com",
    "OSTIARY_KEYS": "env:KEYS",
    "OSTIARY_DATABASE_URL": POSTGRES,
}
ANYWHERE = {
    "OSTIARY_ISSUER": "https://id.example.com",
    "OSTIARY_AUDIENCE": "api",
    "OSTIARY_KEYS": "env:KEYS",
}


def load(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def refusal(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        load(monkeypatch, environment)
    return str(refused.value)


def without(environment: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in names}


def test_on_a_laptop_everything_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, {})
    assert settings.issuer == "http://127.0.0.1:8000"
    assert settings.audience == "ostiary"
    assert settings.keys == "file:.ostiary/keys.json"
    assert settings.database_url.get_secret_value() == "sqlite:///.ostiary/ostiary.db"
    assert settings.access_token_seconds == 600
    assert settings.allowed_origins == ()
    assert settings.registration_open


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = {f"OSTIARY_{name.upper()}": "" for name in Settings.model_fields}
    assert load(monkeypatch, empty) == Settings()
    unset = refusal(monkeypatch, ON_LAMBDA | {"OSTIARY_AUDIENCE": ""})
    assert "OSTIARY_AUDIENCE" in unset


def test_on_lambda_all_that_is_absent_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = refusal(monkeypatch, {"AWS_LAMBDA_FUNCTION_NAME": "app"})
    for name in ("ISSUER", "AUDIENCE", "KEYS", "DATABASE_URL"):
        assert f"OSTIARY_{name} to " in sentence


@pytest.mark.parametrize("name", ["ISSUER", "AUDIENCE", "KEYS", "DATABASE_URL"])
def test_on_lambda_each_of_four_must_be_written_out(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    sentence = refusal(monkeypatch, without(ON_LAMBDA, f"OSTIARY_{name}"))
    assert sentence.startswith(f"nothing is assumed here: set OSTIARY_{name} to ")
    assert sentence.count("OSTIARY_") == 1


def test_on_lambda_with_all_four_it_starts_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, ON_LAMBDA)
    assert settings.audience == "https://api.example.com"
    assert not settings.registration_open


@pytest.mark.parametrize("url", ["sqlite:////tmp/x.db", "sqlite://", "sqlite+pysqlite:///x.db"])
def test_sqlite_on_lambda_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    sentence = refusal(monkeypatch, ON_LAMBDA | {"OSTIARY_DATABASE_URL": url})
    assert sentence.startswith("OSTIARY_DATABASE_URL: SQLite on Lambda")
    assert "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE" in sentence


@pytest.mark.parametrize("name", ["AUDIENCE", "KEYS"])
def test_off_loopback_audience_and_keys_are_demanded(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    sentence = refusal(monkeypatch, without(ANYWHERE, f"OSTIARY_{name}"))
    assert sentence.startswith(f"nothing is assumed here: set OSTIARY_{name} to ")


def test_off_loopback_the_rest_keeps_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, ANYWHERE)
    assert settings.database_url.get_secret_value() == "sqlite:///.ostiary/ostiary.db"
    assert not settings.registration_open


@pytest.mark.parametrize("base", [{}, ON_LAMBDA, ANYWHERE], ids=["laptop", "lambda", "server"])
@pytest.mark.parametrize(
    "issuer",
    [
        *("http://example.com", "http://10.0.0.1", "http://127.0.0.1.example.com", "ftp://x"),
        *("https://", "example.com", "https://a@b.example", "https://x.example?q=1"),
        *("https://x.example#f", "https://x.example/\n", "http://[::1", "https://x.example:0"),
        *("https://x.example:99999", "http://localhost.example", " https://x.example"),
    ],
)
def test_an_unfit_issuer_is_refused(
    monkeypatch: pytest.MonkeyPatch, base: dict[str, str], issuer: str
) -> None:
    sentence = refusal(monkeypatch, base | {"OSTIARY_ISSUER": issuer})
    assert "issuer must be an https URL" in sentence


def test_an_issuer_is_refused_that_leaves_no_room_for_the_uri_of_a_status_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    issuer = f"https://{'a' * 60}.example.com/{'b' * 140}"
    sentence = refusal(monkeypatch, ANYWHERE | {"OSTIARY_ISSUER": issuer})
    assert "status lists must be" in sentence
    assert "at most 218 characters" in sentence


@pytest.mark.parametrize(
    "issuer", ["http://localhost:8000", "http://127.8.9.1", "http://[::1]:80", "https://127.0.0.1"]
)
def test_http_is_for_loopback_alone(monkeypatch: pytest.MonkeyPatch, issuer: str) -> None:
    assert load(monkeypatch, {"OSTIARY_ISSUER": issuer}).registration_open


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ACCESS_TOKEN_SECONDS", "59", "greater than or equal to 60"),
        ("ACCESS_TOKEN_SECONDS", "3601", "less than or equal to 3600"),
        ("ACCESS_TOKEN_SECONDS", "ten", "valid integer"),
        ("ACCESS_TOKEN_SECONDS", "1e3", "valid integer"),
        ("REGISTRATION", "maybe", "'open' or 'closed'"),
        ("ALLOWED_ORIGINS", "*", "write `https://app.example.com`"),
        ("ALLOWED_ORIGINS", "null", "write `https://app.example.com`"),
        ("ALLOWED_ORIGINS", "https://app.example.com/", "write `https://app.example.com`"),
        ("ALLOWED_ORIGINS", "https://a.example https://B.example/x", "without a path"),
        ("DATABASE_URL", "ostiary.db", "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"),
        ("DATABASE_URL", "mysql://x@y/z", "PostgreSQL and SQLite are taken, not mysql"),
        ("DATABASE_URL", "nosuch://x@y/z", "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_its_variables_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    sentence = refusal(monkeypatch, {f"OSTIARY_{name}": value})
    assert sentence.startswith(f"OSTIARY_{name}")
    assert expected in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("seconds", [60, 3600])
def test_the_bounds_of_a_tokens_life_are_taken(
    monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    settings = load(monkeypatch, {"OSTIARY_ACCESS_TOKEN_SECONDS": str(seconds)})
    assert settings.access_token_seconds == seconds


@pytest.mark.parametrize("between", [" ", ",", ", ", "\n", " , "])
def test_several_origins_are_parted_by_space_or_comma(
    monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    origins = ("https://a.example", "http://localhost:3000")
    settings = load(monkeypatch, {"OSTIARY_ALLOWED_ORIGINS": f" {between.join(origins)}\n"})
    assert settings.allowed_origins == origins


@pytest.mark.parametrize(
    ("written", "base", "is_open"),
    [("open", ANYWHERE, True), ("closed", {}, False), ("open", ON_LAMBDA, True)],
)
def test_registration_is_as_it_is_written(
    monkeypatch: pytest.MonkeyPatch, written: str, base: dict[str, str], *, is_open: bool
) -> None:
    settings = load(monkeypatch, base | {"OSTIARY_REGISTRATION": written})
    assert settings.registration_open is is_open


@pytest.mark.parametrize(
    "url", [POSTGRES, f"nosuch://{SECRET}@h/d", f"mysql://u:{SECRET}@h/d", SECRET, f"{SECRET}://"]
)
def test_a_database_password_is_never_shown(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    told = ""
    try:
        settings = load(monkeypatch, ANYWHERE | {"OSTIARY_DATABASE_URL": url})
        told += f"{settings!r} {settings} {settings.model_dump()}"
    except SettingsError as error:
        told += f"{error!r} {error} {error.__cause__!r}"
    told += refusal(
        monkeypatch, ANYWHERE | {"OSTIARY_DATABASE_URL": url, "OSTIARY_ACCESS_TOKEN_SECONDS": "1"}
    )
    assert SECRET not in told


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("REGISTRATON", "REGISTRATION"),
        ("FAILED_ACCOUNT_PER_HOUR", "FAILED_ACCOUNTS_PER_HOUR"),
        ("STATUS_LIST", "STATUS_LISTS"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_right_one(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    sentence = refusal(monkeypatch, {f"OSTIARY_{name}": SECRET})
    assert f"OSTIARY_{name} is no setting" in sentence
    assert f"OSTIARY_{meant} is one" in sentence
    assert SECRET not in sentence


def test_a_name_that_a_key_source_names_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"OSTIARY_KEYSET": SECRET}
    assert "OSTIARY_KEYSET is no setting" in refusal(monkeypatch, keys)
    load(monkeypatch, keys | {"OSTIARY_KEYS": "env:OSTIARY_KEYSET"})


@pytest.mark.parametrize("name", ["SIGNING_KEYS", "VERIFY_KEYS", "STATUS_LISTS", "X"])
def test_a_name_of_something_else_is_let_be(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    load(monkeypatch, {f"OSTIARY_{name}": SECRET})


def test_settings_are_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, {})
    with pytest.raises(ValidationError, match="frozen"):
        setattr(settings, "database_url", SecretStr("sqlite://"))  # noqa: B010 - mypy knows better


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x.db?uri=true"])
def test_sqlite_without_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    sentence = refusal(monkeypatch, {"OSTIARY_DATABASE_URL": url})
    assert "takes the path of a file" in sentence


def test_a_misspelt_database_url_keeps_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql+psycopg://user:s3cret/db"  # the @ is forgotten: the password is the port
    assert "s3cret" not in refusal(monkeypatch, {"OSTIARY_DATABASE_URL": url})


def test_a_driver_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = refusal(monkeypatch, {"OSTIARY_DATABASE_URL": "postgresql+psycopg2://u@h/d"})
    assert "not postgresql+psycopg2; write `postgresql+psycopg://" in sentence
