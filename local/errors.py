"""The one error of this package that a user can do something about."""


class EdgeError(Exception):
    """The edge does not run; the message says why, and what to do where something can be done."""
