"""`ostiary explain` as it is called, and how its answer is read."""

from typer.testing import CliRunner, Result

from app.cli import cli
from tests.doors.forge import Forge

NOW = 1_800_000_000
AT = ("--at", str(NOW))
FORGE = Forge("ES256", "ada", NOW)
READS = FORGE.token(scope="notes:read")


def ask(*words: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["explain", *words], input=given)


def last(result: Result) -> str:
    return str(result.output).splitlines()[-1]


def row(result: Result, name: str) -> str:
    """The mark of a row and what was found, with one space between them."""
    (line,) = [line for line in result.output.splitlines() if line[3:].startswith(f"{name} ")]
    return f"{line[0]} {line[3:].removeprefix(name).strip()}"


def advice_below(result: Result, name: str) -> str:
    """What is to be done about a row."""
    lines = result.output.splitlines()
    (below,) = [
        lines[number + 1] for number, line in enumerate(lines) if line[3:].startswith(f"{name} ")
    ]
    return str(below).partition("to do:")[2].strip()


def holds_no_secret(result: Result, *tokens: str) -> bool:
    """Whether no segment of a token is repeated."""
    segments = [segment for token in tokens for segment in token.split(".")]
    return not [segment for segment in segments if segment in result.output]
