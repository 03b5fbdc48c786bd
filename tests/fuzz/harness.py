"""One fuzz input, tried: a recipe is made into a token, and the answer of `verify` is judged.

A recipe is two letters and up to three parts, parted by an empty line. The first letter names the
algorithm, the second how the parts become a token; any byte is some letter, so that a mutation
is always a recipe again. The harness signs with keys that it made itself: no recipe holds or needs
a key, and its outcome does not depend on one.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.tokens.claims import AccessClaims
from app.tokens.encoding import base64url_decode, parse_json_object
from app.tokens.errors import KeySetError, TokenError
from app.tokens.jwk import parse_key_set
from app.tokens.keys import KeySet
from app.tokens.urls import check_issuer
from app.tokens.verify import Verifier
from tests.doors.forge import b64, private_key, sign_with
from tests.fuzz.model import (
    accepts,
    check_published,
    decoded,
    is_canonical,
    strict_json,
    tells_secrets,
)
from tests.support import ALGORITHMS, AUDIENCE, ISSUER, private_jwk

NOW = 1_800_000_000
SEPARATOR = b"\n\n"
TRUSTED: Mapping[str, Any] = {"issuer": ISSUER, "audience": AUDIENCE, "clock": lambda: NOW}
# Only what the trusted key signed may be accepted.
SIGNED = frozenset("sw")


@dataclass(frozen=True)
class Recipe:
    """A fuzz input, taken apart; a kid in a header is the name of the key's algorithm."""

    alg: str
    mode: str
    rest: bytes

    @property
    def parts(self) -> tuple[bytes, bytes, bytes]:
        """Header, payload and signature; what is absent is empty."""
        header, _, behind = self.rest.partition(SEPARATOR)
        payload, _, signature = behind.partition(SEPARATOR)
        return header, payload, signature


def read(data: bytes) -> Recipe:
    """The recipe in any bytes."""
    first, second = (*data[:2], 0, 0)[:2]
    modes = tuple(_TRIALS)
    return Recipe(
        ALGORITHMS[(first - ord("0")) % len(ALGORITHMS)],
        chr(second) if chr(second) in modes else modes[second % len(modes)],
        data[2:],
    )


def write(recipe: Recipe) -> bytes:
    """The bytes of which `read` makes this recipe."""
    return f"{ALGORITHMS.index(recipe.alg)}{recipe.mode}".encode() + recipe.rest


def run(data: bytes) -> str:
    """What became of it: "accepted", or the code of the refusal. Anything else raises."""
    recipe = read(data)
    return _TRIALS[recipe.mode](recipe)


@cache
def key_set() -> KeySet:
    """A key of each algorithm, each under its algorithm's name."""
    jwks = [{**private_jwk(alg), "kid": alg} for alg in ALGORITHMS]
    return parse_key_set(json.dumps({"keys": jwks}).encode())


@cache
def verifier() -> Verifier:
    """Trusts that set, and sees every token of a run."""
    return Verifier(key_set(), **TRUSTED)


def _judge(token: str | bytes, recipe: Recipe) -> str:
    answer, anew = _answer(verifier(), token), _answer(Verifier(key_set(), **TRUSTED), token)
    assert repr(answer) == repr(anew), "what was verified before changes the answer"
    expected = recipe.mode in SIGNED and accepts(token, recipe.alg, recipe.alg, NOW)
    assert isinstance(answer, AccessClaims) == expected, "verify and the model differ"
    if isinstance(answer, TokenError):
        _check_message(str(answer))
        return answer.code
    sent = json.loads(json.dumps(answer.to_payload()))
    assert AccessClaims.from_payload(sent) == answer
    assert isinstance(token, bytes)
    payload = strict_json(decoded(token.split(b".")[1]))
    assert payload is not None
    if "status" in sent:
        place = payload["status"]["status_list"]
        payload["status"] = {"status_list": {name: place[name] for name in ("idx", "uri")}}
    assert sent.items() <= payload.items(), "a claim was read otherwise than it was sent"
    assert " ".join(sorted(answer.scopes)) == " ".join(sorted({*answer.scope.split()}))
    return "accepted"


def _check_message(text: str) -> None:
    assert text.isprintable(), "a message holds a control character"
    assert len(text) < 600, "a message is as long as its sender likes"


def _answer(verifier: Verifier, token: str | bytes) -> AccessClaims | TokenError:
    try:
        return verifier.verify(token)
    except TokenError as error:
        return error


def _join(header: bytes, payload: bytes, signature: bytes) -> bytes:
    return header + b"." + payload + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")


def _signed(recipe: Recipe, *key_name: str) -> bytes:
    """Header and payload encoded, then signed by the key of the recipe's algorithm."""
    header, payload = (b64(part).encode() for part in recipe.parts[:2])
    return _signed_as_written(recipe, header, payload, *key_name)


def _signed_as_written(recipe: Recipe, header: bytes, payload: bytes, *key_name: str) -> bytes:
    key = private_key(recipe.alg, *key_name)
    return _join(header, payload, sign_with(key, recipe.alg, header + b"." + payload))


def _flipped(recipe: Recipe) -> bytes:
    """A good signature, but for the bit that the third part names."""
    head, _, signature = _signed(recipe).rpartition(b".")
    raw = bytearray(base64.urlsafe_b64decode(signature + b"=="))
    bit = int.from_bytes(recipe.parts[2][:2]) % (8 * len(raw))
    raw[bit // 8] ^= 1 << bit % 8
    return head + b"." + base64.urlsafe_b64encode(raw).rstrip(b"=")


def _with_signature(recipe: Recipe) -> bytes:
    header, payload, signature = recipe.parts
    return _join(b64(header).encode(), b64(payload).encode(), signature)


def _key_set(recipe: Recipe) -> str:
    """The rest is a key set's document: it is refused with a sentence, or published safely."""
    keys = _read_key_set(recipe.rest)
    if isinstance(keys, KeySetError):
        _check_message(str(keys))
        return "key_set_refused"
    keys.warn_of_mixture()
    assert keys.verifying().signing is None
    assert keys.holds_secrets == tells_secrets(recipe.rest)
    check_published(keys.jwks(), recipe.rest)
    return "key_set_taken"


def _read_key_set(document: bytes) -> KeySet | KeySetError:
    try:
        return parse_key_set(document)
    except KeySetError as error:
        return error


def _segment(recipe: Recipe) -> str:
    """The rest as base64url, read twice: by the kernel, and by the definition of it."""
    text = recipe.rest
    try:
        raw = base64url_decode(text)
    except ValueError:
        assert not is_canonical(text), "canonical base64url was refused"
        return "segment_refused"
    assert is_canonical(text), "base64url was taken in a second spelling"
    assert raw == base64.urlsafe_b64decode(text + b"==")
    return "segment_taken"


def _json(recipe: Recipe) -> str:
    """The rest as JSON, read twice: by the kernel, and by Python and the rules of the house."""
    try:
        members = parse_json_object(recipe.rest)
    except ValueError:
        assert strict_json(recipe.rest) is None, "a JSON object was refused"
        return "json_refused"
    assert repr(members) == repr(strict_json(recipe.rest)), "JSON was read otherwise"
    return "json_taken"


def _issuer(recipe: Recipe) -> str:
    text = recipe.rest.decode("utf-8", "surrogateescape")
    try:
        assert check_issuer(text) is text
    except ValueError:
        return "issuer_refused"
    assert text.startswith(("https://", "http://"))
    assert text.isascii()
    assert text.isprintable()
    return "issuer_taken"


def _token(build: Callable[[Recipe], Any]) -> Callable[[Recipe], str]:
    return lambda recipe: _judge(build(recipe), recipe)


_TRIALS: dict[str, Callable[[Recipe], str]] = {
    "s": _token(_signed),
    "w": _token(lambda recipe: _signed_as_written(recipe, *recipe.parts[:2])),
    "f": _token(_flipped),
    "x": _token(lambda recipe: _signed(recipe, "a stranger's")),
    "r": _token(_with_signature),
    "b": _token(lambda recipe: recipe.rest),
    "t": _token(lambda recipe: recipe.rest.decode("utf-8", "surrogateescape")),
    "k": _key_set,
    "d": _segment,
    "j": _json,
    "i": _issuer,
}
MODES = tuple(_TRIALS)
