"""Whether the app is alive, and whether it is ready for requests."""

from typing import Literal

from pydantic import BaseModel

from app.access.guards import router as guarded_router
from app.database import DatabaseDep
from app.errors import Unavailable

router = guarded_router(tags=["health"])


class Health(BaseModel):
    status: Literal["ok"] = "ok"


@router.get("/health")
async def health() -> Health:
    """Alive. Nothing else is asked, so that a slow database restarts no process."""
    return Health()


@router.get("/ready")
def ready(database: DatabaseDep) -> Health:
    """Able to reach its database, and the schema there fits this code."""
    if not database.is_ready():
        raise Unavailable("The database's schema is older than this code: run `ostiary migrate`.")
    return Health()
