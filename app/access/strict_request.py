"""A request whose JSON has one reading, as that of a token has."""

import json
from typing import Any

from fastapi import Request

from app.tokens.encoding import parse_json_object


class StrictRequest(Request):
    """Takes JSON in UTF-8, an object, each member once: what a gateway before us would read too."""

    async def json(self) -> Any:
        """The body's object; FastAPI makes 422 of the JSONDecodeError that is raised otherwise."""
        try:
            return parse_json_object(await self.body())
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from None
