"""The policy of this authorizer: the kernel's, over the table that lies beside this module."""

import json
import os

from app.tokens.policy import Policy as Policy
from app.tokens.policy import denial as denial
from app.tokens.policy import policy_for as policy_for
from app.tokens.statements import CompiledRoutes

_TABLE = f"{os.path.dirname(__file__)}/routes.json"


def load_routes() -> CompiledRoutes:
    """The compiled route table."""
    with open(_TABLE, "rb") as table:
        return CompiledRoutes(json.load(table))
