"""`ostiary explain`: what it prints and never prints, and how it ends."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.access.routes import COMPILED_TABLE
from app.explain import command
from tests.app.explain.asking import AT, FORGE, NOW, READS, ask, last, row
from tests.app.explain.house import bad_headers
from tests.doors.forge import Forge, b64
from tests.support import key_set

pytestmark = pytest.mark.usefixtures("keys_at_hand")


def test_what_is_allowed_ends_with_0_and_names_key_claims_route_and_statement() -> None:
    ended = ask(READS, "GET", "/notes", *AT)
    assert ended.exit_code == 0
    assert last(ended) == "Allowed: GET /notes wants notes:read, and the token carries it."
    kid = FORGE.jwk["kid"]
    assert row(ended, "keys") == "✓ env:TEST_KEY_SET: nothing leaves this machine"
    assert row(ended, "token") == f"✓ verified with the key '{kid}', ES256"
    assert row(ended, "route") == "✓ GET /notes, wants notes:read"
    assert row(ended, "sub") == "✓ 'ada'"
    assert row(ended, "exp") == "✓ 2027-01-15T08:10:00Z, in 10 min"
    assert row(ended, "iat") == "✓ 2027-01-15T08:00:00Z, now"
    assert row(ended, "REST API") == "✓ lets it by: Allow GET/notes"
    assert "✗" not in ended.output


@pytest.mark.parametrize("alg", ["ES256", "RS256", "HS256"])
def test_the_key_of_each_family_is_named(alg: str) -> None:
    forge = Forge(alg, "ada", NOW)
    ended = ask(forge.token(), "GET", "/notes", *AT)
    assert row(ended, "token") == f"✓ verified with the key '{forge.jwk['kid']}', {alg}"


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer ", " "])
@pytest.mark.parametrize("by_input", [True, False])
def test_a_token_comes_by_itself_or_as_a_header_by_word_or_by_standard_input(
    prefix: str, *, by_input: bool
) -> None:
    text = f"{prefix}{READS}"
    words = ("-" if by_input else text, "GET", "/notes?limit=5", *AT)
    ended = ask(*words, given=f"{text}\n" if by_input else None)
    assert (ended.exit_code, row(ended, "path")) == (0, "✓ '/notes', in its one spelling")


def test_a_lacking_scope_is_told_with_who_has_it_and_that_no_statement_matches() -> None:
    ended = ask(READS, "POST", "/notes", *AT)
    assert (ended.exit_code, last(ended)) == (1, "Refused: 403 insufficient_scope.")
    assert row(ended, "guard") == "✗ notes:write is not in the token's scope"
    assert "log in as one who may: member or admin" in ended.output
    assert row(ended, "REST API") == (
        "✗ 403 insufficient_scope: no statement matches, an implicit deny; "
        "the authorizer logs granted"
    )
    assert row(ended, "HTTP API").startswith('✗ 403 {"message":"Forbidden"}: no statement')


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/notes/", "an empty segment, by two slashes or one at the end"),
        ("//notes", "an empty segment, by two slashes or one at the end"),
        ("/../notes", "a segment '..', which others take out"),
        ("/%6eotes", "an escape of what needs none, or of a slash"),
        ("/notes%2F", "an escape of what needs none, or of a slash"),
        ("/a%20b/%0A", "an escape of what needs none, or of a slash"),
        ("/no tes", "a character that stands in a path only escaped, or not at all"),
        ("/n\u00f6tes", "a character that stands in a path only escaped, or not at all"),
        ("/%", "a character that stands in a path only escaped, or not at all"),
    ],
)
def test_a_path_of_more_than_one_reading_is_404_and_told_why(path: str, why: str) -> None:
    ended = ask(READS, "GET", path, *AT)
    assert (ended.exit_code, row(ended, "route")[0]) == (1, "–")
    assert last(ended).startswith("Refused: 404 not_found")
    for edge in ("REST API", "HTTP API"):
        kept = row(ended, edge).startswith("– if it keeps such a path as it is, ")
        assert kept == (path != "/%6eotes")  # which decoded is a path like any other
        assert kept == last(ended).endswith(
            "; behind API Gateway it depends on what becomes of the path."
        )
    assert row(ended, "path").startswith("✗ ")
    assert f": {why}" in row(ended, "path")


def test_a_token_that_opens_nothing_is_denied_by_name() -> None:
    ended = ask(FORGE.token(scope=""), "GET", "/notes", *AT)
    assert "403 insufficient_scope: Deny *; the authorizer logs insufficient" in ended.output


def test_yesterdays_refusal_is_explained_as_of_yesterday() -> None:
    late = ask(READS, "GET", "/notes", "--at", "2027-01-15T08:10:06Z")
    assert (NOW + 606 - 1, late.exit_code) == (NOW + 605, 1)
    assert last(late) == (
        "Refused: 401 invalid_token (token_expired); at a REST API 401 unauthorized."
    )
    assert "exp" in row(late, "token")
    assert row(late, "exp") == "– 2027-01-15T08:10:00Z, 6 s ago, not believed"
    for moment in ("2027-01-15T08:09:59Z", "2027-01-15T09:09:59+01:00"):
        assert ask(READS, "GET", "/notes", "--at", moment).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        (),
        (READS, "GET"),
        (READS, "GE T", "/notes"),
        (READS, "", "/notes"),
        (READS, "GET", "notes"),
        (READS, "GET", ""),
        (READS, "GET", "/notes", "--at", "yesterday"),
        (READS, "GET", "/notes", "--at", "2026-11-22T10:00:00"),
        (READS, "GET", "/notes", "--at", "9" * 400),
        (READS, "GET", "/notes", "--at", "-1"),
    ],
)
def test_what_cannot_be_asked_ends_with_2(words: tuple[str, ...]) -> None:
    ended = ask(*words)
    assert ended.exit_code == 2
    assert not [segment for segment in READS.split(".") if segment in ended.output]


def test_without_keys_or_settings_nothing_is_said_and_the_code_is_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in (
        ("OSTIARY_KEYS", f"file:{tmp_path / 'absent.json'}"),
        ("OSTIARY_KEYS", "nothing"),
        ("OSTIARY_ISSUER", "http://example.com"),
    ):
        monkeypatch.setenv(name, value)
        ended = ask(READS, "GET", "/notes")
        assert ended.exit_code == 2
        assert ended.output.startswith("ostiary: ")
        assert ended.output.count("\n") == 1


def test_an_empty_standard_input_is_no_token_by_oversight() -> None:
    ended = ask("-", "GET", "/notes", given="\n")
    assert (ended.exit_code, ended.output.count("\n")) == (2, 1)
    assert "'' stands for none" in ended.output
    none = ask("", "GET", "/notes")
    assert last(none) == "Refused: 401 unauthorized (missing_token)."


def test_no_token_needs_no_keys_and_a_public_route_needs_neither(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OSTIARY_KEYS", f"file:{tmp_path / 'absent.json'}")
    assert ask("", "GET", "/notes").exit_code == 1
    public = ask(READS, "GET", "/health")
    for ended in (public, ask("", "GET", "/notes"), ask("a.b.c d", "GET", "/notes")):
        assert row(ended, "keys") == (
            f"– file:{tmp_path / 'absent.json'}, not read: no token was judged by them"
        )
    assert (public.exit_code, row(public, "token")) == (
        0,
        "– not looked at: the route is public",
    )


def test_bytes_that_are_no_text_are_a_token_like_any_other() -> None:
    ended = ask("-", "GET", "/notes", given=b"\xff\xfe\x00.\xc3\n")
    assert last(ended).startswith("Refused: 401 invalid_token (malformed_token)")


def test_neither_token_nor_signature_nor_key_is_printed() -> None:
    secrets = [str(FORGE.jwk["d"])]
    for header in bad_headers("ES256").values():
        for method, path in (("GET", "/notes"), ("GET", "/none")):
            ended = ask(header, method, path)
            assert ended.exit_code == 1
            segments = [part for part in header.rpartition(" ")[2].split(".") if len(part) > 8]
            assert not [text for text in [*segments, *secrets] if text in ended.output]


def test_what_a_stranger_writes_forges_no_line_and_has_an_end() -> None:
    text = "x\n✓  app  lets it by\x1b[32m" + "y" * 3000
    tokens = [
        FORGE.signed(FORGE.stranger.sign, kid=text[:2000]),
        FORGE.signed(FORGE.stranger.sign, typ=text[:2000]),
        FORGE.token(iss=text[:2000]),
        FORGE.token(sub=text[:2000], scope=[text[:1000]], exp=text[:1000]),
        f"{FORGE.segments()[0]}.{b64(text.encode())}.AAAA",
    ]
    for token in tokens:
        ended = ask(token, "GET", "/notes", *AT)
        assert "\x1b" not in ended.output
        assert max(map(len, ended.output.splitlines())) < 600
        assert not [line for line in ended.output.splitlines() if line.startswith("✓  app")]
    ended = ask("", "GET", f"/{text}")
    assert max(map(len, ended.output.splitlines())) < 600
    assert "\x1b" not in ended.output


def test_a_table_that_the_edge_has_and_the_guards_have_not_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = tmp_path / "routes.json"
    monkeypatch.setattr(command, "COMPILED_TABLE", table)
    table.write_text(COMPILED_TABLE.read_text("utf-8").replace("notes:read", "notes:write"))
    ended = ask(READS, "GET", "/notes", *AT)
    assert ended.exit_code == 1
    assert row(ended, "authorizer/routes.json").startswith("✗ not what the guards say")
    assert "ostiary routes --write" in ended.output
    assert row(ended, "app").startswith("✓")
    assert last(ended) == (
        "Refused at the edge alone: 403 insufficient_scope; the app would let it by."
    )
    for unreadable in ("", "[]", "{}", "{"):
        table.write_text(unreadable)
        assert ask(READS, "GET", "/notes", *AT).exit_code == 2
    table.unlink()
    assert ask(READS, "GET", "/notes", *AT).exit_code == 2


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("file:keys.json", "✓ file:keys.json: nothing leaves this machine"),
        ("env:KEYS", "✓ env:KEYS: nothing leaves this machine"),
        ("kms:alias/x", "– kms:alias/x: asked over the network"),
        ("secretsmanager:x", "– secretsmanager:x: asked over the network"),
        ("https://h.example/jwks?sig=x", "– https://h.example/jwks: asked over the network"),
        ("env:KEYS https://h.example/j", "– env:KEYS https://h.example/j: asked over the network"),
    ],
)
def test_where_the_keys_come_from_is_told_and_nobody_else_is_asked(
    monkeypatch: pytest.MonkeyPatch, setting: str, told: str
) -> None:
    monkeypatch.setattr(command, "_open", lambda _: key_set("ES256"))
    monkeypatch.setenv("OSTIARY_KEYS", setting)
    assert row(ask(READS, "GET", "/notes", *AT), "keys") == told


def test_with_keys_at_hand_no_socket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    assert ask(READS, "GET", "/notes", *AT).exit_code == 0
    assert ask(FORGE.headed(kid="unknown"), "GET", "/notes", *AT).exit_code == 1


def test_the_entry_point_ends_with_the_codes_and_in_a_pipe_it_is_plain_text() -> None:
    fresh = Forge("ES256", "ada", int(time.time())).token(scope="notes:read")
    for path, code in (("/notes", 0), ("/users", 1)):
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "explain", "-", "GET", path],
            input=fresh,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (code, "")
        assert "\x1b" not in done.stdout
