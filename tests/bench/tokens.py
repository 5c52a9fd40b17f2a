"""Tokens, and who checks them: the jwt-authorizer filter, and Envoy's own jwt_authn."""

import base64
import hashlib
import json
from pathlib import Path

from configuration import TYPE

KEYS = Path(__file__).parents[2] / "filters/jwt-authorizer/tests/keys.json"
ISSUER = "https://issuer.example"
YEAR_2100 = 4_102_444_800
# More than any of the caches holds (2 MB here), so that in turns every one is new.
MANY = 3500
# DigestInfo of SHA-256, RFC 8017 section 9.2.
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def key():
    return json.loads(KEYS.read_text())[0]


def number(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big")


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(count):
    """So many tokens by RS256, all different."""
    jwk = key()
    n, p, q, d = (number(jwk[name]) for name in ("n", "p", "q", "d"))
    inverse = pow(q, -1, p)
    header = encode(json.dumps({"alg": "RS256", "typ": "JWT", "kid": jwk["kid"]}).encode())
    for serial in range(count):
        claims = {
            "iss": ISSUER, "aud": "orders", "sub": f"user-{serial}", "iat": 1_700_000_000, "exp": YEAR_2100,
            "scope": "orders/read orders/write", "client_id": "4t1dulhvpvmkq3q83l7tlp0r6f", "jti": f"id-{serial:08}", "token_use": "access",
        }
        text = f"{header}.{encode(json.dumps(claims).encode())}"
        digest = SHA256_INFO + hashlib.sha256(text.encode()).digest()
        padded = int.from_bytes(b"\0\1" + b"\xff" * (256 - 3 - len(digest)) + b"\0" + digest, "big")
        of_p, of_q = pow(padded, d % (p - 1), p), pow(padded, d % (q - 1), q)
        signature = of_q + (of_p - of_q) * inverse % p * q
        assert signature < n
        yield f"{text}.{encode(signature.to_bytes(256, 'big'))}"


def jwks():
    return {"keys": [{name: value for name, value in key().items() if name not in "dpq"}]}


def jwt_authorizer(by_route=False):
    """The filter's own configuration: one authorizer for all routes, and claims for nobody, as
    `jwt_authn` has them; or by the route's name, and claims left for others."""
    route = {"authorizer": "users", "authorizationScopes": ["orders/read"]}
    return {
        "issuers": {ISSUER: {"keys": {"inline": jwks()}}},
        "authorizers": {"users": {
            "identitySource": "$request.header.Authorization",
            "jwt": {"issuers": [{"issuer": ISSUER, "audience": ["orders"]}]},
        }},
        **({"routes": {"GET /": route}} if by_route else {"default": route, "published": []}),
    }


def jwt_authn(cached):
    """The nearest that Envoy has by itself: no scopes, claims for nobody."""
    provider = {
        "issuer": ISSUER, "audiences": ["orders"], "forward": True,
        "local_jwks": {"inline_string": json.dumps(jwks())},
        **({"jwt_cache_config": {"jwt_cache_size": 1000}} if cached else {}),
    }
    return ("envoy.filters.http.jwt_authn", {
        "@type": f"{TYPE}.http.jwt_authn.v3.JwtAuthentication",
        "providers": {"issuer": provider},
        "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "issuer"}}],
    })
