"""`make images`: build both images of the Dockerfile, push them to ECR, print their digests.

The two lines on standard output are those of samconfig.toml; Docker's own go to standard error.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.command import PROJECT
from local.errors import EdgeError

PARAMETERS = {"app": "AppImage", "authorizer": "AuthorizerImage"}
REPOSITORY = re.compile(
    r"(?P<registry>[0-9]{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?)"
    r"/(?P<name>[a-z0-9]+(?:[._/-][a-z0-9]+)*)"
)
LIKE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/ostiary"
# Lambda takes one manifest, and no index of several, which an attestation beside it would make.
# https://github.com/aws/aws-lambda-roadmap/issues/82
_ONE_MANIFEST = ("--platform", "linux/arm64", "--provenance=false", "--sbom=false")
_BUILDX = (0, 10)  # the first that knows those two
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LAST_LINES = 20
# What Docker and ECR say, and what that means.
_ADVICE = {
    "no basic auth credentials|authorization token has expired|401 Unauthorized|403 Forbidden": (
        "Docker is not logged in there: aws ecr get-login-password --region {region} | "
        "docker login --username AWS --password-stdin {registry}"
    ),
    "repository with name .* does not exist|name unknown": (
        "there is no such repository: aws ecr create-repository --region {region} "
        "--repository-name {name}"
    ),
    "exec format error": (
        "this machine runs no arm64: docker run --privileged --rm tonistiigi/binfmt --install arm64"
    ),
    "Cannot connect to the Docker daemon": "start Docker first",
}


def publish(repository: str, arguments: Sequence[str] = ()) -> dict[str, str]:
    """Each image by its digest, by the name of its parameter; EdgeError where that fails.

    `arguments` are for `docker buildx build`, beside those that it is always given.
    """
    named = REPOSITORY.fullmatch(repository)
    if named is None:
        raise EdgeError(f"REPOSITORY={LIKE} was expected, without a tag, not {repository!r}")
    _check_docker()
    tag = _tag()
    return {
        parameter: f"{repository}@{_push(named, target, f'{target}-{tag}', arguments)}"
        for target, parameter in PARAMETERS.items()
    }


def _check_docker() -> None:
    if shutil.which("docker") is None:
        raise EdgeError("there is no `docker` on the PATH: install Docker, with buildx")
    asked = subprocess.run(
        ["docker", "buildx", "version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"v?(\d+)\.(\d+)\.\d+", asked.stdout)
    if asked.returncode or found is None:
        raise EdgeError("`docker buildx version` fails: install Docker's plugin buildx")
    if (int(found[1]), int(found[2])) < _BUILDX:
        wanted = ".".join(map(str, _BUILDX))
        raise EdgeError(f"buildx {wanted} or newer was expected, not {found[0]}")


def _tag() -> str:
    """When it was built, and of which commit; ECR's lifecycle rules drop what is untagged."""
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    commit = asked.stdout.strip() if asked.returncode == 0 else "unknown"
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{commit}"


def _push(named: re.Match[str], target: str, tag: str, arguments: Sequence[str]) -> str:
    """The digest of what was pushed."""
    with tempfile.TemporaryDirectory() as folder:
        metadata = Path(folder) / "metadata.json"
        command = ["docker", "buildx", "build", *_ONE_MANIFEST, "--progress=plain"]
        command += ["--target", target, "--tag", f"{named[0]}:{tag}", "--push"]
        command += ["--metadata-file", str(metadata), *arguments, "."]
        said = _run(command)
        if said is not None:
            raise EdgeError(f"the image `{target}` was not pushed{_advice(said, named)}")
        try:
            written: dict[str, Any] = json.loads(metadata.read_text())
        except (OSError, ValueError):
            written = {}
    media_type = str(written.get("containerimage.descriptor", {}).get("mediaType", ""))
    if "index" in media_type or "manifest.list" in media_type:
        raise EdgeError(f"`{target}` was pushed as {media_type}, which Lambda does not take")
    digest = str(written.get("containerimage.digest", ""))
    if not _DIGEST.fullmatch(digest):
        raise EdgeError(f"buildx told no digest of the image `{target}`; see what it says above")
    return digest


def _run(command: list[str]) -> str | None:
    """Nothing when it went well, else the last that it said; all of it is shown meanwhile."""
    last: list[str] = []
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            sys.stderr.write(line)
            last = [*last[1 - _LAST_LINES :], line]
    return "".join(last) if process.returncode else None


def _advice(said: str, named: re.Match[str]) -> str:
    for pattern, advice in _ADVICE.items():
        if re.search(pattern, said):
            return f". {advice.format(**named.groupdict())}"
    return "; what Docker said stands above"


def main(arguments: Sequence[str]) -> None:
    """The repository, then whatever `docker buildx build` is to be given beside."""
    try:
        images = publish(arguments[0] if arguments else "", arguments[1:])
    except EdgeError as error:
        sys.exit(f"images: {error}")
    for parameter, image in images.items():
        print(f"{parameter}={image}")


if __name__ == "__main__":
    main(sys.argv[1:])
