"""One table of tokens, good and hostile; every door must judge each row as its verdict says."""

from collections.abc import Mapping

from tests.doors.row import Row
from tests.doors.rows import (
    algorithms,
    claims,
    encodings,
    good,
    headers,
    json_texts,
    public_keys,
    purposes,
    rsa_signatures,
    shapes,
    signatures,
    times,
)

TABLE: tuple[Row, ...] = (
    *good.ROWS,
    *algorithms.ROWS,
    *public_keys.ROWS,
    *headers.ROWS,
    *purposes.ROWS,
    *shapes.ROWS,
    *encodings.ROWS,
    *json_texts.ROWS,
    *times.ROWS,
    *claims.ROWS,
    *signatures.ROWS,
    *rsa_signatures.ROWS,
)

# Why `verify` refuses the rows of a group: a row that is refused for another reason tries nothing.
REFUSALS: Mapping[str, set[str]] = {
    "good": set(),
    "alg none": {
        "wrong_algorithm",
        "unknown_key",
        "bad_signature",
        "malformed_token",
        "wrong_type",
    },
    "another algorithm": {"wrong_algorithm", "bad_signature"},
    "public key as secret": {"wrong_algorithm", "bad_signature"},
    "kid": {"unknown_key"},
    "typ": {"wrong_type"},
    "another purpose": {"wrong_type", "wrong_issuer", "wrong_audience", "forbidden_header"},
    "forbidden members": {"forbidden_header"},
    "keys brought along": {"forbidden_header", "bad_signature"},
    "segments": {
        "malformed_token",
        "malformed_claims",
        "bad_signature",
        "wrong_type",
        "forbidden_header",
    },
    "around a token": {"malformed_token", "bad_signature"},
    "size": {"token_too_large", "malformed_token"},
    "base64url": {"malformed_token", "malformed_claims", "bad_signature"},
    "JSON of the header": {"malformed_token", "wrong_type"},
    "JSON of the payload": {"malformed_claims", "missing_claim"},
    "duplicate members": {"malformed_token", "malformed_claims"},
    "times": {
        "token_expired",
        "token_not_yet_valid",
        "lifetime_too_long",
        "missing_claim",
        "invalid_claim",
        "malformed_claims",
    },
    "types of times": {"invalid_claim"},
    "issuer and audience": {"wrong_issuer", "wrong_audience", "missing_claim", "invalid_claim"},
    "claims": {"missing_claim", "invalid_claim"},
    "types of claims": {"invalid_claim"},
    "signatures": {"bad_signature"},
    "RSA signatures": {"bad_signature"},
}
