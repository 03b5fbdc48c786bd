"""Headers and payloads that are no JSON object, or one that two readers read differently."""

import json
from collections.abc import Callable
from typing import Any

from tests.doors.forge import as_bytes, join
from tests.doors.row import Build, rows

Rewrite = Callable[[bytes], bytes]


def in_header(rewrite: Rewrite) -> Build:
    return lambda f: join(rewrite(as_bytes(f.header())), f.claims(), f.sign)


def in_payload(rewrite: Rewrite) -> Build:
    return lambda f: join(f.header(), rewrite(as_bytes(f.claims())), f.sign)


def duplicate(name: str, value: Any) -> Rewrite:
    """One more member of this name, in front: readers that take the last one see a good token."""
    first = f"{json.dumps(name)}:{json.dumps(value)}".encode()
    return lambda raw: b"{" + first + b"," + raw[1:]


def duplicate_last(name: str, value: Any) -> Rewrite:
    """One more behind: readers that take the first one see a good token."""
    last = f"{json.dumps(name)}:{json.dumps(value)}".encode()
    return lambda raw: raw[:-1] + b"," + last + b"}"


def member(text: bytes) -> Rewrite:
    """A further member, written out."""
    return lambda raw: raw[:-1] + b',"x":' + text + b"}"


def recoded(encoding: str) -> Rewrite:
    return lambda raw: raw.decode().encode(encoding)


def replaced(text: bytes) -> Rewrite:
    return lambda _: text


REWRITINGS: dict[str, Rewrite] = {
    "an array": lambda raw: b"[" + raw + b"]",
    "a string": lambda raw: json.dumps(raw.decode()).encode(),
    "null": replaced(b"null"),
    "true": replaced(b"true"),
    "a number": replaced(b"1"),
    "an empty object": replaced(b"{}"),
    "empty": replaced(b""),
    "behind a byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "in UTF-16": recoded("utf-16"),
    "in UTF-16 without a mark": recoded("utf-16-le"),
    "in UTF-32": recoded("utf-32"),
    "in UTF-16, the other way round": recoded("utf-16-be"),
    "in UTF-32 without a mark": recoded("utf-32-le"),
    "in EBCDIC": recoded("cp037"),
    "behind a byte order mark of UTF-16": lambda raw: b"\xff\xfe" + raw,
    "in UTF-7": lambda raw: raw.replace(b"{", b"+AHs-"),
    "broken UTF-8": member(b'"\xc3\x28"'),
    "an overlong UTF-8 sequence": member(b'"\xc0\xaf"'),
    "a surrogate in UTF-8": member(b'"\xed\xa0\x80"'),
    "NaN": member(b"NaN"),
    "Infinity": member(b"Infinity"),
    "minus Infinity": member(b"-Infinity"),
    "NaN deep inside": member(b'[{"y":[NaN]}]'),
    "undefined": member(b"undefined"),
    "True as Python writes it": member(b"True"),
    "a number with a leading zero": member(b"01"),
    "a number with a plus sign": member(b"+1"),
    "a number in hexadecimal": member(b"0x1"),
    "a number that ends in a point": member(b"1."),
    "an escape of no character": member(rb'"\x41"'),
    "half an escape": member(rb'"\u00"'),
    "a name without quotation marks": lambda raw: raw[:-1] + b",x:1}",
    "a number for a name": lambda raw: raw[:-1] + b",1:1}",
    "a missing comma": lambda raw: raw.replace(b",", b" ", 1),
    "two commas": lambda raw: raw.replace(b",", b",,", 1),
    "a no-break space between": lambda raw: raw.replace(b",", b",\xc2\xa0", 1),
    "a form feed between": lambda raw: raw.replace(b",", b",\f", 1),
    "a comment between": lambda raw: raw.replace(b",", b",/**/", 1),
    "a trailing comma": lambda raw: raw[:-1] + b",}",
    "a comment": lambda raw: raw + b"//",
    "two objects": lambda raw: raw + raw,
    "single quotation marks": lambda raw: raw.replace(b'"', b"'"),
    "a line break inside a string": member(b'"a\nb"'),
    "a zero byte behind": lambda raw: raw + b"\0",
    "a number of 5,000 digits": member(b"9" * 5000),
    "arrays in arrays, 2,500 deep": member(b"[" * 2500 + b"]" * 2500),
    "arrays in arrays, one too deep": member(b"[" * 64 + b"]" * 64),
    "objects in objects, one too deep": member(b'{"":' * 64 + b"1" + b"}" * 64),
    "arrays side by side, then one too deep": member(
        b"[" + b"[]," * 100 + b"[" * 63 + b"]" * 63 + b"]"
    ),
    "arrays in arrays, 940 deep": member(b"[" * 940 + b"]" * 940),
    "objects in objects, 1,000 deep": member(b'{"":' * 1000 + b"1" + b"}" * 1000),
    "open brackets alone": replaced(b"[" * 5000),
    "cut off": lambda raw: raw[:-1],
    "a duplicate inside a member": member(b'{"y":1,"y":2}'),
    "a duplicate inside an array": member(b'[1,[{"y":1,"y":1}]]'),
    "a duplicate, ten objects deep": member(b'{"y":' * 10 + b'{"z":1,"z":2}' + b"}" * 10),
    "a duplicate of an empty name": member(b'{"":1,"":2}'),
    "a duplicate by an escape inside a member": member(rb'{"y":1,"\u0079":2}'),
    "a duplicate by a pair of surrogates": member('{"🔑":1,"\\ud83d\\udd11":2}'.encode()),
}


ROWS = (
    *rows("JSON of the header", {name: in_header(r) for name, r in REWRITINGS.items()}),
    *rows("JSON of the payload", {name: in_payload(r) for name, r in REWRITINGS.items()}),
    *rows(
        "duplicate members",
        {
            "alg, first none": in_header(duplicate("alg", "none")),
            "alg, last none": in_header(duplicate_last("alg", "none")),
            "alg, twice the same": lambda f: in_header(duplicate("alg", f.alg))(f),
            "alg, one of them escaped": in_header(lambda raw: raw[:-1] + rb',"\u0061lg":"none"}'),
            "kid, first of no key": in_header(duplicate("kid", "of no key")),
            "kid, last of no key": in_header(duplicate_last("kid", "of no key")),
            "typ, first of a plain JWT": in_header(duplicate("typ", "JWT")),
            "typ, last of a plain JWT": in_header(duplicate_last("typ", "JWT")),
            "crit, twice": in_header(lambda raw: raw[:-1] + b',"crit":[],"crit":[]}'),
            "a member that nobody knows, in the header": in_header(
                lambda raw: raw[:-1] + b',"x":1,"x":1}'
            ),
            "a member that nobody knows, in the payload": in_payload(
                lambda raw: raw[:-1] + b',"x":1,"x":1}'
            ),
            "iss, first another's": in_payload(duplicate("iss", "https://issuer.example.com")),
            "aud, last another's": in_payload(duplicate_last("aud", "another-service")),
            "nbf, twice": in_payload(lambda raw: raw[:-1] + b',"nbf":0,"nbf":9999999999}'),
            "jti, last another": in_payload(duplicate_last("jti", "x")),
            "client_id, three times": in_payload(
                lambda raw: raw[:-1] + b',"client_id":"a","client_id":"b"}'
            ),
            "exp, one of them escaped": in_payload(lambda raw: raw[:-1] + rb',"\u0065xp":1}'),
            "sub, first another's": in_payload(duplicate("sub", "somebody-else")),
            "sub, last another's": in_payload(duplicate_last("sub", "somebody-else")),
            "exp, twice": in_payload(duplicate("exp", 1)),
            "scope, last more": in_payload(duplicate_last("scope", "users:read")),
            "aud, one of them escaped": in_payload(lambda raw: raw[:-1] + rb',"\u0061ud":"x"}'),
        },
    ),
)
