"""Tokens of another service: those that are accepted, and every attack that is not."""

import asyncio
import base64
import hashlib
import hmac
import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwk, jwt

from controller.api.auth.authentication import Authentication, NotAuthenticatedError
from controller.api.auth.signing_keys import SigningKeys, public_keys
from controller.api.auth.tokens import TokenSource
from controller.core.access.policy import AccessPolicy
from controller.core.access.scopes import scope
from controller.core.access.tokens import ALGORITHMS, TokenPolicy
from controller.core.errors import TransientError
from controller.core.values.secret import Secret
from tests.fakes.stopped_clock import StoppedClock

pytestmark = [
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
    pytest.mark.filterwarnings("ignore:Key size should be"),
]

POLICY = TokenPolicy(
    "https://auth.hokus.ai",
    "api.hokus.ai",
    "https://auth.hokus.ai/jwks",
    {"model:read": ("models:read",), "model:write": ("register:model/*",)},
)
ACCESS = AccessPolicy(
    subjects={"service:website": ("status:read",)},
    groups={"data": ("mlflow:read",)},
)
KEYS: dict[str, Any] = {
    "ec": jwk.ECKey.generate_key("P-256", {"kid": "ec"}),
    "rsa": jwk.RSAKey.generate_key(2048, {"kid": "rsa"}),
    "ed": jwk.OKPKey.generate_key("Ed25519", {"kid": "ed"}),
}
KIDS = {"ES256": "ec", "RS256": "rsa", "Ed25519": "ed", "EdDSA": "ed"}
JWKS = {"keys": [key.as_dict(private=False) for key in KEYS.values()]}
NOW = int(StoppedClock().now().timestamp())


class Issuer:
    """The issuer's keys over HTTP, without a socket."""

    def __init__(self, keys=JWKS):
        self.keys = keys
        self.reads = 0
        self.is_away = False
        self.gate = None

    async def fetch(self):
        self.reads += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.is_away:
            msg = "the issuer does not answer"
            raise TransientError(msg)
        return json.dumps(self.keys).encode()


class Server:
    """Sources of tokens, with a clock."""

    def __init__(self, issuer=None, policy=POLICY):
        self.clock = StoppedClock()
        self.issuer = issuer or Issuer()
        self.keys = SigningKeys(self.issuer.fetch, self.clock)
        self.source = TokenSource(policy, self.keys, lambda: ACCESS, self.clock)

    async def caller(self, token):
        return await self.source.caller(Secret(token))


def signed(alg="ES256", header=None, key=None, **claims):
    """Return a token; a header or claim of None is left out."""
    kid = KIDS.get(alg, "ec")
    whole = {"typ": "at+jwt", "alg": alg, "kid": kid} | (header or {})
    contents = {
        "iss": POLICY.issuer,
        "aud": POLICY.audience,
        "sub": "service:website",
        "iat": NOW,
        "exp": NOW + 600,
    } | claims
    return jwt.encode(
        {k: v for k, v in whole.items() if v is not None},
        {k: v for k, v in contents.items() if v is not None},
        key or KEYS[kid],
        algorithms=[alg],
        default_type=None,
    )


def part(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def forged(header, token=None, signature=b"x" * 64):
    """Return a token with another header, and maybe another signature."""
    payload = (token or signed()).split(".")[1]
    body = f"{part(header)}.{payload}"
    made = signature(body.encode()) if callable(signature) else signature
    return f"{body}.{part(made) if made else ''}"


def caller_of(token, **options):
    return asyncio.run(Server(**options).caller(token))


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("type_", ["at+jwt", "JWT", "application/at+jwt", None])
def test_a_token_of_each_algorithm_and_type_is_accepted(alg, type_):
    found = caller_of(signed(alg, {"typ": type_}))

    assert found.subject == "service:website"
    assert found.credential == "token/service:website"


@pytest.mark.parametrize("value", ["model:read other", ["model:read", "other", 5]])
def test_scopes_are_those_of_the_table_and_of_the_bindings(value):
    found = caller_of(signed(scope=value, groups=["data"]))

    assert found.grants.texts() == ("models:read", "status:read", "mlflow:read")


@pytest.mark.parametrize("value", [None, 5, {"admin": 1}, "admin", ["*"]])
def test_scopes_that_the_table_does_not_have_permit_nothing(value):
    found = caller_of(signed(sub="somebody", scope=value))

    assert found.grants.texts() == ()
    assert not found.grants.allow(scope("models:read"))


def hmac_with(secret):
    return lambda body: hmac.new(secret, body, hashlib.sha256).digest()


PEM = KEYS["rsa"].as_pem(private=False)
PUBLIC = json.dumps(KEYS["rsa"].as_dict(private=False)).encode()
ATTACKER = jwk.ECKey.generate_key("P-256", {"kid": "ec"})
HS = {"alg": "HS256", "typ": "JWT", "kid": "rsa"}
ATTACKS = {
    "no algorithm": forged({"alg": "none", "kid": "ec"}, signature=b""),
    "no algorithm, in other letters": forged({"alg": "NoNe", "kid": "ec"}),
    "no algorithm named": forged({"kid": "ec"}),
    "an algorithm that is a list": forged({"alg": ["ES256"], "kid": "ec"}),
    "HMAC with the PEM of a public key": forged(HS, signature=hmac_with(PEM)),
    "HMAC with the JWK of a public key": forged(HS, signature=hmac_with(PUBLIC)),
    "HMAC named RS256": forged(HS | {"alg": "RS256"}, signature=hmac_with(PEM)),
    "RS512": signed("RS512", {"kid": "rsa"}, KEYS["rsa"]),
    "PS256": signed("PS256", {"kid": "rsa"}, KEYS["rsa"]),
    "ES256 with an RSA key id": forged({"alg": "ES256", "kid": "rsa"}),
    "RS256 with an EC key id": forged({"alg": "RS256", "kid": "ec"}),
    "another key": signed(key=ATTACKER),
    "an embedded key": signed(
        header={"jwk": ATTACKER.as_dict(private=False)}, key=ATTACKER
    ),
    "a URL of keys": signed(header={"jku": "https://evil.example/jwks"}, key=ATTACKER),
    "an embedded certificate": forged({"alg": "ES256", "kid": "ec", "x5c": ["MII="]}),
    "critical extensions": forged({"alg": "ES256", "kid": "ec", "crit": ["x"], "x": 1}),
    "an unencoded payload": forged(
        {"alg": "ES256", "kid": "ec", "crit": ["b64"], "b64": False}
    ),
    "critical extensions, signed": forged(
        {"alg": "Ed25519", "kid": "ed", "crit": ["exp"], "exp": 1},
        signature=KEYS["ed"].private_key.sign,
    ),
    "no key id": signed(header={"kid": None}),
    "an empty key id": signed(header={"kid": ""}),
    "a key id that is a path": signed(header={"kid": "../../etc/passwd"}),
    "a key id that is no text": forged({"alg": "ES256", "kid": {"$ne": ""}}),
    "a type of another purpose": signed(header={"typ": "secevent+jwt"}),
    "an encrypted token's type": signed(header={"typ": "JWE"}),
    "an empty signature": forged({"alg": "ES256", "kid": "ec"}, signature=b""),
    "a short signature": forged({"alg": "ES256", "kid": "ec"}, signature=b"x"),
    "a signature of zeros": forged({"alg": "ES256", "kid": "ec"}, signature=b"\0" * 64),
    "an expired one": signed(iat=NOW - 600, exp=NOW - 31),
    "no end": signed(exp=None),
    "an end as text": signed(exp=str(NOW + 600)),
    "an end that is true": signed(exp=True),
    "an end that is no number": signed(exp=math.nan),
    "an endless end": signed(exp=math.inf),
    "an end too large for a float": signed(exp=10**400),
    "a long life": signed(exp=NOW + 3_601),
    "a life that began long ago": signed(iat=NOW - 86_400, exp=NOW + 600),
    "no time of issue": signed(iat=None),
    "issued in the future": signed(iat=NOW + 60),
    "issued at no time": signed(iat=-math.inf),
    "not valid yet": signed(nbf=NOW + 60),
    "a beginning as text": signed(nbf="0"),
    "no audience": signed(aud=None),
    "another audience": signed(aud="www.hokus.ai"),
    "another list of audiences": signed(aud=["www.hokus.ai", "api.hokus.ai.evil"]),
    "an audience in a mapping": signed(aud={"api.hokus.ai": 1}),
    "no issuer": signed(iss=None),
    "another issuer": signed(iss="https://auth.hokus.ai.evil.example"),
    "the issuer in a list": signed(iss=["https://auth.hokus.ai"]),
    "no subject": signed(sub=None),
    "an empty subject": signed(sub=""),
    "a subject that is a number": signed(sub=1),
    "a long subject": signed(sub="a" * 257),
    "a subject with a line break": signed(sub="a\nb"),
    "claims that are a list": f"{signed().split('.')[0]}.{part([1])}.{part(b'x' * 64)}",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused(attack):
    with pytest.raises(NotAuthenticatedError) as refused:
        caller_of(ATTACKS[attack])

    assert ATTACKS[attack] not in str(refused.value)


@pytest.mark.parametrize("changed", range(3), ids=["header", "claims", "signature"])
def test_a_changed_part_is_refused(changed):
    parts = signed().split(".")
    middle = len(parts[changed]) // 2
    old = parts[changed][middle]
    parts[changed] = (
        parts[changed][:middle]
        + ("A" if old != "A" else "B")
        + parts[changed][middle + 1 :]
    )

    try:
        found = caller_of(".".join(parts))
    except NotAuthenticatedError:
        found = None
    assert found is None


@pytest.mark.parametrize(
    "text", ["", "x", "a.b", "a.b.c.d.e", "é.b.c", "W10.b.c", "!.b.c", "." * 5_000]
)
def test_what_is_no_token_is_left_to_other_sources(text):
    assert caller_of(text) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 29, "iat": NOW - 600},
        {"iat": NOW + 29},
        {"nbf": NOW + 29},
        {"aud": ["other", "api.hokus.ai"]},
        {"exp": NOW + 3_600},
        {"exp": NOW + 0.5},
    ],
)
def test_clocks_may_differ_by_half_a_minute(claims):
    assert caller_of(signed(**claims)) is not None


@given(st.text(), st.text(), st.text())
def test_any_text_is_refused_or_left_to_other_sources(first, second, third):
    header = part({"alg": "ES256", "kid": first})
    for text in (f"{first}.{second}.{third}", f"{header}.{second}.{third}"):
        with suppress(NotAuthenticatedError):
            assert caller_of(text) is None


@given(
    st.dictionaries(
        st.sampled_from(["alg", "kid", "typ", "crit", "jwk", "b64"]),
        st.none() | st.text() | st.integers() | st.lists(st.text(), max_size=1),
    )
)
def test_any_header_is_refused(header):
    with pytest.raises(NotAuthenticatedError):
        caller_of(forged(header))


def test_a_credential_above_the_limit_is_refused_before_it_is_read():
    server = Server()
    token = signed(padding="a" * 9_000)

    with pytest.raises(Exception, match="longer than 8192 bytes"):
        asyncio.run(
            Authentication([server.source]).caller(
                [(b"authorization", b"Bearer " + token.encode())]
            )
        )
    assert server.issuer.reads == 0


def ran(scenario, **options):
    """Run a scenario in one event loop and return the server."""
    server = Server(**options)
    asyncio.run(scenario(server))
    return server


def test_the_keys_are_read_once_for_many_callers():
    async def scenario(server):
        server.issuer.gate = asyncio.Event()
        callers = [asyncio.create_task(server.caller(signed())) for _ in range(50)]
        await asyncio.sleep(0)
        server.issuer.gate.set()
        assert all(await asyncio.gather(*callers))

    assert ran(scenario).issuer.reads == 1


def test_a_caller_that_leaves_does_not_end_the_read_of_the_others():
    async def scenario(server):
        server.issuer.gate = asyncio.Event()
        first, second = (asyncio.create_task(server.caller(signed())) for _ in "ab")
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        server.issuer.gate.set()
        assert await second

    assert ran(scenario).issuer.reads == 1


def test_keys_in_use_are_read_in_the_background_before_they_expire():
    async def scenario(server):
        await server.caller(signed())
        server.clock.forward(239)
        await server.caller(signed())
        assert server.issuer.reads == 1
        server.clock.forward(2)
        server.issuer.gate = asyncio.Event()
        assert await server.caller(signed())
        await asyncio.sleep(0)
        assert server.issuer.reads == 2
        server.issuer.gate.set()

    ran(scenario)


def test_an_unknown_key_is_looked_for_once_in_half_a_minute():
    async def scenario(server):
        await server.caller(signed())
        server.clock.forward(31)
        for number in range(20):
            with pytest.raises(NotAuthenticatedError):
                await server.caller(signed(header={"kid": f"k{number}"}))
        assert server.issuer.reads == 2

    ran(scenario)


def test_a_new_key_of_the_issuer_is_found():
    fresh = jwk.ECKey.generate_key("P-256", {"kid": "new"})

    async def scenario(server):
        await server.caller(signed())
        server.issuer.keys = {"keys": [*JWKS["keys"], fresh.as_dict(private=False)]}
        server.clock.forward(31)
        assert await server.caller(signed(header={"kid": "new"}, key=fresh))

    ran(scenario)


def test_a_key_that_the_issuer_withdrew_ends_its_tokens():
    token = signed()

    async def scenario(server):
        assert await server.caller(token)
        server.issuer.keys = {"keys": JWKS["keys"][1:]}
        server.clock.forward(301)
        with pytest.raises(NotAuthenticatedError):
            await server.caller(token)

    ran(scenario)


def later(seconds):
    """Return a token that is issued after a time."""
    return signed(iat=NOW + seconds, exp=NOW + seconds + 600)


def test_an_outage_of_the_issuer_is_survived_for_a_day():
    async def scenario(server):
        await server.caller(signed())
        server.issuer.is_away = True
        for seconds in (301, 3_600, 80_000):
            server.clock.forward(seconds - server.clock.monotonic())
            assert await server.caller(later(seconds))
        server.clock.forward(86_401 - server.clock.monotonic())
        with pytest.raises(TransientError):
            await server.caller(later(86_401))

    ran(scenario)


def test_an_outage_is_no_refusal():
    async def scenario(server):
        server.issuer.is_away = True
        with pytest.raises(TransientError):
            await server.caller(signed())
        server.issuer.is_away = False
        server.clock.forward(3)
        assert await server.caller(signed())
        # A key that is not known may be a new one.
        server.issuer.is_away = True
        server.clock.forward(301)
        with pytest.raises(TransientError):
            await server.caller(signed(header={"kid": "new"}))

    ran(scenario)


def test_an_outage_does_not_make_each_request_wait():
    async def scenario(server):
        await server.caller(signed())
        server.issuer.is_away = True
        server.clock.forward(301)
        for _ in range(20):
            assert await server.caller(later(301))

    assert ran(scenario).issuer.reads == 2


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"keys": 1}',
        b'{"keys": [1]}',
        b'{"keys": []}',
        b'{"keys": [{"kid": "a", "kty": "oct", "k": "AAAA"}]}',
        b'{"keys": [{"kid": "a", "kty": "RSA", "n": "AQAB", "e": "AQAB"}]}',
        b"[" * 100_000,
    ],
)
def test_what_has_no_usable_key_is_an_outage(text):
    with pytest.raises(TransientError):
        public_keys(text)


def test_only_public_signature_keys_are_used():
    odd = [
        {"kid": "enc", "use": "enc", **without_kid("ec")},
        {"kid": "p384", **jwk.ECKey.generate_key("P-384").as_dict(private=False)},
        {"kid": "alg", **without_kid("rsa"), "alg": "RS512"},
        {"kid": "small", **jwk.RSAKey.generate_key(1024).as_dict(private=False)},
        {**without_kid("ec")},
        {"kid": "broken", "kty": "EC", "crv": "P-256", "x": "!", "y": "!"},
    ]

    found = public_keys(json.dumps({"keys": [*odd, *JWKS["keys"]]}).encode())

    assert set(found) == {"ec", "rsa", "ed"}


def without_kid(name):
    return {k: v for k, v in KEYS[name].as_dict(private=False).items() if k != "kid"}


def test_a_private_key_in_the_set_is_kept_as_a_public_one():
    found = public_keys(
        json.dumps({"keys": [KEYS["ec"].as_dict(private=True)]}).encode()
    )

    assert not found["ec"].is_private


def test_a_verified_token_is_remembered_until_it_expires():
    token = signed()

    async def scenario(server):
        first = await server.caller(token)
        assert await server.caller(token) == first
        server.clock.forward(631)
        with pytest.raises(NotAuthenticatedError, match="expired"):
            await server.caller(token)

    ran(scenario)


def test_bindings_that_change_apply_to_remembered_tokens():
    token = signed()

    async def scenario(server):
        bindings = [ACCESS]
        source = TokenSource(POLICY, server.keys, lambda: bindings[0], server.clock)
        assert (await source.caller(Secret(token))).grants.texts() == ("status:read",)
        bindings[0] = AccessPolicy()
        assert (await source.caller(Secret(token))).grants.texts() == ()

    ran(scenario)
