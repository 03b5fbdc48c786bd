"""What attackers send: the two tables of the tests, and what a session or a password is worth."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from app.tokens.claims import StatusReference
from app.tokens.errors import TokenError
from app.tokens.keys import TrustedKeys
from app.tokens.verify import Verifier
from benchmarks.soak_people import Person, address_in, new_password
from benchmarks.soak_wire import Answer, Door, Request
from benchmarks.soak_world import Call, Kind, World
from tests.doors.forge import Forge
from tests.doors.row import Row as TokenRow
from tests.doors.table import TABLE as TOKENS
from tests.requests.doors import House, written
from tests.requests.row import Door as RequestDoor
from tests.requests.row import Sent
from tests.requests.table import TABLE as REQUESTS

REFUSED, DELAYED = frozenset({401}), frozenset({401, 429})
RANGES = 200
LARGE = 70_000
# A row whose verdict a slow answer would change tells nothing of who judges.
_SLOW_SECONDS = 60


@dataclass
class Arsenal:
    """What the tables hold for one door."""

    door: Door
    forge: Callable[[], Forge]
    tokens: Sequence[TokenRow]
    requests: Sequence[tuple[Sent, int]]
    house: House = field(repr=False)

    def kinds(self) -> tuple[Kind, ...]:
        """These, and all that is alike at every door."""
        return (
            Kind("a hostile token", 110, hostile=True, make=self._token),
            Kind("a hostile request", 90, hostile=True, make=self._request),
            *HOSTILE,
        )

    def tokens_of_house(self) -> Iterator[str]:
        """What the hostile requests carry; the ids beside it are no secrets."""
        return (text for text in self.house.known.values() if text.count(".") == 2)

    def _token(self, world: World) -> Call | None:
        row = world.chance.choice(self.tokens)
        token = row.build(self.forge())
        world.keep_secret(token)
        right = frozenset({200}) if row.verdict == "good" else REFUSED
        said = f"{row.group}: {row.name}"
        request = Request("GET", "/users/me", token)
        return Call(request, right, _attacker(world), said=said)

    def _request(self, world: World) -> Call | None:
        sent, status = world.chance.choice(self.requests)
        raw = written(sent, self.house, self.door.prefix)
        request = Request(sent.method, sent.target, raw=raw)
        return Call(request, frozenset({status}), _attacker(world), said=str(sent)[:120])


def settled_tokens(
    keys: TrustedKeys,
    forge: Callable[[int], Forge],
    *,
    issuer: str,
    audience: str,
    alg: str,
    status: StatusReference | None = None,
) -> list[TokenRow]:
    """The rows that come to an HTTP door and are judged alike now and a minute later.

    A door that asks for the `status` of tokens refuses the good ones that name another, or none.
    """
    now = int(time.time())

    def verdict(row: TokenRow, later: int) -> str:
        verifier = Verifier(keys, issuer=issuer, audience=audience, clock=lambda: now + later)
        try:
            claims = verifier.verify(row.build(forge(now)))
        except TokenError:
            return "bad"
        return "good" if status in (None, claims.status) else "bad"

    rows = [row for row in TOKENS if alg in row.families and not row.not_through]
    return [row for row in rows if verdict(row, 0) == verdict(row, _SLOW_SECONDS) == row.verdict]


def requests_of(door: RequestDoor) -> list[tuple[Sent, int]]:
    """Each request of the table that comes to this door, and the status that it must get.

    What the server before the app answers with a 5xx of its own is left out.
    """
    rows = [row for row in REQUESTS if door not in row.not_through]
    return [
        (sent, row.at(door).status)
        for row in rows
        for sent in row.sent
        if row.at(door).status < 500
    ]


def _attacker(world: World) -> str:
    return address_in(66, world.chance.randrange(RANGES))


def _wrong_password(world: World) -> Call | None:
    """Of an account that somebody else uses all the while, or of one that is not there."""
    names = [person.email for person in world.crowd.victims]
    name = world.chance.choice([*names, "nobody@soak.example"])
    wrong = new_password(world.chance)
    world.secrets.add(wrong)
    request = Request("POST", "/auth/login", form={"username": name, "password": wrong})
    return Call(request, DELAYED, _attacker(world), said=name)


def _wrong_secret(world: World) -> Call | None:
    wrong = new_password(world.chance)
    world.secrets.add(wrong)
    request = Request(
        "POST",
        "/auth/token",
        form={"grant_type": "client_credentials"},
        basic=world.machine().basic(wrong),
    )
    return Call(request, DELAYED, _attacker(world))


def _spent(world: World) -> Call | None:
    """A refresh token whose successor was used: it is refused, and ends its session."""
    person = world.free(lambda each: each.spent and each.token)
    if person is None:
        return None

    def then(_: Answer) -> str:
        person.lost()
        return ""

    form = {"grant_type": "refresh_token", "refresh_token": person.spent}
    request = Request("POST", "/auth/token", form=form)
    return Call(request, frozenset({400}), _attacker(world), person, then)


def _ended(world: World) -> Call | None:
    person = world.free(lambda each: each.ended)
    if person is None:
        return None
    return Call(Request("GET", "/users/me", person.ended), REFUSED, _attacker(world), person)


def _oversize(world: World) -> Call | None:
    person = world.free(lambda each: each.token)
    if person is None:
        return None
    content = {"title": "Large", "body": "x" * LARGE}
    request = Request("POST", "/notes", person.token, json=content)
    return Call(request, frozenset({413}), person.address, person)


def _too_little(world: World) -> Call | None:
    """What an administrator may do, with a member's token."""
    person = world.free(lambda each: each.token)
    if person is None:
        return None
    path = world.chance.choice(("/users", "/audit-events"))
    return Call(Request("GET", path, person.token), frozenset({403}), person.address, person)


def _anothers_note(world: World) -> Call | None:
    person = world.free(lambda each: each.token)
    notes = [note for each in _others(world, person) for note in each.notes]
    if person is None or not notes:
        return None
    path = f"/notes/{world.chance.choice(notes)}"
    return Call(Request("GET", path, person.token), frozenset({404}), person.address, person)


def _others(world: World, person: Person | None) -> Iterable[Person]:
    return (each for each in world.crowd.people if each is not person)


def _taken(world: World) -> Call | None:
    """A registration of an address that is somebody's."""
    content = {
        "email": world.chance.choice(world.crowd.victims).email,
        "password": new_password(world.chance),
    }
    world.secrets.add(content["password"])
    request = Request("POST", "/users", json=content)
    return Call(request, frozenset({409, 429}), _attacker(world))


HOSTILE = (
    Kind("a wrong password", 20, hostile=True, make=_wrong_password),
    Kind("a wrong client secret", 15, hostile=True, make=_wrong_secret),
    Kind("a spent refresh token", 15, hostile=True, make=_spent),
    Kind("a token of an ended session", 25, hostile=True, make=_ended),
    Kind("a body that is too large", 10, hostile=True, make=_oversize),
    Kind("a scope that is not held", 15, hostile=True, make=_too_little),
    Kind("somebody else's note", 15, hostile=True, make=_anothers_note),
    Kind("a registration of a taken address", 5, hostile=True, make=_taken),
)
