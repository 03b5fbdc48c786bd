"""What is not to be had from a deployment, whatever its environment says."""

import pytest

from app.main import unwired_app


@pytest.mark.parametrize("value", ["1", "true"])
def test_no_variable_switches_a_debug_mode_on(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    for name in ("DEBUG", "OSTIARY_DEBUG", "FASTAPI_DEBUG", "STARLETTE_DEBUG"):
        monkeypatch.setenv(name, value)
    assert unwired_app().debug is False
