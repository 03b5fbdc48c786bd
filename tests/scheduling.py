"""Which worker of pytest-xdist runs which tests, and in which order.

A file stays with one worker; of the folders whose tests share an edge, an emulator or images, which
take long to come up, all files do. What takes longest is begun first, so that no worker is left
with it while the others have nothing to do.
"""

from typing import Any

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

TOGETHER = ("tests/edge/", "tests/requests/", "tests/images/", "tests/aws/")
# Longest first; a prefix may stand for several files. All others follow by their number of tests.
FIRST = (
    *("tests/edge/", "tests/images/", "tests/requests/", "tests/doors/test_doors.py"),
    *("tests/app/accounts/test_administrators_at_once.py", "tests/app/sessions/test_rotation_"),
    *("tests/app/sessions/test_session_races.py", "tests/app/browser/", "tests/aws/"),
    *("tests/faults/test_one_refresh_token_", "tests/faults/test_it_is_told_to_end_"),
    *("tests/app/test_rotation_under_load.py", "tests/app/test_lambda_event_mutants.py"),
    *(
        "tests/proof/",
        "tests/app/access/test_spelling.py",
        "tests/app/keys/test_key_emergencies.py",
    ),
    *("tests/app/sessions/test_query_plans.py", "tests/app/test_check_target.py"),
)


class ByLength(LoadFileScheduling):  # type: ignore[misc]
    """Whole files, and whole folders of TOGETHER, in the order of FIRST."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)

    def _assign_work_unit(self, node: Any) -> None:
        self.workqueue.move_to_end(min(self.workqueue, key=_rank), last=False)
        super()._assign_work_unit(node)

    # The two below say what xdist's own say, which counts all tests that a worker was ever given
    # after each of them.

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        nodeid = self.registered_collections[node][item_index]
        scope, work = self._split_scope(nodeid), self.assigned_work[node]
        del work[scope][nodeid]
        if not work[scope]:
            del work[scope]
        self._reschedule(node)

    def _pending_of(self, workload: dict[str, dict[str, bool]]) -> int:
        return sum(map(len, workload.values()))


def _rank(scope: str) -> int:
    found = (place for place, prefix in enumerate(FIRST) if scope.startswith(prefix))
    return next(found, len(FIRST))
