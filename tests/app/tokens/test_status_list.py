"""The bits of a status list: the draft's own vectors, and what no zlib should ever have packed."""

import base64
import tracemalloc
import zlib

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from app.tokens.errors import StatusListError, WrongStatus
from app.tokens.status_list import (
    MAX_LIST_BYTES,
    StatusList,
    pack,
    status_list_payload,
    unpack,
)
from tests.app.tokens.listing import RAW, URI

steady = settings(max_examples=200, deadline=None, database=None)
# draft-ietf-oauth-status-list, §4.2 and appendix "Test vectors": the 1-bit list of 2^20 places.
SHORT = "eNrbuRgAAhcBXQ"
SHORT_BITS = (1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1)
LONG_ENDED = (
    *(0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545),
    *(934534, 1000345),
)
LONG = (
    "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAA"
    "AAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb"
)


def list_of(raw: bytes) -> StatusList:
    return StatusList(URI, 1, 2, 15, raw)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_ended(size: int, ended: tuple[int, ...]) -> bytes:
    raw = bytearray(size // 8)
    for idx in ended:
        raw[idx // 8] |= 1 << idx % 8
    return bytes(raw)


def test_the_short_example_of_the_draft_is_read_and_written() -> None:
    assert unpack(SHORT, most=2) == RAW
    assert pack(RAW, level=9) == SHORT
    assert [int(list_of(RAW).is_ended(idx)) for idx in range(16)] == [*SHORT_BITS]


def test_the_long_vector_of_the_draft_is_read_and_written() -> None:
    raw = unpack(LONG, most=MAX_LIST_BYTES)
    assert len(raw) * 8 == 2**20
    assert pack(with_ended(2**20, LONG_ENDED), level=9) == LONG
    ended = list_of(raw)
    assert tuple(idx for idx in range(2**20) if ended.is_ended(idx)) == LONG_ENDED


@seed(1)
@steady
@given(st.binary(max_size=200))
def test_what_was_packed_is_unpacked(raw: bytes) -> None:
    assert unpack(pack(raw), most=200) == raw


@seed(2)
@steady
@given(st.sets(st.integers(0, 799)))
def test_exactly_those_that_were_ended_are(ended: set[int]) -> None:
    one = list_of(with_ended(800, tuple(ended)))
    assert {idx for idx in range(800) if one.is_ended(idx)} == ended


@pytest.mark.parametrize("idx", [-1, -16, 16, 17, 2**20, 2**64, 10**4000, -(10**4000)])
def test_a_place_that_a_list_does_not_have_is_nobodys(idx: int) -> None:
    with pytest.raises(WrongStatus, match="one of 16 places") as refused:
        list_of(RAW).is_ended(idx)
    assert len(str(refused.value)) < 200


def test_an_empty_list_has_no_place() -> None:
    with pytest.raises(WrongStatus, match="one of 0 places"):
        list_of(unpack(pack(b""), most=10)).is_ended(0)


ZIPPED = zlib.compress(RAW, 9)
GZIP = zlib.compressobj(9, wbits=31)
BARE = zlib.compressobj(9, wbits=-15)
WITH_DICTIONARY = zlib.compressobj(9, zdict=b"\xb9\xa3\xb9\xa3")
HOSTILE = {
    "empty": "",
    "no base64url": "eNrbuRgA*hcBXQ",
    "base64 of the other alphabet": "eN+/",
    "padded": f"{SHORT}==",
    "in two lines": f"{SHORT[:4]}\n{SHORT[4:]}",
    "with a space": f" {SHORT}",
    "not canonical": f"{SHORT[:-1]}R",
    "not ASCII": "eNrbuRgAAhcBXé",
    "a lone surrogate": "\ud800",
    "not packed": b64(b"\xb9\xa3"),
    "gzip": b64(GZIP.compress(RAW) + GZIP.flush()),
    "bare deflate": b64(BARE.compress(RAW) + BARE.flush()),
    "with a dictionary": b64(WITH_DICTIONARY.compress(RAW) + WITH_DICTIONARY.flush()),
    "cut off in front of its sum": b64(ZIPPED[:-4]),
    "cut off in its sum": b64(ZIPPED[:-1]),
    "its head alone": b64(ZIPPED[:2]),
    "of another sum": b64(ZIPPED[:-1] + b"\x00"),
    "a byte behind it": b64(ZIPPED + b"\x00"),
    "twice": b64(ZIPPED + ZIPPED),
    "a byte too long": pack(bytes(1001)),
    "far too long": pack(bytes(10_000_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_packed_list_is_refused(name: str) -> None:
    with pytest.raises(StatusListError, match="lst was expected to") as refused:
        unpack(HOSTILE[name], most=1000)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    assert HOSTILE[name][:20] == "" or HOSTILE[name][:20] not in str(refused.value)


def test_a_list_of_exactly_the_greatest_size_is_read() -> None:
    assert unpack(pack(bytes(1000)), most=1000) == bytes(1000)
    assert unpack(pack(bytes(MAX_LIST_BYTES)), most=MAX_LIST_BYTES) == bytes(MAX_LIST_BYTES)


@seed(3)
@steady
@given(st.data())
def test_a_list_that_was_changed_is_refused_or_reads_as_another(data: st.DataObject) -> None:
    """Whatever the bytes, there is no other exception, and nothing over the limit."""
    packed = pack(b"\xb9\xa3" * 40)
    place = data.draw(st.integers(0, len(packed) - 1))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(st.text("Ae-_=9 é", max_size=3))
    try:
        raw = unpack(packed[:place] + put + packed[place + cut :], most=80)
    except StatusListError:
        return
    assert raw == b"\xb9\xa3" * 40  # what zlib takes has the sum that it says


def test_a_bomb_costs_no_more_memory_than_the_greatest_list() -> None:
    stream = zlib.compressobj(9)
    zeros = bytes(2**20)
    packed = b64(b"".join([*(stream.compress(zeros) for _ in range(400)), stream.flush()]))
    assert 2**18 < len(packed) < MAX_LIST_BYTES
    tracemalloc.start()
    try:
        with pytest.raises(StatusListError, match=f"at most {MAX_LIST_BYTES} bytes"):
            unpack(packed, most=MAX_LIST_BYTES)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20


def test_no_list_is_issued_that_no_verifier_would_take() -> None:
    words = {"issuer": "i", "uri": URI, "now": 1, "ttl": 15, "lifetime": 300}
    with pytest.raises(StatusListError, match=f"at most {MAX_LIST_BYTES} bytes"):
        status_list_payload(raw=bytes(MAX_LIST_BYTES + 1), **words)  # type: ignore[arg-type]
    payload = status_list_payload(raw=RAW, **words)  # type: ignore[arg-type]
    status_list = {"bits": 1, "lst": SHORT}
    assert payload == {"iss": "i", "sub": URI, "iat": 1, "exp": 301, "ttl": 15} | {
        "status_list": status_list
    }
