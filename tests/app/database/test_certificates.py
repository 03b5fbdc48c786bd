"""The roots that name a PostgreSQL on AWS: whole, in force, and nothing else beside them."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from app.database_address import CERTIFICATES

# https://www.amazontrust.com/repository/ names the SHA-256 of each.
TRUST_SERVICES = {
    "Amazon Root CA 1": "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
    "Amazon Root CA 2": "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
    "Amazon Root CA 3": "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
    "Amazon Root CA 4": "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
    "Starfield Services Root Certificate Authority - G2": (
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5"
    ),
}
# A region's three: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
OF_A_REGION = {"RSA2048 G1", "RSA4096 G1", "ECC384 G1"}
REGIONS = 27


# Starfield's serial number is 0, as some were in 2009.
pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")


@pytest.fixture
def roots() -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(CERTIFICATES.read_bytes())


def name_of(certificate: x509.Certificate) -> str:
    (name,) = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(name.value)


def test_the_file_holds_certificates_and_no_key() -> None:
    text = CERTIFICATES.read_text("ascii")
    heads = {line for line in text.splitlines() if line.startswith("-----BEGIN")}
    assert heads == {"-----BEGIN CERTIFICATE-----"}


def test_each_of_them_is_a_root_that_signed_itself(roots: list[x509.Certificate]) -> None:
    for root in roots:
        root.verify_directly_issued_by(root)
        basic = root.extensions.get_extension_for_class(x509.BasicConstraints)
        assert basic.critical
        assert basic.value.ca, name_of(root)


def test_each_of_them_is_there_once(roots: list[x509.Certificate]) -> None:
    assert len({root.fingerprint(SHA256()) for root in roots}) == len(roots)
    assert len(roots) == len(TRUST_SERVICES) + len(OF_A_REGION) * REGIONS


def test_none_of_them_expires_within_a_year(roots: list[x509.Certificate]) -> None:
    """So that a newer file can be made before a database is out of reach."""
    now = dt.datetime.now(dt.UTC)
    for root in roots:
        assert root.not_valid_before_utc < now
        assert root.not_valid_after_utc > now + dt.timedelta(days=365), name_of(root)


def test_amazon_trust_services_are_those_that_they_say_they_are(
    roots: list[x509.Certificate],
) -> None:
    found = {name_of(root): root.fingerprint(SHA256()).hex() for root in roots}
    assert {name: found[name] for name in TRUST_SERVICES} == TRUST_SERVICES


def test_they_are_the_same_that_browsers_know(roots: list[x509.Certificate]) -> None:
    certifi = pytest.importorskip("certifi")
    with open(certifi.where(), "rb") as file:  # noqa: PTH123 - it gives a string
        known = {
            root.fingerprint(SHA256()) for root in x509.load_pem_x509_certificates(file.read())
        }
    ours = [root for root in roots if name_of(root) in TRUST_SERVICES]
    assert len(ours) == len(TRUST_SERVICES)
    assert all(root.fingerprint(SHA256()) in known for root in ours)


def test_the_others_are_three_of_each_region(roots: list[x509.Certificate]) -> None:
    kinds: dict[str, set[str]] = {}
    for root in roots:
        if name_of(root) not in TRUST_SERVICES:
            region, _, kind = name_of(root).removeprefix("Amazon RDS ").partition(" Root CA ")
            kinds.setdefault(region, set()).add(kind)
    assert len(kinds) == REGIONS
    assert all(of == OF_A_REGION for of in kinds.values())
