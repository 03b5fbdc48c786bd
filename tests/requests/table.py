"""The table: SECURITY §3 row by row, as requests that every door must answer alike."""

from tests.requests.row import Row
from tests.requests.rows import credentials, events, framing, hosts, methods, paths

TABLE: tuple[Row, ...] = tuple(
    sorted(
        (
            *paths.ROWS,
            *credentials.ROWS,
            *methods.ROWS,
            *events.ROWS,
            *hosts.ROWS,
            *framing.ROWS,
        ),
        key=lambda row: row.number,
    )
)
