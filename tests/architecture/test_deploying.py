"""docs/deploying.md: its commands exist, its names are the template's, its shell function works."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name

from local.template import read_template
from tests.architecture.sources import ROOT

PAGE = (ROOT / "docs" / "deploying.md").read_text("utf-8")
TEMPLATE: dict[str, Any] = read_template(ROOT / "template.yaml")
_FENCE = re.compile(r"```(?:sh|bash)\n(.*?)```", re.DOTALL)
_INLINE = re.compile(r"(?<!`)`(aws [^`]+)`(?!`)")
_COMMAND = re.compile(r"\baws (?P<service>[a-z0-9]+) (?P<operation>[a-z0-9-]+)(?P<rest>[^|;&)\n]*)")
_FLAG = re.compile(r"(?<=\s)--(?P<name>[a-z0-9-]+)")
# What the AWS CLI has beside the API's own: for every command, and for single ones.
EVERYWHERE = {"query", "output", "region", "cli-read-timeout", "cli-binary-format"}
OF_THE_CLI = {
    "authorize-security-group-ingress": {"protocol", "port", "source-group", "cidr"},
    "get-login-password": set[str](),
    "subscribe": {"notification-endpoint"},  # of SNS, where it would be --endpoint
}
_STAND_IN = """#!{python} -S
import json, os, sys
folder, words = {folder!r}, sys.argv[1:]
with open(os.path.join(folder, "calls"), "a") as calls:
    calls.write(json.dumps(words) + "\\n")
if words[:2] == ["cloudformation", "describe-stacks"]:
    print("ostiary-dev-deploy")
    sys.exit(words[words.index("--stack-name") + 1] != "ostiary-dev")
payload = json.load(open(words[words.index("--payload") + 1].removeprefix("fileb://")))
with open(os.path.join(folder, "payload"), "w") as seen:
    json.dump(payload, seen)
with open(words[-1], "w") as answer:
    answer.write(open(os.path.join(folder, "answer")).read())
print('{{"StatusCode": 200}}')
"""


def fences() -> str:
    """Every command to copy, a continued line as one."""
    return re.sub(r"\\\n\s*", "", "\n".join(_FENCE.findall(PAGE)))


def commands() -> list[tuple[str, str, set[str]]]:
    """Each call of the AWS CLI: the service, the operation, and the flags."""
    written = "\n".join([fences(), *_INLINE.findall(PAGE)])
    written = re.sub(r"\s#.*", "", written)
    found = [
        (m["service"], m["operation"], {flag["name"] for flag in _FLAG.finditer(m["rest"])})
        for m in _COMMAND.finditer(written)
    ]
    assert len(found) > 30
    return found


def unknown(service: str, operation: str, flags: set[str]) -> set[str]:
    """The flags that the API does not have; the operation itself, if it has none of that name."""
    client = boto3.client(service, region_name="us-east-1")
    if operation in OF_THE_CLI and not OF_THE_CLI[operation]:
        return flags - EVERYWHERE
    names = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}
    if operation not in names:
        return {operation}
    shape = client.meta.service_model.operation_model(names[operation]).input_shape
    known = {xform_name(name, "-") for name in (shape.members if shape else {})}
    known |= EVERYWHERE | OF_THE_CLI.get(operation, set())
    return {flag for flag in flags if flag.removeprefix("no-") not in known}


def test_every_call_of_the_aws_cli_exists_with_its_flags() -> None:
    wrong = []
    for service, operation, flags in commands():
        if operation == "wait":
            continue
        found = unknown(service, operation, flags)
        wrong += [f"aws {service} {operation}: {sorted(found)}"] if found else []
    assert wrong == []


@pytest.mark.parametrize(
    ("service", "waiter"), re.findall(r"\baws (\w+) wait ([a-z-]+)", PAGE), ids=lambda name: name
)
def test_every_waiter_exists(service: str, waiter: str) -> None:
    client = boto3.client(service, region_name="us-east-1")
    assert waiter.replace("-", "_") in client.waiter_names


def test_outputs_and_parameters_are_the_templates() -> None:
    outputs = re.findall(r"OutputKey=='(\w+)'", PAGE)
    assert set(outputs) <= set(TEMPLATE["Outputs"])
    parameters = re.findall(r"`([A-Z][A-Za-z]+)=", PAGE)
    assert parameters
    assert set(parameters) <= set(TEMPLATE["Parameters"])


def test_each_tool_is_told_the_one_region() -> None:
    """AWS CLI 2 reads AWS_REGION; what is built on botocore reads AWS_DEFAULT_REGION alone."""
    (exported,) = re.findall(r"^export (AWS_REGION=.+?)(?:\s+#.*)?$", PAGE, re.MULTILINE)
    words = dict(word.split("=") for word in shlex.split(exported))
    assert words.pop("AWS_PAGER") == ""
    assert set(words) == {"AWS_REGION", "AWS_DEFAULT_REGION"}
    assert len(set(words.values())) == 1


def test_nothing_stands_behind_a_question_which_would_read_it() -> None:
    blocks = [block.splitlines() for block in _FENCE.findall(PAGE)]
    assert [len(lines) for lines in blocks if "read " in {line[:5] for line in lines}] == [1]


def test_between_the_first_two_deploys_the_url_becomes_the_issuer(tmp_path: Path) -> None:
    placeholder = "https://first-deploy.invalid"
    assert f"`Issuer={placeholder}`" in PAGE
    (line,) = re.findall(r"^sed .+$", PAGE, re.MULTILINE)
    configuration = (ROOT / "samconfig.toml").read_text("utf-8")
    filled = re.sub(r'"Issuer=\S*",', f'"Issuer={placeholder}",', configuration, count=1)
    (tmp_path / "samconfig.toml").write_text(filled, "utf-8")
    url = "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/prod"
    environment = {"PATH": os.defpath, "URL": url}
    subprocess.run(["bash", "-c", line], cwd=tmp_path, env=environment, check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["samconfig.toml"]
    assert (tmp_path / "samconfig.toml").read_text("utf-8") == filled.replace(placeholder, url)


class Shell:
    """bash with the page's function, and an `aws` that answers from a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program = folder / "aws"
        program.write_text(_STAND_IN.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o700)
        (found,) = re.findall(r"```bash\n(deployed\(\) \{.*?\n\}\n)", PAGE, re.DOTALL)
        self.function: str = found

    def run(self, line: str, answer: object, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """A line that calls it; `answer` is what Lambda would write."""
        (self.folder / "answer").write_text(json.dumps(answer))
        interpreter = Path(sys.executable).parent
        path = os.pathsep.join([str(self.folder), str(interpreter), os.defpath])
        return subprocess.run(
            ["bash", "-c", f"{self.function}\n{line}"],
            input=stdin,
            env={"PATH": path, "TMPDIR": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    def payload(self) -> Any:
        return json.loads((self.folder / "payload").read_text())


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_a_command_prints_and_ends_there_as_it_does_here(shell: Shell) -> None:
    said = {"exit_code": 3, "stdout": "one\ntwo\n", "stderr": "three\n"}
    words = ["users", "create", "it's", 'two "words"', "$HOME"]
    done = shell.run(f"deployed ostiary-dev {shlex.join(words)}", said)
    assert (done.returncode, done.stdout, done.stderr) == (3, "one\ntwo\n", "three\n")
    assert shell.payload() == {"argv": words, "stdin": ""}


def test_a_password_goes_by_standard_input_and_is_no_argument(shell: Shell) -> None:
    said = {"exit_code": 0, "stdout": "", "stderr": ""}
    secret = "correct horse 'battery' ✓"
    done = shell.run("deployed ostiary-dev users set-password a@b.c", said, stdin=f"{secret}\n")
    assert done.returncode == 0
    assert shell.payload()["stdin"] == f"{secret}\n"
    assert "horse" not in (shell.folder / "calls").read_text()


def test_a_function_that_failed_is_no_success(shell: Shell) -> None:
    said = {"errorMessage": "Task timed out", "errorType": "Sandbox.Timedout"}
    done = shell.run("deployed ostiary-dev users list", said)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Task timed out" in done.stderr


def test_a_stack_that_is_not_there_is_no_success(shell: Shell) -> None:
    done = shell.run("deployed ostiary-elsewhere users list", {})
    assert done.returncode
    assert not (shell.folder / "payload").exists()


def test_the_answer_stays_nowhere(shell: Shell) -> None:
    before = {path.name for path in shell.folder.iterdir()}
    shell.run("deployed ostiary-dev clients list", {"exit_code": 0, "stdout": "", "stderr": ""})
    left = {path.name for path in shell.folder.iterdir()} - before
    assert left == {"answer", "calls", "payload"}
