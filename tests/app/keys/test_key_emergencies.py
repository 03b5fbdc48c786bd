"""`--emergency` does it now and says what breaks; and many processes that do it at once."""

import json
import re
import subprocess
import sys
from pathlib import Path

from app import cli as command
from tests.app.keys.conftest import Keys

HOUSE = Path(command.__file__).parent.parent


def test_an_emergency_rotates_too_early_and_says_what_breaks(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    keys("generate")
    first, second = keys.kid("active"), keys.kid("next")
    said = keys("rotate", "--emergency")
    assert keys.states == {first: "retiring", second: "active"}
    breaks = said.partition("What breaks: ")[2]
    assert "Processes of the app: for up to 5 minutes" in breaks
    assert "`https:` ask for an unknown key, at most every 10 s" in breaks
    assert "older set for up to 10 minutes" in breaks
    assert "(`env:`): until it is deployed again" in breaks
    assert "for up to 120 minutes after that" in breaks
    assert f"run `ostiary keys retire --emergency {first}`." in breaks
    assert f"{second} had waited in this set" in breaks


def test_an_emergency_without_a_next_key_makes_one_like_the_active(keys: Keys) -> None:
    keys("generate", "--alg", "ES384")
    first = keys.kid("active")
    assert "What breaks: " in keys("rotate", "--emergency")
    assert keys.states == {first: "retiring", keys.kid("active"): "active"}
    assert {key["alg"] for key in keys.document["keys"]} == {"ES384"}


def test_an_emergency_that_has_waited_breaks_nothing(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    keys("generate")
    keys.now += 7800
    assert "What breaks" not in keys("rotate", "--emergency")
    keys.now += 905
    assert "What breaks" not in keys("retire", "--emergency")


def test_an_emergency_retires_too_early_and_says_what_breaks(keys: Keys) -> None:
    keys("generate", "--alg", "ES256")
    first = keys.kid("active")
    keys("rotate", "--emergency")
    breaks = keys("retire", "--emergency", first).partition("What breaks: ")[2]
    assert keys.states[first] == "gone"
    assert "tokens that it signed are refused before they expire" in breaks
    assert "app within 5 minutes, by authorizers with `https:` within 15 minutes" in breaks
    assert "until it is deployed again" in breaks
    assert "for up to 130 minutes" in breaks


AT_ONCE = """
import sys
from app import cli
codes = []
for words in (["generate"], ["rotate", "--emergency"]):
    sys.argv = ["ostiary", "keys", *words]
    try:
        cli.main()
    except SystemExit as ended:
        codes.append(ended.code)
print(codes)
"""


def test_processes_that_rotate_at_once_take_turns(keys: Keys) -> None:
    """Each publishes a key and lets it sign: or is told that another's is the next one already."""
    keys("generate", "--alg", "ES256")
    environment = {**keys.source, "PATH": ""}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE],
            cwd=HOUSE,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(8)
    ]
    ended = [process.communicate(timeout=120) for process in started]
    made = set()
    for out, err in ended:
        codes = json.loads(out.splitlines()[-1])
        assert codes[1] == 0, err
        assert err.count("\n") == codes[0], err
        assert ("is the next key already" in err) == bool(codes[0])
        made |= set(re.findall(r"(\S+) signs, in every process", out))
    states = keys.states
    # Each of the 8 rotations has put another key in its place, and none was lost on the way.
    assert len(made) == 8
    assert set(made) <= set(states)
    assert sorted(states.values()) == ["active", *["retiring"] * 8]
    assert [path.name for path in keys.path.parent.iterdir()] == ["keys.json"]
