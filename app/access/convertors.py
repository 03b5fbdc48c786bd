"""Path parameters with exactly one spelling, so that the edge and the app read the same path.

Starlette's own `uuid` takes four spellings of one id. Each convertor here is made of a Spelling,
which also says what it looks like in an execute-api ARN.
"""

from typing import ClassVar

from starlette.convertors import Convertor, register_url_convertor

from app.access.spelling import Spelling

_HEX = "0123456789abcdef"
_CANONICAL_UUID = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"


class HouseConvertor(Convertor[str]):
    """Takes what its spelling says, and hands it on as it came."""

    spelling: ClassVar[Spelling]

    def __init_subclass__(cls) -> None:
        cls.regex = cls.spelling.regex

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class IdConvertor(HouseConvertor):
    """`{note_id:id}`: a UUID in its canonical text, 36 characters, lower case (RFC 9562 §4)."""

    spelling = Spelling(tuple(_HEX if place == "x" else place for place in _CANONICAL_UUID))


class TailConvertor(HouseConvertor):
    """`{path:tail}`: the rest of a path, one or more segments in characters that need no escape."""

    spelling = Spelling((), tail=True)


register_url_convertor("id", IdConvertor())
register_url_convertor("tail", TailConvertor())
