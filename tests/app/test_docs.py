"""/docs and /openapi.json: every address relative, every asset the app's own."""

import re
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

ADDRESSES = frozenset({"href", "src", "action", "data", "srcset"})
ABSOLUTE = re.compile(r"""(?:https?:|wss?:)?//[a-z0-9]""", re.IGNORECASE)


class _AddressReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ADDRESSES]


def addresses(page: str) -> list[str]:
    """What the page links to and loads."""
    reader = _AddressReader()
    reader.feed(page)
    return reader.found


def test_every_address_in_the_page_is_relative(client: TestClient) -> None:
    page = client.get("/docs").text
    found = [address for address in addresses(page) if not address.startswith("data:")]
    assert sorted(found) == ["docs/swagger-ui-bundle.js", "docs/swagger-ui.css"]
    assert re.search(r"""url: ['"]openapi\.json['"]""", page)


def test_the_page_names_no_host(client: TestClient) -> None:
    page = client.get("/docs").text.replace("http://www.w3.org/2000/svg", "")
    assert ABSOLUTE.findall(page) == []
    assert "127.0.0.1" not in page


@pytest.mark.parametrize(
    ("path", "kind", "least"),
    [
        ("/docs", "text/html; charset=utf-8", 500),
        ("/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8", 500_000),
        ("/docs/swagger-ui.css", "text/css; charset=utf-8", 50_000),
        ("/openapi.json", "application/json", 2_000),
    ],
)
def test_each_part_has_its_type(client: TestClient, path: str, kind: str, least: int) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.content) > least


def test_the_assets_load_nothing_from_another_host(client: TestClient) -> None:
    style = client.get("/docs/swagger-ui.css").text
    loaded = re.findall(r"(?:url\(|@import\s*)[\"']?([^\"')]+)", style)
    assert [address for address in loaded if not address.startswith("data:")] == []
    assert "sourceMappingURL=http" not in client.get("/docs/swagger-ui-bundle.js").text


def test_the_document_tells_no_absolute_address(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["servers"] == [{"url": "."}]
    flows = document["components"]["securitySchemes"]["login"]["flows"]
    assert flows["password"]["tokenUrl"] == "auth/login"
    assert ABSOLUTE.findall(client.get("/openapi.json").text) == []


def test_the_document_says_which_scope_each_route_needs(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert paths["/notes"]["get"]["security"] == [{"login": ["notes:read"]}]
    assert paths["/users"]["get"]["security"] == [{"login": ["users:read"]}]
    assert "security" not in paths["/users"]["post"]
    assert "/docs" not in paths


def test_the_login_is_documented_in_both_media_types(client: TestClient) -> None:
    login = client.get("/openapi.json").json()["paths"]["/auth/login"]["post"]
    kinds = set(login["requestBody"]["content"])
    assert kinds == {"application/x-www-form-urlencoded", "application/json"}
