"""The corpus of the fuzzer, replayed without it: what was found once is tried at every run."""

import random
from pathlib import Path

import pytest

from app.tokens.errors import MissingStatus, MissingToken, SessionEnded, TokenError, WrongStatus
from tests.fuzz import harness
from tests.fuzz.mutations import mutate

CORPUS = sorted(Path(__file__).with_name("corpus").iterdir())
# Said where there is no token yet, or where one was verified already.
ELSEWHERE = {kind.code for kind in (MissingToken, MissingStatus, WrongStatus, SessionEnded)}
REFUSALS = {error.code for error in TokenError.__subclasses__()} - ELSEWHERE
VERDICTS = {
    f"{thing}_{verdict}"
    for thing in ("key_set", "segment", "json", "issuer")
    for verdict in ("taken", "refused")
}
OUTCOMES = {"accepted"} | VERDICTS
MOST_FILES, MOST_BYTES = 160, 9000


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_an_input_of_the_corpus_is_answered_as_it_must_be(path: Path) -> None:
    assert harness.run(path.read_bytes()) in REFUSALS | OUTCOMES


def test_the_corpus_reaches_every_outcome() -> None:
    assert {harness.run(path.read_bytes()) for path in CORPUS} == REFUSALS | OUTCOMES


def test_the_corpus_stays_small() -> None:
    assert 0 < len(CORPUS) <= MOST_FILES
    assert max(path.stat().st_size for path in CORPUS) <= MOST_BYTES


def test_mutations_of_the_corpus_are_answered_as_they_must_be() -> None:
    """A short run without a fuzzer: the same two thousand mutations each time."""
    chance = random.Random(9)  # noqa: S311 - the same numbers in each run, no secrets
    outcomes = set()
    for _ in range(2000):
        data = chance.choice(CORPUS).read_bytes()
        for _ in range(chance.randrange(1, 4)):
            data = mutate(data, chance)
        outcomes.add(harness.run(data))
    assert {"accepted", "invalid_claim", "malformed_claims", "forbidden_header"} <= outcomes


@pytest.mark.parametrize("mode", harness.MODES)
def test_a_recipe_is_read_as_it_was_written(mode: str) -> None:
    recipe = harness.Recipe("ES256", mode, b"{}\n\n{}")
    assert harness.read(harness.write(recipe)) == recipe


def test_any_bytes_are_a_recipe() -> None:
    chance = random.Random(1)  # noqa: S311 - the same numbers in each run, no secrets
    for length in range(300):
        assert harness.run(chance.randbytes(length % 40)) in REFUSALS | OUTCOMES
