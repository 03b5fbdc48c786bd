"""Who sends the soak's requests: people with accounts, those who attack them, and machines."""

import base64
import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.accounts.passwords import PasswordHasher
from app.accounts.service import create_user
from app.clients.service import create_client
from app.database import Database
from benchmarks.progress import progress

PEOPLE, VICTIMS, ADMINS, MACHINES = 80, 20, 2, 4
CLIENT_SCOPES = ("notes:read",)


@dataclass
class Person:
    """Somebody with an account. `busy`: a request of his is under way, and he sends no other.

    `spent`: refresh tokens whose successor was used as well. `ended`: a token of a session that
    was ended.
    """

    email: str
    password: str = field(repr=False)
    address: str
    busy: bool = False
    token: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)
    before: str = field(default="", repr=False)
    spent: str = field(default="", repr=False)
    ended: str = field(default="", repr=False)
    notes: list[str] = field(default_factory=list)

    def holds(self, token: str, refresh: str, *, anew: bool) -> None:
        """New tokens, of a new session or in the place of the ones before."""
        self.spent, self.before = ("", "") if anew else (self.before, self.refresh)
        self.token, self.refresh = token, refresh

    def lost(self) -> None:
        """His session was ended."""
        self.ended, self.token, self.refresh = self.token or self.ended, "", ""
        self.before = self.spent = ""


@dataclass
class Machine:
    """A confidential client; it may send several requests at once."""

    id: str
    secret: str = field(repr=False)
    address: str
    token: str = field(default="", repr=False)

    def basic(self, secret: str = "") -> str:
        """The credentials of HTTP Basic; with another secret, wrong ones."""
        return base64.b64encode(f"{self.id}:{secret or self.secret}".encode()).decode()


@dataclass
class Crowd:
    """All of them."""

    people: list[Person]
    admins: Sequence[Person]
    victims: Sequence[Person]
    machines: Sequence[Machine]

    def secrets(self) -> Iterator[str]:
        """What they know and nobody else should."""
        for person in (*self.people, *self.admins, *self.victims):
            yield person.password
        for machine in self.machines:
            yield machine.secret


def new_password(chance: random.Random) -> str:
    """One that nobody has, and that nobody would take for another text."""
    return f"{chance.getrandbits(160):040x}-soak"


def address_in(network: int, number: int) -> str:
    """One of a range of its own in the loopback network; `network` parts friends from attackers."""
    return f"127.{network}.{number % 250}.1"


def settled(url: str, chance: random.Random, size: float = 1.0) -> Crowd:
    """The crowd, straight in the database: at the door, registrations are limited."""
    people = [_person(chance, "person", 1, n) for n in range(max(8, int(PEOPLE * size)))]
    victims = [_person(chance, "victim", 2, n) for n in range(max(4, int(VICTIMS * size)))]
    admins = [_person(chance, "admin", 3, n) for n in range(ADMINS)]
    everybody = [(each, "member") for each in (*people, *victims)]
    everybody += [(each, "admin") for each in admins]
    hasher = PasswordHasher()
    with closing(Database(url)) as database, database.transaction() as session:
        for number, (person, role) in enumerate(everybody):
            progress("making accounts", number, len(everybody))
            hashed = hasher.hash(person.password)
            roles = ["member"] if role == "member" else ["member", "admin"]
            create_user(session, email=person.email, password_hash=hashed, roles=roles)
        machines = []
        for number in range(MACHINES):
            made = create_client(
                session, name=f"machine {number}", scopes=CLIENT_SCOPES, now=datetime.now(UTC)
            )
            machines.append(Machine(made.id, made.secret, address_in(4, number)))
    return Crowd(people, admins, victims, machines)


def _person(chance: random.Random, kind: str, network: int, number: int) -> Person:
    email = f"{kind}-{number}@soak.example"
    return Person(email, new_password(chance), address_in(network, number))
