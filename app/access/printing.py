"""The route table for people: route × scope × role."""

from app.access.routes import RouteTable


def as_text(table: RouteTable) -> str:
    """One line a route, in columns: verb, path, scope, roles; `anybody` where it is public."""
    rows = [("VERB", "PATH", "SCOPE", "ROLES")]
    for entry in sorted(table.entries, key=lambda entry: (entry.path, entry.method)):
        roles = ", ".join(entry.scope.roles) if entry.scope else "anybody"
        rows.append((entry.method, entry.path, entry.scope.name if entry.scope else "–", roles))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
