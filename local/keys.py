"""What the edge signs with: a key of the emulator's KMS, or the key set in a file, as a secret."""

import json
from pathlib import Path

from app.tokens.jwk_members import PRIVATE_MEMBERS
from local.cloud import Cloud
from local.command import ostiary


def make_key_set(path: Path, algorithm: str = "RS256") -> None:
    """A JWK Set, private members included, by `ostiary keys generate`."""
    ostiary({"OSTIARY_KEYS": f"file:{path}"}, "keys", "generate", "--alg", algorithm)


def key_parameters(cloud: Cloud, path: Path) -> dict[str, str]:
    """The template's parameters for the key set at `path`; none where there is none.

    Without them the stack makes a key in KMS. HMAC has no public half: the authorizer gets the set.
    """
    if not path.exists():
        return {}
    document = path.read_text()
    secret = cloud.put_secret("ostiary-keys", document)
    shared = any(key["kty"] == "oct" for key in json.loads(document)["keys"])
    return {"KeySecretArn": secret} | ({"VerifyKeys": for_verifying(document)} if shared else {})


def for_verifying(signing_keys: str) -> str:
    """The same JWK Set without private members.

    The `k` of an HMAC key stays: there is no public half to give.
    """
    keys = json.loads(signing_keys)["keys"]
    public = [{m: v for m, v in key.items() if m not in PRIVATE_MEMBERS} for key in keys]
    return json.dumps({"keys": public}, separators=(",", ":"))
