"""Path parameters with exactly one spelling, so that the edge and the app read the same path.

Starlette's own `uuid` takes four spellings of one id. Each convertor here also says what it looks
like in an execute-api ARN, where `?` stands for one character.
"""

from starlette.convertors import Convertor, register_url_convertor


class IdConvertor(Convertor[str]):
    """A UUID in its canonical text: 36 characters, lower case, with hyphens (RFC 9562 §4)."""

    regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    arn_pattern = "-".join("?" * length for length in (8, 4, 4, 4, 12))

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("id", IdConvertor())
