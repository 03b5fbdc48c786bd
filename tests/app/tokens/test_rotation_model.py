"""Any steps at any times: whoever waits as told refuses no good token, whatever is cached where.

The model knows the caches by what they are, not by the code's constants: a process of the app works
with a set for 5 minutes; a JWKS is kept for 5 minutes after a process has shown it, and for 2 hours
more by a native authorizer. A verifier may hold every set that was current within all of that.
"""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from app.discovery.router import MAX_AGE_SECONDS
from app.tokens import rotation
from app.tokens.errors import TokenError
from app.tokens.generate import generate_key
from app.tokens.issue import Issuer
from app.tokens.jwk import parse_key_set
from app.tokens.key_states import State
from app.tokens.keys import KeySet
from app.tokens.rotation import Document, RotationError, Waits, keys_in
from app.tokens.verify import Verifier
from tests.support import AUDIENCE, ISSUER

START = 1_800_000_000
PROCESS_SECONDS = 300
VERIFIER_SECONDS = 300 + 300 + 7200
LEEWAY_SECONDS = 5
LIFE = 600
WAITS = Waits.between(jwks_max_age=MAX_AGE_SECONDS, token_seconds=LIFE)
# Where something ends, a second before, and long after.
SPANS = st.sampled_from([0, 1, 60, 299, 300, 301, 604, 605, 904, 905, 906, 7199, 7799, 7800, 7801])
SPANS |= st.integers(0, 20_000)


@dataclass(frozen=True)
class Signed:
    """A token, its key, and when it was signed."""

    token: str
    kid: str
    at: int


@dataclass(frozen=True)
class Past:
    """A set, since when it was the current one, and what a reader made of it."""

    since: int
    document: Document
    keys: KeySet


class Rotations(RuleBasedStateMachine):
    """A key set and its past, the tokens that are in use, and the steps that did not wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.tokens: list[Signed] = []
        self.kids: dict[str, dict[str, Any]] = {}
        self.published: dict[str, int] = {}
        self.signed_early: set[str] = set()
        self.gone_early: set[str] = set()

    @initialize()
    def make_the_first_key(self) -> None:
        new = generate_key("ES256")
        self.kids[new["kid"]] = new
        self.past: list[Past] = []
        self.take(rotation.first(new, self.now))

    @property
    def document(self) -> Document:
        return self.past[-1].document

    def held(self, seconds: int) -> list[Past]:
        """The sets that were current at any time within the last `seconds`."""
        ends = [past.since for past in self.past[1:]] + [self.now + 1]
        pairs = zip(self.past, ends, strict=True)
        return [past for past, end in pairs if end > self.now - seconds]

    def take(self, document: Document) -> None:
        keys = parse_key_set(json.dumps(document).encode())
        self.past.append(Past(self.now, document, keys))

    @rule(seconds=SPANS)
    def wait(self, seconds: int) -> None:
        self.pass_until(self.now + seconds)

    def pass_until(self, moment: int) -> None:
        self.now = max(self.now, moment)
        in_use = [s for s in self.tokens if s.at + LIFE + LEEWAY_SECONDS > self.now]
        self.tokens = in_use[-12:]

    @rule()
    def publish(self) -> None:
        new = generate_key("ES256")
        waiting = keys_in(self.document, State.NEXT)
        try:
            self.take(rotation.publish(self.document, new, self.now))
        except RotationError:
            assert waiting
        else:
            assert not waiting
            self.kids[new["kid"]] = new
            self.published[new["kid"]] = self.now

    @rule(emergency=st.booleans())
    def rotate(self, *, emergency: bool) -> None:
        waiting = keys_in(self.document, State.NEXT)
        try:
            self.take(rotation.activate(self.document, self.now, WAITS, emergency=emergency))
        except RotationError:
            assert not waiting or not emergency
            return
        (new,) = keys_in(self.document, State.ACTIVE)
        if self.now < self.published[new["kid"]] + WAITS.before_signing:
            assert emergency
            self.signed_early.add(new["kid"])

    @rule(emergency=st.booleans(), choice=st.integers(0, 5))
    def retire(self, choice: int, *, emergency: bool) -> None:
        keys = [key for key in self.document["keys"] if key["state"] != State.ACTIVE]
        if not keys:
            return
        key = keys[choice % len(keys)]
        try:
            self.take(
                rotation.retire(self.document, key["kid"], self.now, WAITS, emergency=emergency)
            )
        except RotationError:
            assert not emergency
            return
        early = self.now < key["since"] + WAITS.before_going
        if key["state"] == State.RETIRING and early:
            assert emergency
            self.gone_early.add(key["kid"])

    @rule()
    def rotate_as_soon_as_may_be(self) -> None:
        waiting = keys_in(self.document, State.NEXT)
        if waiting:
            self.pass_until(WAITS.due(waiting[0]))
            self.rotate(emergency=False)
            self.sign()

    @rule()
    def sign_just_before_the_last_process_has_read_the_set(self) -> None:
        self.pass_until(self.past[-1].since + PROCESS_SECONDS - 1)
        self.sign()

    @rule(choice=st.integers(0, 5))
    def retire_as_soon_as_may_be(self, choice: int) -> None:
        retiring = keys_in(self.document, State.RETIRING)
        if retiring:
            key = retiring[choice % len(retiring)]
            self.pass_until(WAITS.due(key))
            self.take(rotation.retire(self.document, key["kid"], self.now, WAITS))

    @rule()
    def retire_the_active_key(self) -> None:
        (active,) = keys_in(self.document, State.ACTIVE)
        with pytest.raises(RotationError, match="rotate first"):
            rotation.retire(self.document, active["kid"], self.now, WAITS, emergency=True)

    @rule()
    def sign(self) -> None:
        """In every process, each with a set that it may still work with."""
        for past in self.held(PROCESS_SECONDS)[-4:]:
            issuer = Issuer(
                past.keys, issuer=ISSUER, audience=AUDIENCE, lifetime=LIFE, clock=lambda: self.now
            )
            (active,) = keys_in(past.document, State.ACTIVE)
            token = issuer.issue(sub="somebody", client_id="c", scopes=())
            self.tokens.append(Signed(token, active["kid"], self.now))

    @invariant()
    def every_token_verifies_wherever_it_may_be_shown(self) -> None:
        for signed in self.tokens:
            for past in self.held(VERIFIER_SECONDS):
                self.check(signed, past.keys)

    def check(self, signed: Signed, keys: KeySet) -> None:
        verifier = Verifier(keys, issuer=ISSUER, audience=AUDIENCE, clock=lambda: self.now)
        try:
            assert verifier.verify(signed.token).sub == "somebody"
        except TokenError:
            known = self.published.get(signed.kid, START) + VERIFIER_SECONDS
            not_waited_for = signed.kid in self.signed_early and self.now < known
            assert not_waited_for or signed.kid in self.gone_early

    @invariant()
    def exactly_one_key_signs_and_one_at_most_is_next(self) -> None:
        assert len(keys_in(self.document, State.ACTIVE)) == 1
        assert len(keys_in(self.document, State.NEXT)) <= 1

    @invariant()
    def no_private_key_in_use_is_forgotten_and_no_kid_lost(self) -> None:
        kept = {key["kid"]: key for key in self.document["keys"]}
        gone = [key["kid"] for key in self.document.get("gone", ())]
        assert sorted([*kept, *gone]) == sorted(self.kids)
        for kid, key in kept.items():
            bare = {name: value for name, value in key.items() if name not in ("state", "since")}
            assert bare == self.kids[kid]

    @invariant()
    def who_is_gone_never_comes_back(self) -> None:
        gone = {key["kid"] for key in self.document.get("gone", ())}
        for past in self.past[-2:]:
            assert {key["kid"] for key in past.document.get("gone", ())} <= gone


Rotations.TestCase.settings = settings(
    max_examples=50, stateful_step_count=40, deadline=None, print_blob=True
)
TestRotations = Rotations.TestCase
