"""The garbage collector stops no test that holds an answer to its time."""

import gc


def test_what_lived_before_this_file_is_not_looked_at_again() -> None:
    assert len(gc.get_objects()) < gc.get_freeze_count() / 10
