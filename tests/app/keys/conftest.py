"""`ostiary keys` for tests: on a set in a file, at a time of the test's own."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app import cli as command
from app.tokens.jwk import parse_key_set
from app.tokens.jwk_members import PRIVATE_MEMBERS
from tests.app.keys.sets import OLD

NOW = 1_800_000_000  # 2027-01-15T08:00:00Z


@dataclass
class Keys:
    """A key set in a file, its commands, and the time at which they run."""

    path: Path
    run: Callable[..., tuple[object, str, str]]
    now: float = NOW

    def __call__(self, *words: str, **settings: str) -> str:
        """What a command that does its work says."""
        code, out, err = self.run(*words, **self.source | settings)
        assert (code, err) == (0, "")
        return " ".join(out.split())

    def refuses(self, *words: str, **settings: str) -> str:
        """Why a command gives up: one sentence on standard error, and the set as it was."""
        before = self.path.read_bytes() if self.path.exists() else None
        code, out, err = self.run(*words, **self.source | settings)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert err.startswith("ostiary: ")
        assert before == (self.path.read_bytes() if self.path.exists() else None)
        return err

    def write(self, document: Any) -> None:
        self.path.touch(mode=0o600)
        self.path.write_text(json.dumps(document))

    @property
    def document(self) -> Any:
        parse_key_set(self.path.read_bytes())
        return json.loads(self.path.read_text())

    @property
    def states(self) -> dict[str, str]:
        kept = {key["kid"]: key["state"] for key in self.document["keys"]}
        return kept | {key["kid"]: "gone" for key in self.document.get("gone", [])}

    @property
    def source(self) -> dict[str, str]:
        return {"OSTIARY_KEYS": f"file:{self.path}"}

    def kid(self, state: str) -> str:
        (kid,) = (kid for kid, found in self.states.items() if found == state)
        return kid


@pytest.fixture
def keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Keys]:
    """The commands, run as their entry point does, at a time of the test's own."""
    secrets: set[str] = set()
    said: list[str] = []

    def run(*words: str, **settings: str) -> tuple[object, str, str]:
        with monkeypatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["ostiary", "keys", *words])
            patch.setattr("app.keys.changes.clock", lambda: found.now)
            with pytest.raises(SystemExit) as ended:
                command.main()
        out, err = capsys.readouterr()
        said.extend((out, err))
        if found.path.exists():
            secrets.update(
                key[name]
                for key in json.loads(found.path.read_text()).get("keys", [])
                for name in (*PRIVATE_MEMBERS, "k")
                if name in key
            )
        return ended.value.code, out, err

    found = Keys(tmp_path / "keys.json", run)
    yield found
    assert not [secret for secret in secrets if secret in "".join(said)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A key set, as it should lie."""
    path = tmp_path / "keys.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(OLD))
    return path
