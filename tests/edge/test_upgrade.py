"""A deployed stack goes to another version and back, with its users logged in and their notes."""

import io
import json
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import pytest

from local.cloud import Cloud, Edge
from local.command import PROJECT
from local.deploy import deploy
from local.edge import edge_parameters
from local.errors import EdgeError
from local.ministack import free_port
from tests.edge.conftest import new_folder, own_edge
from tests.support import PASSWORD

# The last state whose template took key sets and a database URL, and was migrated by hand.
BEFORE = "d82ce204c3ff87ab000a5cb7abd5d88ed82c7824"
NOTE = {"title": "first", "body": "light the lamp"}
NEXT = """
    import sqlalchemy as sa
    from alembic import op

    revision, down_revision = "0004", "0003"


    def upgrade() -> None:
        op.add_column("notes", sa.Column("colour", sa.String(20), nullable=True))
        {more}


    def downgrade() -> None:
        op.drop_column("notes", "colour")
"""
BROKEN = 'op.execute("UPDATE notes SET no_such_column = 1")'


class Visitor:
    """Somebody who logged in and left a note."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        account = {"email": "ada@example.com", "password": PASSWORD}
        assert self.client.post("/users", json=account).status_code == 201
        form = {"username": account["email"], "password": PASSWORD}
        self.tokens: dict[str, Any] = self.client.post("/auth/login", data=form).json()
        assert self.ask("POST", "/notes", json=NOTE).status_code == 201

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return self.client.request(method, path, headers=headers, **more)

    def is_at_home(self) -> bool:
        """Whether the token passes, the note is there, and the refresh token is good."""
        answer = self.ask("GET", "/notes")
        assert answer.status_code == 200, answer.text
        assert [note["title"] for note in answer.json()["items"]] == ["first"]
        form = {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]}
        answer = self.client.post("/auth/token", data=form)
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        assert self.ask("GET", "/users/me").status_code == 200
        return self.client.get("/ready").status_code == 200


@contextmanager
def edge_of(project: Path, folder: Path) -> Iterator[Edge]:
    """An edge that another checkout has started, by its own program."""
    command = [sys.executable, "-m", "local.edge", "--folder", str(folder)]
    command += ["--port", str(free_port(0))]
    said: list[str] = []
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            said.append(line)
            if line.startswith("Ctrl-C stops it"):
                break
        assert said[-1].startswith("Ctrl-C stops it"), "".join(said)
        try:
            known = json.loads((folder / "edge.json").read_text())
            yield Edge(Cloud(known["endpoint"]), known["database_url"])
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def next_version(folder: Path, more: str = "") -> Path:
    """This checkout with one migration more."""
    for part in ("app", "alembic", "authorizer"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / part, folder / part, ignore=ignored)
    for file in ("Dockerfile", "template.yaml"):
        shutil.copy(PROJECT / file, folder / file)
    migration = folder / "alembic" / "versions" / "0004_colours.py"
    migration.write_text(dedent(NEXT).format(more=more))
    return folder


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The checkout of the state before, from this repository's history."""
    git = ["git", "-C", str(PROJECT), "archive", BEFORE]
    archived = subprocess.run(git, capture_output=True, check=False)
    if archived.returncode:
        pytest.skip("the history is not here: this is no clone, or a shallow one")
    with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as archive:
        archive.extractall(tmp_path / "before", filter="data")
    return tmp_path / "before"


def test_a_stack_of_the_state_before_is_updated_with_its_users_logged_in(before: Path) -> None:
    with new_folder() as folder, edge_of(before, folder) as edge, edge.http() as client:
        visitor = Visitor(client)
        # Tokens of the old keys are out there: so they stay, as docs/deploying.md has it.
        parameters = edge_parameters(edge, folder)
        assert "KeySecretArn" in parameters

        deploy(edge.cloud, edge.kind, parameters)

        assert visitor.is_at_home()
        assert edge.ostiary("users", "list").startswith("ada@example.com")
        assert "OSTIARY_SIGNING_KEYS" not in edge.settings()


def test_a_newer_version_and_back_with_everybody_logged_in(tmp_path: Path) -> None:
    with own_edge() as (edge, parameters, client):
        visitor = Visitor(client)

        deploy(edge.cloud, edge.kind, parameters, project=next_version(tmp_path))
        assert "stands at 0004 already" in edge.ostiary("migrate")
        assert visitor.is_at_home()

        deploy(edge.cloud, edge.kind, parameters)
        assert "stands at 0004, which is newer" in edge.ostiary("migrate")
        assert visitor.is_at_home()


def test_a_migration_that_fails_rolls_the_stack_back_and_the_old_code_serves_on(
    tmp_path: Path,
) -> None:
    with own_edge() as (edge, parameters, client):
        visitor = Visitor(client)
        broken = next_version(tmp_path, BROKEN)

        with pytest.raises(EdgeError, match=r"0004 were not applied: .*no_such_column") as failed:
            deploy(edge.cloud, edge.kind, parameters, project=broken)

        assert "the database stands at 0003" in str(failed.value)
        assert "stands at 0003 already" in edge.ostiary("migrate")
        assert visitor.is_at_home()
