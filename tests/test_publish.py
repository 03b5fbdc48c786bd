"""`make images`, with a `docker` that writes down how it was called, in place of the real one."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from local import publish

ROOT = Path(__file__).parent.parent
REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/ostiary"
DIGESTS = {"app": f"sha256:{'a' * 64}", "authorizer": f"sha256:{'b' * 64}"}
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
_DOCKER = """#!{python} -S
import json, os, sys
folder = {folder!r}
words = sys.argv[1:]
with open(os.path.join(folder, "calls"), "a") as calls:
    calls.write(json.dumps([os.getcwd(), words]) + "\\n")
answers = json.load(open(os.path.join(folder, "answers.json")))
if words[:2] == ["buildx", "version"]:
    print(answers["version"])
    sys.exit(not answers["version"])
print("#1 [internal] load build definition from Dockerfile", file=sys.stderr)
if answers["error"]:
    print(answers["error"], file=sys.stderr)
    sys.exit(1)
target = words[words.index("--target") + 1]
if target in answers["digests"]:
    written = {{"containerimage.digest": answers["digests"][target],
                "containerimage.descriptor": {{"mediaType": answers["type"]}}}}
    with open(words[words.index("--metadata-file") + 1], "w") as metadata:
        json.dump(written, metadata)
"""


class Docker(NamedTuple):
    """The stand-in: `folder` is all that the PATH has."""

    folder: Path

    def says(
        self,
        version: str = "github.com/docker/buildx v0.30.1 9e66234",
        error: str = "",
        digests: dict[str, str] = DIGESTS,
        media_type: str = MANIFEST,
    ) -> None:
        """What it answers from now on."""
        answers = {"version": version, "error": error, "digests": digests, "type": media_type}
        (self.folder / "answers.json").write_text(json.dumps(answers))

    def builds(self) -> list[list[str]]:
        """The words of each build; all run where the Dockerfile lies."""
        calls = [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]
        builds = [call for call in calls if call[1][:2] == ["buildx", "build"]]
        assert all(folder == str(ROOT) for folder, _ in builds)
        return [words for _, words in builds]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    program = tmp_path / "docker"
    program.write_text(_DOCKER.format(python=sys.executable, folder=str(tmp_path)))
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    stand_in = Docker(tmp_path)
    stand_in.says()
    return stand_in


def refusal(*arguments: str) -> str:
    """What ends the program, in a sentence."""
    with pytest.raises(SystemExit) as ended:
        publish.main(arguments)
    assert isinstance(ended.value.code, str)
    return ended.value.code


def test_the_two_lines_of_samconfig_are_all_that_is_printed(
    docker: Docker, capsys: pytest.CaptureFixture[str]
) -> None:
    publish.main([REPOSITORY])
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"AppImage={REPOSITORY}@{DIGESTS['app']}",
        f"AuthorizerImage={REPOSITORY}@{DIGESTS['authorizer']}",
    ]
    assert "load build definition" in told.err


def test_lambda_gets_one_manifest_for_arm64_and_no_attestation_beside_it(docker: Docker) -> None:
    publish.publish(REPOSITORY)
    for words in docker.builds():
        assert words[words.index("--platform") + 1] == "linux/arm64"
        assert {"--provenance=false", "--sbom=false", "--push"} <= set(words)
        assert words[-1] == "."


def test_each_target_of_the_dockerfile_is_pushed_under_a_tag_of_its_own(docker: Docker) -> None:
    publish.publish(REPOSITORY)
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    stages = re.findall(r"^FROM \S+ AS (\S+)$", dockerfile, re.MULTILINE)
    targets = [words[words.index("--target") + 1] for words in docker.builds()]
    tags = [words[words.index("--tag") + 1] for words in docker.builds()]
    assert targets == ["app", "authorizer"]
    assert set(targets) <= set(stages)
    for target, tag in zip(targets, tags, strict=True):
        assert re.fullmatch(rf"{re.escape(REPOSITORY)}:{target}-\d{{8}}-\d{{6}}-[\w-]+", tag), tag


def test_whoever_builds_may_add_arguments(docker: Docker) -> None:
    publish.publish(REPOSITORY, ["--pull", "--no-cache"])
    assert all(words[-3:] == ["--pull", "--no-cache", "."] for words in docker.builds())


@pytest.mark.parametrize(
    "repository",
    [
        "",
        "ostiary",
        f"{REPOSITORY}:latest",
        f"{REPOSITORY}@{DIGESTS['app']}",
        f"https://{REPOSITORY}",
        REPOSITORY.replace("123456789012", "12345"),
        f"{REPOSITORY}\n",
        f"{REPOSITORY}/",
        "docker.io/library/ostiary",
    ],
)
def test_what_is_no_repository_of_ecr_is_refused_before_anything_is_built(
    docker: Docker, repository: str
) -> None:
    assert publish.LIKE in refusal(repository)
    assert not (docker.folder / "calls").exists()


def test_china_has_repositories_too(docker: Docker) -> None:
    assert publish.publish("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/ostiary")


def test_without_a_repository_it_says_what_one_looks_like(docker: Docker) -> None:
    assert publish.LIKE in refusal()


def test_without_docker_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install Docker" in refusal(REPOSITORY)


@pytest.mark.parametrize("version", ["", "github.com/docker/buildx v0.9.1 ed00243", "unknown"])
def test_without_a_fitting_buildx_nothing_is_built(docker: Docker, version: str) -> None:
    docker.says(version=version)
    assert "buildx" in refusal(REPOSITORY)
    assert docker.builds() == []


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (
            "ERROR: failed to push: unexpected status: 401 Unauthorized",
            "get-login-password --region eu-central-1 | docker login --username AWS",
        ),
        ("denied: Your authorization token has expired. Reauthenticate.", "docker login"),
        ("no basic auth credentials", "docker login"),
        (
            "name unknown: The repository with name 'team/ostiary' does not exist",
            "aws ecr create-repository --region eu-central-1 --repository-name team/ostiary",
        ),
        ("exec /bin/sh: exec format error", "binfmt --install arm64"),
        ("ERROR: Cannot connect to the Docker daemon at unix:///x", "start Docker"),
        ("ERROR: hash mismatch", "stands above"),
    ],
)
def test_a_failed_push_says_what_to_do(
    docker: Docker, capsys: pytest.CaptureFixture[str], error: str, advice: str
) -> None:
    docker.says(error=error)
    assert advice in refusal(REPOSITORY)
    told = capsys.readouterr()
    assert error in told.err
    assert told.out == ""


def test_one_image_alone_is_never_printed(
    docker: Docker, capsys: pytest.CaptureFixture[str]
) -> None:
    docker.says(digests={"app": DIGESTS["app"]})
    assert "authorizer" in refusal(REPOSITORY)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "told", [{}, {"app": "latest"}, {"app": DIGESTS["app"][:-1]}], ids=["none", "tag", "short"]
)
def test_without_a_digest_it_fails(docker: Docker, told: dict[str, str]) -> None:
    docker.says(digests={"authorizer": DIGESTS["authorizer"]} | told)
    assert "no digest" in refusal(REPOSITORY)


def test_an_index_is_refused_here_and_not_by_lambda(docker: Docker) -> None:
    docker.says(media_type=INDEX)
    assert INDEX in refusal(REPOSITORY)


def made(arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """What `make` would run, or say."""
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )


def test_make_hands_both_over_and_lists_the_target() -> None:
    recipe = made(["-n", "images", f"REPOSITORY={REPOSITORY}", "ARGS=--pull"]).stdout
    assert f'-m local.publish "{REPOSITORY}" --pull' in recipe
    assert re.search(r"^images\s", made(["help"]).stdout, re.MULTILINE)
