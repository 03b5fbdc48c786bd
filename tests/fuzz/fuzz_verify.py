"""Coverage-guided fuzzing of `verify` and the reading of key sets: `make fuzz`, docs/fuzzing.md.

libFuzzer mutates recipes (see `harness`); so that more than base64url is tried, half of the
mutations keep a recipe's shape and change one member of its JSON, and many are signed anew.
"""

import logging
import random
import sys
from importlib import import_module
from typing import Any

# Not every Python has a wheel of it, and only this file needs it.
atheris: Any = import_module("atheris")

with atheris.instrument_imports(include=["app.tokens"]):
    # Loaded by a key set that has one; here, so that their lines guide the fuzzer, too.
    from app.tokens import ec_key, hmac_key, rsa_key  # noqa: F401
    from tests.fuzz import harness
    from tests.fuzz.mutations import mutate


def one_input(data: bytes) -> None:
    """What libFuzzer calls; an exception is a find."""
    harness.run(data)


def custom_mutator(data: bytes, max_size: int, seed: int) -> bytes:
    """A mutation of `data`; of every two, one is libFuzzer's own and one keeps the shape."""
    chance = random.Random(seed)  # noqa: S311 - reproducible mutations, no secrets
    if chance.random() < 0.5:
        mutated: bytes = atheris.Mutate(data, max_size)
        return mutated
    return mutate(data, chance)[:max_size]


def main() -> None:
    """Runs with libFuzzer's options and folders, until they say to stop."""
    logging.getLogger("ostiary.keys").setLevel(logging.ERROR)
    harness.verifier()
    atheris.Setup(sys.argv, one_input, custom_mutator=custom_mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
