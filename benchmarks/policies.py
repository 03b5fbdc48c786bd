"""`python -m benchmarks.policies`: how large policies are, and what their making and use cost.

Writes docs/benchmarks/policies.md: the policy of each built-in role, tables of up to 300 routes,
and a decision at the authorizer over small and large tables, taking turns.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Annotated, Any

from fastapi import FastAPI

from app.access.guards import guarded_by
from app.access.guards import router as guarded_router
from app.access.routes import RouteTable
from app.access.scopes import Role, Scope
from app.main import unwired_app
from app.tokens.claims import AccessClaims
from app.tokens.jwk import parse_key_set
from app.tokens.statements import CompiledRoutes
from app.tokens.verify import Verifier
from authorizer.policy import Policy, policy_for
from benchmarks.material import AUDIENCE, ISSUER, METHOD_ARN, ROOT, Material
from benchmarks.progress import progress, progress_ended
from benchmarks.tables import Table

PAGE = ROOT / "docs" / "benchmarks" / "policies.md"
STAGE_ARN = METHOD_ARN.removesuffix("/GET/notes")
ROUTES_OF_A_RESOURCE = 5
SIZES = (10, 50, 100, 300)
ROUNDS, BATCH = 60, 300
_NAMES = ("orders", "invoices", "teams", "carts", "items", "quotes", "tasks", "people", "files")
_TEXT = Path(__file__).with_name("policies.md")


def app_with(routes: int, for_members: Callable[[int], bool] = lambda _: True) -> FastAPI:
    """An app of so many guarded routes, five a resource; members hold those of some resources."""
    app = FastAPI(openapi_url=None)
    for number in range(routes // ROUTES_OF_A_RESOURCE):
        app.include_router(_resource(number, for_members(number)))
    return app


def _resource(number: int, for_members: bool) -> Any:
    name = _NAMES[number % len(_NAMES)] + "abcdefgh"[number // len(_NAMES)]
    reading, writing = (
        Annotated[AccessClaims, guarded_by(Scope(f"{name}:{action}", "x", for_members))]
        for action in ("read", "write")
    )
    router = guarded_router(prefix=f"/{name}")

    def read(claims: reading) -> None: ...  # type: ignore[valid-type]

    def write(claims: writing) -> None: ...  # type: ignore[valid-type]

    for path, verb in (("", "GET"), ("", "POST"), *(("/{one:id}", v) for v in _ON_ONE)):
        router.add_api_route(path, read if verb == "GET" else write, methods=[verb])
    return router


_ON_ONE = ("GET", "PUT", "DELETE")


def compiled(table: RouteTable) -> CompiledRoutes:
    """The table as the authorizer loads it."""
    return CompiledRoutes(json.loads(table.compiled()))


def answer_for(table: RouteTable, role: Role, routes: CompiledRoutes) -> Policy:
    """The authorizer's answer to the holder of a role."""
    scope = " ".join(sorted(table.roles.scopes_of([role])))
    claims = AccessClaims(ISSUER, "0b8f3f3e-5a5d-4c58-9d0e-6f6f2f0b7c11", AUDIENCE, 2, 1, "j" * 22,
                          "ostiary", scope)  # fmt: skip
    return policy_for(claims, STAGE_ARN, routes)


def roles_in_words() -> str:
    """Each built-in role's policy with its size."""
    table: RouteTable = unwired_app().state.routes
    routes, parts = compiled(table), []
    for role in Role:
        answer = answer_for(table, role, routes)
        size = len(json.dumps(answer))
        document = json.dumps(answer["policyDocument"], indent=2)
        parts.append(f"`{role.value}` ({size:,} bytes)\n\n```json\n{document}\n```\n")
    return "\n".join(parts)


def table_of_sizes() -> Table:
    """Sizes and times of making, for tables of many routes."""
    columns = ("table", "answer", "resources", "code", "compiling", "first decision")
    rows = [
        _sizes_of(routes, f"members hold {who}", holds)
        for routes in SIZES
        for who, holds in (("all", _always), ("every third", _every_third))
    ]
    return Table("Tables of many routes", columns, rows)


def _always(_: int) -> bool:
    return True


def _every_third(number: int) -> bool:
    return number % 3 == 0


def _sizes_of(routes: int, who: str, holds: Callable[[int], bool]) -> tuple[str, ...]:
    progress(f"compiling {routes} routes", 0, 1)
    app = app_with(routes, holds)
    begun = time.perf_counter()
    table = RouteTable.of(app)
    text = table.compiled()
    compiling = time.perf_counter() - begun
    ready = CompiledRoutes(json.loads(text))
    begun = time.perf_counter()
    answer = answer_for(table, Role.MEMBER, ready)
    first = time.perf_counter() - begun
    return (
        f"{routes} routes, {who}",
        f"{len(json.dumps(answer)):,} bytes",
        str(sum(len(s["Resource"]) for s in answer["policyDocument"]["Statement"])),
        answer["context"]["code"],
        f"{compiling * 1e3:.0f} ms",
        f"{first * 1e3:.1f} ms",
    )


def table_of_decisions(rounds: int, *, whole: bool) -> Table:
    """Microseconds a decision over tables of ten routes and of more.

    `whole`: the token opens every route of its table; else the same ten of each.
    """
    material = Material("RS256")
    keys = parse_key_set(json.dumps({"keys": material.jwks}).encode()).verifying()
    verifier = Verifier(keys, issuer=ISSUER, audience=AUDIENCE)
    tables = {routes: compiled(RouteTable.of(app_with(routes))) for routes in SIZES}
    scopes = {
        routes: sorted({r["scope"] for r in tables[routes if whole else SIZES[0]].routes})
        for routes in SIZES
    }
    taken: dict[int, list[float]] = {routes: [] for routes in SIZES}
    for number in range(rounds + 2):
        progress("deciding", number, rounds)
        for routes in (*SIZES[number % len(SIZES) :], *SIZES[: number % len(SIZES)]):
            tokens = [material.issue(scopes[routes]) for _ in range(BATCH)]
            taken[routes].append(_microseconds(verifier, tables[routes], tokens))
    medians = {routes: statistics.median(times[2:]) for routes, times in taken.items()}
    rows = [
        (
            f"{routes} routes",
            f"{median:.1f} µs",
            f"{median / medians[SIZES[0]]:.2f} ×",
            str(len(scopes[routes])),
        )
        for routes, median in medians.items()
    ]
    token = "a token that opens all" if whole else "the same token for each table"
    return Table(
        f"A decision, {token}", ("table", "a decision", "to 10 routes", "scopes in the token"), rows
    )


def _microseconds(verifier: Verifier, table: CompiledRoutes, tokens: Sequence[str]) -> float:
    begun = time.perf_counter()
    for token in tokens:
        policy_for(verifier.verify(token), STAGE_ARN, table)
    return (time.perf_counter() - begun) / len(tokens) * 1e6


def main() -> None:
    """Measure, show, and write the page unless it was but a look."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policies", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look; writes nothing")
    quick = parser.parse_args().quick
    rounds = 5 if quick else ROUNDS
    found: dict[str, Table | str] = {
        "policies": roles_in_words(),
        "tables": table_of_sizes(),
        "same": table_of_decisions(rounds, whole=False),
        "whole": table_of_decisions(rounds, whole=True),
    }
    progress_ended()
    for part in found.values():
        print(f"\n{part.plain() if isinstance(part, Table) else part}")
    if not quick:
        _write(found)


def _write(found: Mapping[str, Table | str]) -> None:
    gaps = {
        name: part.markdown() if isinstance(part, Table) else part for name, part in found.items()
    }
    machine = f"{os.cpu_count()} CPUs, {platform.system()} {platform.machine()}, "
    machine += f"{platform.python_implementation()} {platform.python_version()}"
    text = Template(_TEXT.read_text("utf-8"))
    PAGE.write_text(text.substitute(gaps, machine=machine, rounds=ROUNDS, batch=BATCH), "utf-8")


if __name__ == "__main__":
    main()
