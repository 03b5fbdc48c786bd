"""Who may use what, held against the text of the code: no way round an import contract."""

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import (
    CODE,
    ROOT,
    calls,
    importers,
    imports,
    name_of,
    python_files,
    tree_of,
)

ISSUE = ROOT / "app" / "tokens" / "issue.py"
# Of jose: whatever verifies, decrypts or reads an unverified token.
FORBIDDEN_OF_JOSE = {
    *("jwe", "jwt", "decode", "verify", "decrypt", "encrypt", "get_unverified_claims"),
    *("get_unverified_header", "get_unverified_headers", "get_unverified_header_segments"),
}


@pytest.mark.parametrize(
    ("package", "files"),
    [
        ("jose", {"app/tokens/issue.py"}),
        ("passlib", {"app/accounts/passwords.py"}),
        ("mangum", {"app/main.py"}),
    ],
)
def test_a_package_has_one_file_that_uses_it(package: str, files: set[str]) -> None:
    assert importers(package) == files


@pytest.mark.parametrize("package", ["jwt", "joserfc", "authlib", "bcrypt", "ecdsa", "rsa"])
def test_other_packages_for_tokens_and_passwords_are_not_used(package: str) -> None:
    assert importers(package) == set()


def test_jose_signs_and_does_nothing_else() -> None:
    named = {name for name in imports(ISSUE) if name.startswith("jose")}
    assert named
    assert not [name for name in named if FORBIDDEN_OF_JOSE & set(name.split("."))]
    of_jose = {alias.asname or alias.name for alias in _aliases_from_jose()}
    used = {
        node.attr
        for node in ast.walk(tree_of(ISSUE))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in of_jose
    }
    assert used
    assert used & FORBIDDEN_OF_JOSE == set()


def _aliases_from_jose() -> list[ast.alias]:
    nodes = ast.walk(tree_of(ISSUE))
    found = [n for n in nodes if isinstance(n, ast.ImportFrom) and (n.module or "") == "jose"]
    return [alias for node in found for alias in node.names]


def test_the_kernel_and_the_authorizer_import_nothing_by_its_name_as_text() -> None:
    for path in python_files("app/tokens", "authorizer"):
        assert not [name for name, _ in calls(path) if name in ("import_module", "__import__")]


def test_sql_text_is_a_constant() -> None:
    built = [
        f"{name_of(path)}:{call.lineno}"
        for path in python_files(*CODE)
        for name, call in calls(path)
        if name in ("text", "exec_driver_sql", "literal_column")
        and not (call.args and isinstance(call.args[0], ast.Constant))
    ]
    assert built == []


def test_nothing_is_evaluated_and_no_object_is_unpickled() -> None:
    for path in python_files(*CODE):
        called = {name for name, call in calls(path) if isinstance(call.func, ast.Name)}
        assert called & {"eval", "exec", "compile"} == set(), name_of(path)
        packages = {name.partition(".")[0] for name in imports(path)}
        assert packages & {"pickle", "marshal", "shelve"} == set(), name_of(path)


def test_no_verdict_rests_on_a_url_or_on_what_a_gateway_says() -> None:
    """`request.url` believes the Host header; `requestContext.authorizer` believes its sender."""
    for path in python_files("app", "authorizer"):
        nodes = list(ast.walk(tree_of(path)))
        read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        if name_of(path) != "app/protocol.py":  # whose `url` is the target of a request, as sent
            assert read & {"url", "base_url"} == set(), name_of(path)
        words = {node.value for node in nodes if isinstance(node, ast.Constant)}
        assert words & {"aws.event", "principalId"} <= _written_by(path), name_of(path)
        if name_of(path) != "app/access/routes.py":  # which names the authorizer's folder
            assert "authorizer" not in words, name_of(path)


def _written_by(path: Path) -> set[str]:
    written = {"app/tokens/policy.py": {"principalId"}, "app/request_log.py": {"aws.event"}}
    return written.get(name_of(path), set())


def test_only_the_settings_and_the_key_sources_read_the_environment() -> None:
    readers = {
        name_of(path)
        for path in python_files("app", "authorizer")
        if any(
            isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
            for node in ast.walk(tree_of(path))
        )
    }
    assert readers == {
        "app/cli.py",
        "app/settings.py",
        "app/tokens/key_sources.py",
        "authorizer/metrics.py",
        "authorizer/settings.py",
    }
