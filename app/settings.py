"""The app's settings: read once from the environment, frozen, refused at start when unsafe."""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from app.database_address import AddressError, is_secret, is_strict, parse_setting
from app.parts import part
from app.tokens.urls import STATUS_LISTS, check_issuer, check_status_list_base, on_loopback

_PREFIX = "ostiary_"
STATE_FOLDER = ".ostiary"
LOCAL_ISSUER = "http://127.0.0.1:8000"
DRIVERS = ("postgresql", "postgresql+psycopg", "sqlite")
# Of the authorizer, which may be run in the same environment.
_OF_OTHERS = ("verify_keys", "status_lists")
_NO_FILE = re.compile(r"$|:memory:|file:")
_ALIKE = 0.8  # of two names, by difflib: one letter in five is another
_ORIGIN = re.compile(r"https?://[a-z0-9.\[\]:-]+")
_MEANING = {
    "issuer": "the `iss` of the tokens, an https URL",
    "audience": "the `aud` of the access tokens",
    "keys": "a key source: `kms:KEY_ID`, `secretsmanager:NAME`, `env:NAME` (a JWK Set in the "
    "variable NAME) or `file:PATH`",
    "database_url": "the SQLAlchemy URL of a PostgreSQL database, or `secretsmanager:ARN`",
}


class SettingsError(Exception):
    """The app does not start with these settings; the message says what to set instead."""


class Settings(BaseModel):
    """One field for each `OSTIARY_` variable of the app; what is given goes before it."""

    model_config = ConfigDict(frozen=True, validate_default=True, hide_input_in_errors=True)

    issuer: str = LOCAL_ISSUER
    audience: str = Field("ostiary", min_length=1)
    keys: str = f"file:{STATE_FOLDER}/keys.json"
    database_url: SecretStr = SecretStr(f"sqlite:///{STATE_FOLDER}/ostiary.db")
    access_token_seconds: int = Field(600, ge=60, le=3600)
    refresh_token_days: int = Field(30, ge=1, le=365)
    allowed_origins: tuple[str, ...] = ()
    registration: Literal["open", "closed"] | None = None
    failed_accounts_per_hour: int = Field(1000, ge=100, le=1_000_000)
    metrics: str | None = Field(None, pattern=r"^[0-9A-Za-z._/#-]{1,255}$")

    @property
    def registration_open(self) -> bool:
        """Whether anybody may make an account: on a laptop, unless it is said otherwise."""
        return self.registration == "open" or (
            self.registration is None and on_loopback(self.issuer)
        )

    @model_validator(mode="before")
    @classmethod
    def _demand_what_has_no_safe_default(cls, given: dict[str, Any]) -> dict[str, Any]:
        given = _environment() | given
        _refuse_misspelt(given)
        issuer = check_issuer(given.get("issuer", LOCAL_ISSUER))
        check_status_list_base(issuer.rstrip("/") + STATUS_LISTS)
        demanded: tuple[str, ...] = ()
        if on_lambda():
            demanded = ("issuer", "audience", "keys", "database_url")
        elif not on_loopback(issuer):
            demanded = ("audience", "keys")
        absent = [name for name in demanded if name not in given]
        if absent:
            advice = "; ".join(f"OSTIARY_{name.upper()} to {_MEANING[name]}" for name in absent)
            raise ValueError(f"nothing is assumed here: set {advice}")
        return given

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, url: SecretStr) -> SecretStr:
        expected = "`postgresql+psycopg://USER:PASSWORD@HOST/DATABASE` or `secretsmanager:ARN`"
        if is_secret(url.get_secret_value()):
            return _check_secret(url)
        try:
            parsed = make_url(url.get_secret_value())
            backend = parsed.get_backend_name()
        except (ArgumentError, NoSuchModuleError, ValueError):
            # A ValueError would repeat a part of the URL.
            raise ValueError(f"this is no SQLAlchemy URL; write {expected}") from None
        if backend == "sqlite" and on_lambda():
            raise ValueError(
                f"SQLite on Lambda loses every write with its instance; write {expected}"
            )
        if parsed.drivername not in DRIVERS:
            raise ValueError(
                f"PostgreSQL and SQLite are taken, not {parsed.drivername}; write {expected}"
            )
        if backend == "postgresql" and not _is_plain(url.get_secret_value(), parsed):
            raise ValueError(
                "in a user's name and password write @ as `%40` and % as `%25`, and nothing that "
                f"cannot be seen; write {expected}"
            )
        if parsed.drivername == "sqlite" and _NO_FILE.match(parsed.database or ""):
            raise ValueError("SQLite takes the path of a file here; write `sqlite:///PATH`")
        if on_lambda() and not is_strict(parsed):
            raise ValueError(
                "on Lambda the database is reached by TLS that checks its name; leave `sslmode` "
                "out, or write `sslmode=verify-full`, and `sslrootcert=PATH` for a CA of your own"
            )
        return url

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split_origins(cls, origins: Any) -> Any:
        return tuple(re.split(r"[\s,]+", origins.strip())) if isinstance(origins, str) else origins

    @field_validator("allowed_origins")
    @classmethod
    def _check_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is no origin; write `https://app.example.com`, without a path, "
                    "several parted by a space"
                )
        return origins


SettingsDep = Annotated[Settings, part(Settings)]


def _environment() -> dict[str, str]:
    """The `OSTIARY_` variables by what follows that, in lower case; an empty one is not set.

    By hand: pydantic-settings brings its sources for files, arguments and clouds along, and they
    would be a thirtieth of a cold start.
    """
    names = ((name.lower(), value) for name, value in os.environ.items() if value)
    return {name.removeprefix(_PREFIX): value for name, value in names if name.startswith(_PREFIX)}


def _refuse_misspelt(given: Mapping[str, Any]) -> None:
    """Passed over, `OSTIARY_REGISTRATON=closed` would leave a door open.

    Names that are like none are let be, and so is what a key source names: a key set may be in any
    variable, and other software may have its own.
    """
    known = [*Settings.model_fields, *_OF_OTHERS]
    sources = " ".join(str(given.get(name, "")) for name in ("keys", "verify_keys")).lower().split()
    for name in given:
        if name not in known and f"env:{_PREFIX}{name}" not in sources:
            from difflib import get_close_matches  # which takes a while, and is seldom needed

            for meant in get_close_matches(name, known, n=1, cutoff=_ALIKE):
                raise ValueError(
                    f"OSTIARY_{name.upper()} is no setting; OSTIARY_{meant.upper()} is one: did "
                    "you mean it?"
                )


def on_lambda() -> bool:
    """Whether this process is a Lambda function's."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def load_settings() -> Settings:
    """The settings in the environment; SettingsError with a sentence for each that is refused."""
    try:
        return Settings()
    except ValidationError as refused:
        raise SettingsError("; ".join(map(_sentence, refused.errors()))) from None


def _is_plain(text: str, url: URL) -> bool:
    """Whether the URL can be taken apart in one way: else half a password is taken for a host."""
    parts = (url.username, url.password, url.host, url.database)
    return text.count("@") <= 1 and all((part or "").isprintable() for part in parts)


def _check_secret(setting: SecretStr) -> SecretStr:
    try:
        parse_setting(setting.get_secret_value())
    except AddressError as error:
        raise ValueError(str(error)) from None
    return setting


def _sentence(error: Any) -> str:
    message = error["msg"].removeprefix("Value error, ")
    return f"OSTIARY_{error['loc'][0].upper()}: {message}" if error["loc"] else message
