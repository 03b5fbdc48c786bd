"""The Dockerfile: linted, and each image holds what its handler needs and no more."""

import subprocess
import sys
import sysconfig
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from local.command import PROJECT
from local.image import as_zip, read_image

DOCKERFILE = PROJECT / "Dockerfile"


def test_hadolint_is_content_with_the_dockerfile() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"

    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("target", ["app", "authorizer"])
def test_every_file_that_the_dockerfile_copies_exists(target: str) -> None:
    image = read_image(DOCKERFILE, target)

    assert all(path.is_file() for path in image.files.values())
    assert all(path == PROJECT / name for name, path in image.files.items())


@pytest.mark.parametrize(
    ("target", "handler", "module"),
    [
        ("app", "app.main.handler", "app.main"),
        ("authorizer", "authorizer.handler.handler", "authorizer.handler"),
    ],
)
def test_the_files_of_an_image_are_enough_to_import_its_handler(
    tmp_path: Path, target: str, handler: str, module: str
) -> None:
    image = read_image(DOCKERFILE, target)
    zipfile.ZipFile(BytesIO(as_zip(image))).extractall(tmp_path)

    # Without site: the checkout, installed as editable, would fill every gap.
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import {module} as m; print(m.__file__)"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{sysconfig.get_path('purelib')}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert image.handler == handler
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))


def test_the_authorizer_image_cannot_sign_and_the_app_image_does_not_know_the_authorizer() -> None:
    authorizer = read_image(DOCKERFILE, "authorizer").files
    app = read_image(DOCKERFILE, "app").files

    assert "app/tokens/verify.py" in authorizer
    assert "app/tokens/issue.py" not in authorizer
    assert not [name for name in app if name.startswith(("authorizer/", "local/", "tests/"))]


def test_migrations_go_with_the_app() -> None:
    names = read_image(DOCKERFILE, "app").files

    assert "alembic/env.py" in names
    assert any(name.startswith("alembic/versions/") for name in names)


def test_packages_come_from_hashed_locks_and_never_run_setup_code() -> None:
    installs = [
        command
        for command in DOCKERFILE.read_text().replace("\\\n", "").split("\n")
        if "pip install" in command
    ]

    assert len(installs) == 2
    for command in installs:
        assert "--require-hashes" in command
        assert "--no-deps" in command
        assert "--only-binary=:all:" in command


def test_a_copy_of_what_does_not_exist_is_named(tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text('FROM scratch AS app\nCOPY gone.py ./\nCMD ["gone.handler"]\n')

    with pytest.raises(FileNotFoundError, match=r"gone\.py"):
        read_image(dockerfile, "app")
