"""The request log of the company that runs in the notebook, as a table for `%%sql`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ridealong.dataset.connection import current_connection
from ridealong.show.views import View, frame, plural

if TYPE_CHECKING:
    from ridealong.service import Service

COLUMNS: Final = {
    "log_id": ("BIGINT", "counts up"),
    "request_id": ("VARCHAR", "as in X-Request-ID of the answer"),
    "occurred_at": ("TIMESTAMP", "when it was answered, UTC"),
    "method": ("VARCHAR", "such as GET"),
    "path": ("VARCHAR", "without what stands behind a question mark"),
    "path_template": ("VARCHAR", "such as /v1/rides/{ride_id}; NULL when no operation was reached"),
    "status": ("INTEGER", "of the answer, such as 429"),
    "duration_ms": ("DOUBLE", "inside the back end, in milliseconds"),
    "response_bytes": ("BIGINT", "of the answer's body"),
    "role": ("VARCHAR", "rider, driver, support or partner; NULL when nobody knows who called"),
    "subject": ("VARCHAR", "such as rider-123; NULL when nobody knows who called"),
    "client_id": ("VARCHAR", "the application, such as ridealong-app"),
}
"""The columns of the table: type, and what stands there."""


def request_log(company: Service, limit: int = 10_000) -> View:
    """Put the request log into the table `request_log`, which `%%sql` can ask from then on.

    It is a TEMP table of your connection and shows the log as it is at this moment: call this
    again to see later requests.

    Args:
        company: the running back end.
        limit: how many of the newest requests at most.

    Raises:
        ServiceError: when the back end is stopped.

    Example:
        request_log(company)
        %%sql
        SELECT status, COUNT(*) AS requests FROM request_log GROUP BY status
    """
    rows = company.requests(limit)
    con = current_connection()
    types = ", ".join(f"{name} {kind}" for name, (kind, _) in COLUMNS.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE request_log ({types})")
    if rows:
        names = ", ".join(COLUMNS)
        marks = ", ".join(f"unnest(${name}::{kind}[])" for name, (kind, _) in COLUMNS.items())
        values = {name: [row[name] for row in rows] for name in COLUMNS}
        con.execute(f"INSERT INTO request_log ({names}) SELECT {marks}", values)
    return View(
        "The table request_log",
        frame(["column", "type", "what stands there"], [[n, *of] for n, of in COLUMNS.items()]),
        f"{plural(len(rows), 'request')}, one row each: ask it with %%sql.",
    )


__all__ = ["request_log"]
