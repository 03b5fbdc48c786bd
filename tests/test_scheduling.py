"""What the order of the tests names is there, and a folder that shares what is slow stays whole."""

from types import SimpleNamespace

import pytest

from tests.architecture.sources import ROOT
from tests.scheduling import FIRST, TOGETHER, ByLength

FILES = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}


@pytest.mark.parametrize("prefix", sorted({*FIRST, *TOGETHER}))
def test_what_is_named_is_there(prefix: str) -> None:
    assert [file for file in FILES if file.startswith(prefix)]


class Worker:
    """What a scheduler tells a worker to do."""

    def __init__(self) -> None:
        self.gateway = SimpleNamespace(id=id(self))
        self.told: list[int] = []
        self.shutting_down = False

    def send_runtest_some(self, indices: list[int]) -> None:
        self.told += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def scheduler_of_two() -> ByLength:
    option = SimpleNamespace(loadscopereorder=True)
    return ByLength(SimpleNamespace(option=option, getvalue=lambda _: ["2*popen"]))


def test_all_tests_are_told_once_in_their_order_and_folders_to_one_worker() -> None:
    ids = [
        *("tests/app/test_a.py::test_1", "tests/app/test_a.py::test_2", "tests/app/test_b.py::x"),
        *(
            "tests/doors/test_doors.py::x[a::b]",
            "tests/edge/test_a.py::x",
            "tests/aws/test_a.py::x",
        ),
        *("tests/edge/test_b.py::x", "tests/edge/test_b.py::y", "tests/doors/test_doors.py::y"),
    ]
    workers = one, other = Worker(), Worker()
    scheduler = scheduler_of_two()
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, ids)
    scheduler.schedule()

    done: dict[Worker, int] = {one: 0, other: 0}
    for worker in workers * len(ids):
        if done[worker] < len(worker.told):
            scheduler.mark_test_complete(worker, worker.told[done[worker]])
            done[worker] += 1

    assert sorted([*one.told, *other.told]) == list(range(len(ids)))
    assert [ids[n] for n in one.told[:3]] == [ids[4], ids[6], ids[7]]
    assert [ids[n] for n in other.told[:2]] == [ids[3], ids[8]]
    assert scheduler.tests_finished
    assert one.shutting_down
    assert other.shutting_down


def test_what_is_a_file_ends_before_the_first_colons() -> None:
    parameter = "tests/doors/test_doors.py::test_a_token[a::b]"
    assert scheduler_of_two()._split_scope(parameter) == "tests/doors/test_doors.py"
