"""The part of a database's error that may be told."""


def first_line(error: BaseException) -> str:
    """The first line of what the driver said, or of the error itself; empty where that is.

    Behind it PostgreSQL shows what stands in rows: "Failing row contains (…)".
    """
    said = str(getattr(error, "orig", None) or error).strip()
    return said.partition("\n")[0]
