"""Expand and contract: code of the release before goes on beside every migration.

What takes something away from older code stands in a migration that says from which revision on no
code needs it any more: `CONTRACTS = "0002"`, explained in its docstring. See docs/migrations.md.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from textwrap import dedent
from typing import Any

import pytest

from tests.architecture.sources import ROOT

FILES = sorted((ROOT / "alembic" / "versions").glob("*.py"))
KNOWN = [path.name.partition("_")[0] for path in FILES]
NARROWING = {
    *("create_unique_constraint", "create_check_constraint", "create_foreign_key"),
    *("create_exclude_constraint", "create_primary_key"),
}
# Which of their arguments is the table, where it is not the first.
TABLE_AT = dict.fromkeys((*NARROWING, "create_index"), 1)
_TAKES_AWAY = re.compile(r"\b(drop|rename|alter|truncate|not\s+valid)\b", re.IGNORECASE)


def faults(source: str) -> list[str]:
    """What is wrong with a migration, by the text of its module."""
    tree = ast.parse(dedent(source))
    found = list(dict.fromkeys(_taken_away(tree)))
    contracts = _constant(tree, "CONTRACTS")
    if contracts is None:
        return found + _faults_below(tree)
    if not found:
        found = ["it takes nothing away, and yet it says CONTRACTS"]
    elif contracts not in KNOWN or contracts >= str(_constant(tree, "revision")):
        found = ["CONTRACTS names no older revision"]
    elif contracts not in (ast.get_docstring(tree) or "").partition("\n")[2]:
        found = ["below its first line the docstring does not explain CONTRACTS"]
    else:
        found = []
    return found + _faults_below(tree)


def _taken_away(tree: ast.Module) -> Iterator[str]:
    """What `upgrade` does, itself or by functions of the module, that older code may not bear."""
    calls = [node for node in _reached(tree, "upgrade") if isinstance(node, ast.Call)]
    new = {_table(node, 0) for node in calls if _called(node) == "create_table"} - {None}
    for node in calls:
        name = _called(node)
        if new & {_table(node, TABLE_AT.get(name, 0))} and not name.startswith(
            ("drop_", "rename_")
        ):
            continue  # older code does not know it
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        texts = " ".join(str(it.value) for it in ast.walk(node) if isinstance(it, ast.Constant))
        if name == "batch_alter_table":
            yield "batch mode makes a table anew in SQLite, and the rows that refer to it go"
        elif name.startswith(("drop_", "rename_")) or name in NARROWING:
            yield f"{name} takes something away"
        elif name == "create_index" and _is(given.get("unique"), value=True):
            yield "a unique index refuses what was taken before"
        elif name == "alter_column":
            yield from _altered(given)
        elif name == "add_column":
            yield from _added(node)
        elif name in ("execute", "exec_driver_sql", "text") and _TAKES_AWAY.search(texts):
            yield "SQL that drops, renames or alters"


def _altered(given: Mapping[str | None, ast.expr]) -> Iterator[str]:
    if "new_column_name" in given:
        yield "a column is renamed"
    if "type_" in given:
        yield "a column gets another type"
    strict = "nullable" in given and not _is(given["nullable"], value=True)
    if strict and "server_default" not in given:
        yield "a column becomes NOT NULL, without a server_default"


def _added(call: ast.Call) -> Iterator[str]:
    for node in ast.walk(call):
        if isinstance(node, ast.Call) and _called(node) == "Column":
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            strict = not _is(given.get("nullable", ast.Constant(True)), value=True)
            if (strict or "primary_key" in given) and "server_default" not in given:
                yield "a new column is NOT NULL, without a server_default"
            if "unique" in given:
                yield "a unique column refuses what was taken before"


def _faults_below(tree: ast.Module) -> list[str]:
    """Of `downgrade`."""
    called = {_called(it) for it in _reached(tree, "downgrade") if isinstance(it, ast.Call)}
    return [] if called - {"NotImplementedError"} else ["it has no way down"]


def _reached(tree: ast.Module, name: str) -> Iterator[ast.AST]:
    """All nodes of a function, and of those that it names."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    waiting, seen = [name], set()
    while waiting:
        current = waiting.pop()
        if current in seen or current not in functions:
            continue
        seen.add(current)
        for node in ast.walk(functions[current]):
            yield node
            if isinstance(node, ast.Name):
                waiting.append(node.id)


def _constant(tree: ast.Module, name: str) -> Any:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return node.value.value if isinstance(node.value, ast.Constant) else ast.unparse(node)
    return None


def _table(node: ast.Call, position: int) -> str | None:
    named = node.args[position] if len(node.args) > position else None
    return named.value if isinstance(named, ast.Constant) and isinstance(named.value, str) else None


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)


def _is(node: ast.expr | None, *, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


@pytest.mark.parametrize("path", FILES, ids=KNOWN)
def test_a_migration_takes_nothing_away_from_older_code(path: Any) -> None:
    assert faults(path.read_text("utf-8")) == []


def test_revisions_are_consecutive_numbers_and_the_names_of_their_files() -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in FILES]
    numbers = [f"{number:04}" for number in range(1, len(FILES) + 1)]
    assert [_constant(tree, "revision") for tree in trees] == numbers == KNOWN
    assert [_constant(tree, "down_revision") for tree in trees] == [None, *numbers[:-1]]


MADE_UP = '''
"""More.
{docstring}"""
revision, down_revision = "0099", "0098"
revision = "0099"
{constant}

def upgrade():
    {upgrade}

def _helper():
    op.drop_table("notes")

def downgrade():
    {downgrade}
'''


def made_up(upgrade: str, downgrade: str = "_helper()", **more: str) -> str:
    parts = {"docstring": "", "constant": "", **more}
    return MADE_UP.format(upgrade=upgrade, downgrade=downgrade, **parts)


@pytest.mark.parametrize(
    "upgrade",
    [
        'op.add_column("users", sa.Column("x", sa.Text()))',
        'op.add_column("users", sa.Column("x", sa.Text(), nullable=True))',
        'op.add_column("users", sa.Column("x", sa.Text(), server_default="", nullable=False))',
        'op.create_table("x", sa.Column("id", sa.Uuid(), nullable=False, unique=True))',
        'op.create_index("ix", "users", ["x"])',
        'op.create_table("x"); op.create_index("ix", "x", ["y"], unique=True)',
        'op.alter_column("users", "x", nullable=True)',
        'op.alter_column("users", "x", nullable=False, server_default="")',
        'op.execute("UPDATE users SET x = email")',
    ],
)
def test_what_only_adds_passes(upgrade: str) -> None:
    assert faults(made_up(upgrade)) == []


TAKES_AWAY = [
    'op.drop_table("notes")',
    'op.drop_column("users", "name")',
    'op.drop_index("ix_notes")',
    'op.drop_constraint("uq", "users")',
    'op.rename_table("notes", "pages")',
    'op.alter_column("users", "name", new_column_name="called")',
    'op.alter_column("users", "name", type_=sa.String(10))',
    'op.alter_column("users", "name", nullable=False)',
    'op.alter_column("users", "name", nullable=not True)',
    'op.add_column("users", sa.Column("x", sa.Text(), nullable=False))',
    'op.add_column("users", sa.Column("x", sa.Text(), unique=True))',
    'op.create_unique_constraint("uq", "users", ["name"])',
    'op.create_check_constraint("ck", "users", "name != 0")',
    'op.create_foreign_key("fk", "notes", "users", ["x"], ["id"])',
    'op.create_index("ix", "users", ["name"], unique=True)',
    'op.execute("ALTER TABLE users RENAME name TO called")',
    'op.get_bind().execute(sa.text("drop table notes"))',
    'with op.batch_alter_table("users") as batch: batch.add_column(sa.Column("x", sa.Text()))',
    'op.create_table("x"); op.create_foreign_key("x", "notes", "x", ["x"], ["id"])',
    'op.create_table("x"); op.drop_table("x")',
    "_helper()",
    "for each in (_helper,): each()",
]


@pytest.mark.parametrize("upgrade", TAKES_AWAY)
def test_what_takes_something_away_is_seen(upgrade: str) -> None:
    assert faults(made_up(upgrade)) != []


@pytest.mark.parametrize("upgrade", TAKES_AWAY)
def test_a_migration_that_says_so_may(upgrade: str) -> None:
    explained = {"constant": 'CONTRACTS = "0002"', "docstring": "No code since 0002 reads it.\n"}
    assert faults(made_up(upgrade, **explained)) == []


@pytest.mark.parametrize(
    ("constant", "docstring", "upgrade"),
    [
        ('CONTRACTS = "0002"', "", TAKES_AWAY[0]),
        ('CONTRACTS = "0002"', "No code reads it.\n", TAKES_AWAY[0]),
        ('CONTRACTS = "0099"', "No code since 0099 reads it.\n", TAKES_AWAY[0]),
        ('CONTRACTS = "0003x"', "No code since 0003x reads it.\n", TAKES_AWAY[0]),
        ("CONTRACTS = True", "No code reads it.\n", TAKES_AWAY[0]),
        ('CONTRACTS = "0002"', "No code since 0002 reads it.\n", 'op.create_table("x")'),
    ],
)
def test_saying_so_takes_a_reason(constant: str, docstring: str, upgrade: str) -> None:
    assert faults(made_up(upgrade, constant=constant, docstring=docstring)) != []


@pytest.mark.parametrize("downgrade", ["pass", "...", '"""No."""', "raise NotImplementedError()"])
def test_a_migration_without_a_way_down_is_seen(downgrade: str) -> None:
    assert faults(made_up('op.create_table("x")', downgrade)) == ["it has no way down"]
