"""The seven steps as commands to copy, for a POSIX shell with curl."""

import json

from local.cloud import Edge

_COMMANDS = """\
# An account to play with, once.
curl -sSiw '\\n' {url}/users -H 'Content-Type: application/json' \\
  -d '{{"email": "ada@example.com", "password": "correct horse battery staple"}}'

# 1. The client posts credentials.
curl -sSiw '\\n' {url}/auth/login \\
  -d username=ada@example.com -d password='correct horse battery staple'

# 2. The app checks them and issues a signed JWT: keep it.
TOKEN=$(curl -sS {url}/auth/login \\
  -d username=ada@example.com -d password='correct horse battery staple' |
  sed 's/.*"access_token": *"\\([^"]*\\)".*/\\1/')

# 3. The client sends the JWT on each request.
curl -sSiw '\\n' {url}/notes -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' -d '{{"title": "first", "body": "light the lamp"}}'

# 4. API Gateway takes it from the Authorization header: without one, 401.
curl -sSiw '\\n' {url}/notes

# 5. API Gateway calls the authorizer with it, which refuses a tampered one: {bad_token}.
curl -sSiw '\\n' {url}/notes -H "Authorization: Bearer ${{TOKEN%????}}AAAA"

# 6. The authorizer answers with a policy, all that the holder may do: here as API Gateway asks.
curl -sSw '\\n' {endpoint}/2015-03-31/functions/{authorizer}/invocations \\
  -d '{event}'

# 7. API Gateway enforces it: one's notes pass, the list of users does not.
curl -sSiw '\\n' {url}/notes -H "Authorization: Bearer $TOKEN"
curl -sSiw '\\n' {url}/users -H "Authorization: Bearer $TOKEN"

# Why? Each refusal has its reason; exit code 1.
echo "$TOKEN" | OSTIARY_ISSUER={url} OSTIARY_KEYS={url}/.well-known/jwks.json \\
  .venv/bin/ostiary explain - GET /users
"""


def curls(edge: Edge) -> str:
    """The commands for this edge."""
    return _COMMANDS.format(
        url=edge.url,
        endpoint=edge.cloud.endpoint,
        authorizer=edge.cloud.physical_id("AuthorizerFunction"),
        bad_token=edge.kind.bad_token,
        # The shell ends the quoted text before the token, and takes it up again behind.
        event=json.dumps(edge.kind.authorizer_event(edge.arn("GET", "/notes"), "'$TOKEN'")),
    )
