"""A token as people have it at hand: by itself, as a header, or with a slip."""

_NAME = "authorization:"


def header_of(given: str) -> str:
    """The Authorization header of a request with this token; '' is for none.

    What holds a space, or stands behind the header's name, is the header's value already. Raises
    ValueError for what is no token by a slip; its message repeats nothing of it.
    """
    value = given.strip()
    if value.startswith("{"):
        raise ValueError(
            "a token was expected, and a JSON object came: of a login's answer its member "
            "access_token is wanted"
        )
    if "\n" in value:
        raise ValueError("a token was expected, on one line, and a second line came")
    if value.lower().startswith(_NAME):
        return value[len(_NAME) :].strip()
    return value if not value or " " in value else f"Bearer {value}"
