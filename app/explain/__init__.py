"""Why one request is allowed or refused: which key, claim, scope, route and statement decided."""
