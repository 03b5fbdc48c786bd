"""Wildcards in place of many routes, and denials of what a token lacks of those: the shortest
statements that still say exactly what the routes' guards say. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from app.tokens.statements import Statements


class Branch(NamedTuple):
    """A wildcard, and what it stands for: narrower wildcards, and routes by their resources."""

    wildcard: str
    below: "list[Branch | str]"

    def routes(self) -> Iterator[str]:
        for node in self.below:
            yield from [node] if isinstance(node, str) else node.routes()


Tree = list[Branch | str]


def trees(wildcards: Iterable[str], resources: Iterable[str]) -> tuple[Tree, ...]:
    """Three to choose from: wildcards within one resource, one for all verbs of a resource, and
    wildcards of a verb over several resources.
    """
    known = list(wildcards)
    over_all = _tree([wildcard for wildcard in known if not wildcard.startswith("*")], resources)
    within_one = list(_within_folders(over_all))
    return within_one, _of_folders(within_one, known), over_all


class Choice(NamedTuple):
    """Chooses for the routes that are held where the wildcards of a tree are shorter."""

    held: frozenset[str]
    reaches: Mapping[str, list[str]]
    stage_arn_length: int

    def opened(self, tree: Iterable[Branch | str]) -> Statements:
        """What opens the held routes of a tree, where no wildcard stands above them."""
        found = _together(map(self._opened, tree))
        # API Gateway answers preflights itself, and a wildcard of all verbs would open them.
        of_all_verbs = any(resource.startswith("*") for resource in found.allow)
        return found._replace(deny=(*found.deny, "OPTIONS/*")) if of_all_verbs else found

    def _opened(self, node: Branch | str) -> Statements:
        if isinstance(node, str):
            reached = tuple(r for r in self.reaches.get(node, ()) if r not in self.held)
            return Statements((node,), reached) if node in self.held else Statements()
        narrow = _together(map(self._opened, node.below))
        denied = self._denied(node) if narrow.allow else None
        if denied is None:
            return narrow
        return min(narrow, Statements((node.wildcard,), denied), key=self._length)

    def _denied(self, node: Branch | str) -> tuple[str, ...] | None:
        """What must be denied under a wildcard; None where that would hide what is held."""
        if isinstance(node, str):
            if node in self.held:
                return ()
            return None if self.held.intersection(self.reaches.get(node, ())) else (node,)
        if self.held.isdisjoint(node.routes()):
            return (node.wildcard,)
        below = [self._denied(inner) for inner in node.below]
        found = [denied for denied in below if denied is not None]
        return tuple(chain.from_iterable(found)) if len(found) == len(below) else None

    def _length(self, statements: Statements) -> int:
        return statements.length(self.stage_arn_length)


def _together(parts: Iterable[Statements]) -> Statements:
    """All of them in one, nothing twice."""
    found = list(parts)
    return Statements(
        tuple(dict.fromkeys(chain.from_iterable(part.allow for part in found))),
        tuple(dict.fromkeys(chain.from_iterable(part.deny for part in found))),
    )


def _tree(wildcards: Iterable[str], resources: Iterable[str]) -> Tree:
    """Resources below their wildcards; each ends with a `*`, and begins as what lies below it."""
    top = Branch("*", [])
    line = [top]
    texts = [(w[:-1], False) for w in wildcards] + [(r, True) for r in resources]
    for text, is_route in sorted(texts):
        while not text.startswith(line[-1].wildcard[:-1]):
            line.pop()
        node = text if is_route else Branch(f"{text}*", [])
        line[-1].below.append(node)
        if isinstance(node, Branch):
            line.append(node)
    return top.below


def _folders(node: Branch | str) -> set[str]:
    """The first segments of what lies here: `/notes` of `GET/notes/*`."""
    routes = [node] if isinstance(node, str) else node.routes()
    return {"/" + resource.split("/", 2)[1] for resource in routes}


def _within_folders(tree: Tree) -> Iterator[Branch | str]:
    """The tree without the wildcards that stand for more than one folder."""
    for node in tree:
        if isinstance(node, str) or len(_folders(node)) == 1:
            yield node
        else:
            yield from _within_folders(node.below)


def _of_folders(within: Tree, wildcards: Iterable[str]) -> Tree:
    """The same, each folder below its wildcard for all verbs, `*/notes*`, where it has one."""
    by_folder: dict[str, Tree] = defaultdict(list)
    for node in within:
        by_folder[_folders(node).pop()].append(node)
    known = frozenset(wildcards)
    return [
        branch
        for folder, nodes in by_folder.items()
        for branch in ([Branch(f"*{folder}*", nodes)] if f"*{folder}*" in known else nodes)
    ]
