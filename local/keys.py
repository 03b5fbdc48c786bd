"""The key set of the local edge: made once, and handed out in two shapes."""

import json
from pathlib import Path

from app.tokens.jwk_members import PRIVATE_MEMBERS
from local.command import ostiary


def key_set(path: Path, algorithm: str = "RS256") -> str:
    """The JWK Set in `path`, private members included; `ostiary keys generate` makes it once."""
    if not path.exists():
        ostiary({"OSTIARY_KEYS": f"file:{path}"}, "keys", "generate", "--alg", algorithm)
    return path.read_text()


def for_verifying(signing_keys: str) -> str:
    """The same JWK Set without private members: the authorizer's parameter.

    The `k` of an HMAC key stays: there is no public half to give.
    """
    keys = json.loads(signing_keys)["keys"]
    public = [{m: v for m, v in key.items() if m not in PRIVATE_MEMBERS} for key in keys]
    return json.dumps({"keys": public}, separators=(",", ":"))
