"""What OSTIARY_DATABASE_URL may say, on Lambda and elsewhere."""

import pytest

from app.settings import SettingsError, load_settings

PASSWORD = "hunter2-hunter2"
ELSEWHERE = f"postgresql+psycopg://ostiary:{PASSWORD}@db.example.com/ostiary"
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1a2b3c4d-AbCdEf"


@pytest.fixture
def on_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_LAMBDA_FUNCTION_NAME": "app",
        "OSTIARY_ISSUER": "https://id.example.com",
        "OSTIARY_AUDIENCE": "https://api.example.com",
        "OSTIARY_KEYS": "env:KEYS",
    }.items():
        monkeypatch.setenv(name, value)


def taken(monkeypatch: pytest.MonkeyPatch, setting: str) -> str:
    monkeypatch.setenv("OSTIARY_DATABASE_URL", setting)
    return load_settings().database_url.get_secret_value()


def refusal(monkeypatch: pytest.MonkeyPatch, setting: str) -> str:
    with pytest.raises(SettingsError) as refused:
        taken(monkeypatch, setting)
    assert PASSWORD not in str(refused.value)
    return str(refused.value)


@pytest.mark.usefixtures("on_lambda")
@pytest.mark.parametrize(
    "query",
    [
        *("sslmode=disable", "sslmode=allow", "sslmode=prefer", "sslmode=require"),
        *("sslmode=verify-ca", "sslmode=Verify-Full", "sslmode=verify-full&sslmode=prefer"),
        *("gssencmode=require", "gssencmode=prefer", "service=elsewhere"),
    ],
)
def test_on_lambda_less_than_tls_of_the_right_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    told = refusal(monkeypatch, f"{ELSEWHERE}?{query}")
    assert told == (
        "OSTIARY_DATABASE_URL: on Lambda the database is reached by TLS that checks its name; leave"
        " `sslmode` out, or write `sslmode=verify-full`, and `sslrootcert=PATH` for a CA of your "
        "own"
    )


@pytest.mark.usefixtures("on_lambda")
@pytest.mark.parametrize(
    "url",
    [
        ELSEWHERE,
        f"{ELSEWHERE}?sslmode=",
        f"{ELSEWHERE}?sslmode=verify-full",
        f"{ELSEWHERE}?sslmode=verify-full&sslrootcert=/opt/ca.pem",
        "postgresql+psycopg://postgres@/postgres?host=/tmp/socket&sslmode=disable",
    ],
)
def test_on_lambda_what_nobody_can_read_along_is_taken(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    assert taken(monkeypatch, url) == url


@pytest.mark.usefixtures("on_lambda")
@pytest.mark.parametrize("where", ["host=localhost&hostaddr=10.0.0.1", "host=localhost,other", ""])
def test_on_lambda_a_url_that_looks_like_this_machine_is_not_let_off(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    told = refusal(monkeypatch, f"postgresql+psycopg://u:p@/db?sslmode=disable&{where}")
    assert "on Lambda the database is reached by TLS" in told


@pytest.mark.parametrize("sslmode", ["disable", "prefer", "require", "verify-ca", "verify-full"])
def test_elsewhere_a_url_says_itself_how_it_is_reached(
    monkeypatch: pytest.MonkeyPatch, sslmode: str
) -> None:
    url = f"{ELSEWHERE}?sslmode={sslmode}"
    assert taken(monkeypatch, url) == url


@pytest.mark.usefixtures("on_lambda")
@pytest.mark.parametrize(
    "setting",
    [
        "secretsmanager:ostiary/database",
        f"secretsmanager:{ARN}",
        f"secretsmanager:{ARN}?host=db.example.com&port=5432&dbname=ostiary",
    ],
)
def test_a_secret_may_be_named_and_is_not_asked_for_yet(
    monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    assert taken(monkeypatch, setting) == setting


@pytest.mark.parametrize(
    "setting",
    [
        "secretsmanager:",
        f'secretsmanager:{{"password": "{PASSWORD}"}}',
        f"secretsmanager:db?password={PASSWORD}",
        f"secretsmanager:db?host=db.example.com&host={PASSWORD}",
        f"secretsmanager:db?port={PASSWORD}",
    ],
)
def test_a_setting_that_names_no_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    assert refusal(monkeypatch, setting).startswith("OSTIARY_DATABASE_URL: ")


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://u:p@{PASSWORD}@db.example.com/app",
        f"postgresql+psycopg://u:p@s/{PASSWORD}@db.example.com/app",
        f"postgresql+psycopg://u:p?{PASSWORD}@x@db.example.com/app",
        f"postgresql+psycopg://u:{PASSWORD}%00@db.example.com/app",
        f"postgresql+psycopg://u:{PASSWORD}%0a@db.example.com/app",
        f"postgresql+psycopg://u:{PASSWORD}@db.example.com/app%00",
    ],
)
def test_a_password_that_would_be_taken_for_a_host_is_refused_before_anybody_logs_it(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    assert "write @ as `%40`" in refusal(monkeypatch, url)


def test_a_password_may_hold_anything_that_is_written_as_it_should(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = "postgresql+psycopg://a%40b:p%40%2F%3A%3F%25%23@db.example.com/app"
    assert taken(monkeypatch, url) == url
