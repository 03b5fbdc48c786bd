"""Requirements of docs/security/asvs.md that are nobody else's to test."""

from tests.app.attempts.conftest import siege

__all__ = ["siege"]
