"""What is measured, and against what."""

from dataclasses import dataclass, field
from pathlib import Path

import authorizers
import configuration as c
import signing
import tokens

PETSTORE = Path(__file__).parents[2] / "envoy/examples/petstore/openapi.yaml"


@dataclass
class Peer:
    """One line of the table. Peers with the same `gateway` share an Envoy."""

    name: str
    title: str
    gateway: str
    path: str = "/"
    headers: dict = field(default_factory=dict)
    # A JSON body to POST; without one, requests are GETs.
    body: str | None = None
    # Signs the request of each run.
    signed: bool = False
    # How many tokens are sent in turns, instead of headers.
    tokens: int = 0
    # The peer whose requests per second are 1, and what share of them this one is to reach.
    against: str | None = None
    target: float | None = None

    def headers_for(self, port):
        """The headers of a request that is sent now."""
        if not self.signed:
            return self.headers
        method, body = ("POST", self.body.encode()) if self.body else ("GET", b"")
        return {**self.headers, **signing.headers(method, f"127.0.0.1:{port}", self.path, body)}


# What the whole chain asks for.
ALL_HEADERS = {**c.KEY_HEADER, "authorization": f"Bearer {next(tokens.signed(1))}"}

PEERS = [
    Peer("direct", "no filter", "direct"),
    Peer("bare", "a wasm module with one callback", "bare", against="direct"),
    Peer("empty", "empty wasm filter", "empty", against="direct"),
    Peer("api-key", "api-key, throttle", "api-key", headers=c.KEY_HEADER, against="empty", target=0.85),
    Peer("api-key-quota", "api-key, throttle and quota", "api-key-quota", headers=c.KEY_HEADER, against="empty"),
    Peer("api-key-routes", "api-key, settings by route", "api-key-routes", headers=c.KEY_HEADER, against="empty"),
    Peer("api-key-apigw", "api-key of apigw.wasm, throttle", "api-key-apigw", headers=c.KEY_HEADER, against="empty",
         target=0.85),
    Peer("signed-get", "iam-authorizer, signed GET", "iam", path="/prod/pets", signed=True, against="empty"),
    Peer("empty-post", "empty wasm filter, POST of 10 kB", "empty", body=c.pets(10_000)),
    Peer("signed-post", "iam-authorizer, signed POST of 10 kB", "iam", path="/prod/pets", body=c.pets(10_000), signed=True,
         against="empty-post"),
    Peer("native", "Envoy's api_key_auth + local_ratelimit", "native", headers=c.KEY_HEADER, against="empty"),
    Peer("body-1k", "empty wasm filter that holds 1 kB", "buffering", body=c.pets(1000)),
    Peer("validator-1k", "request-validator, 1 kB", "request-validator", body=c.pets(1000), against="body-1k",
         target=0.75),
    Peer("body-100k", "empty wasm filter that holds 100 kB", "buffering", body=c.pets(100_000)),
    Peer("validator-100k", "request-validator, 100 kB", "request-validator", body=c.pets(100_000),
         against="body-100k"),
    Peer("jwt-authn-seen", "Envoy's jwt_authn, token in its cache", "jwt-authn-cached", tokens=1, against="empty"),
    Peer("jwt-seen", "jwt-authorizer, token seen before", "jwt", tokens=1, against="jwt-authn-seen", target=0.85),
    Peer("jwt-routes", "jwt-authorizer, settings by route", "jwt-routes", tokens=1, against="jwt-authn-seen"),
    Peer("jwt-authn-new", "Envoy's jwt_authn, without a cache", "jwt-authn", tokens=tokens.MANY, against="empty"),
    Peer("jwt-new", "jwt-authorizer, a new token each time", "jwt", tokens=tokens.MANY, against="jwt-authn-new",
         target=0.95),
    Peer("authorizer-kept", "custom-authorizer, answer kept", "authorizer", headers=authorizers.TOKEN, against="empty",
         target=0.80),
    Peer("ext-authz", "Envoy's ext_authz, a call each time", "ext-authz", headers=authorizers.TOKEN, against="empty"),
    Peer("authorizer-call", "custom-authorizer, a call each time", "authorizer-uncached", headers=authorizers.TOKEN,
         against="ext-authz"),
    Peer("proxy", "Envoy alone, to a backend", "proxy", path="/prod/pets", headers=c.KEY_HEADER),
    Peer("petstore", "petstore, to the same backend", "petstore", path="/prod/pets", headers=c.KEY_HEADER,
         against="proxy", target=0.55),
    Peer("mock", "petstore, MOCK method", "petstore", path="/prod/status", against="proxy"),
    Peer("mock-template", "MOCK, its answer rendered", "templates", path="/prod/mock", against="proxy"),
    Peer("http-templates", "HTTP, templates both ways, to the same backend", "templates", path="/prod/http?page=2",
         against="proxy"),
    Peer("proxy-post", "Envoy alone, POST of 1 kB to a backend", "proxy", path="/prod/orders", body=c.pets(1000),
         headers=ALL_HEADERS),
    Peer("whole-chain", "token seen, key, model, templates both ways", "whole-chain", path="/prod/orders",
         body=c.pets(1000), headers=ALL_HEADERS, against="proxy-post", target=0.55),
    Peer("first-route", f"{c.ROUTES} methods, the first one", "routes", path="/prod/resource00/7"),
    Peer("last-route", f"{c.ROUTES} methods, the last one", "routes", path=f"/prod/resource{c.ROUTES - 1:02}/7",
         against="first-route"),
]


def chosen(names):
    """The peers with these names and those that they are measured against; all of them without names."""
    by_name = {peer.name: peer for peer in PEERS}
    wanted = set(names or by_name)
    while missing := {by_name[name].against for name in wanted} - wanted - {None}:
        wanted |= missing
    return [peer for peer in PEERS if peer.name in wanted]


def bootstraps(tools, folder):
    """A function for each gateway that makes its configuration, given the port of the service that it calls."""
    def behind(module, root_id, configuration=None):
        """Envoy's own answer behind a filter of this name."""
        return c.direct([c.wasm(tools.module(module), root_id, configuration)])

    authorizer = tools.module("custom_authorizer")
    return {
        "direct": lambda _: c.direct(),
        "bare": lambda _: behind("bench_bare", "bare"),
        "empty": lambda _: behind("bench_empty", "empty"),
        "api-key": lambda _: behind("api_key", "api-key", c.api_key(quota=False)),
        "api-key-routes": lambda _: behind("api_key", "api-key", c.api_key(quota=False, by_route=True)),
        "api-key-quota": lambda _: behind("api_key", "api-key", c.api_key(quota=True)),
        "api-key-apigw": lambda _: behind("apigw", "api-key", c.api_key(quota=False)),
        "buffering": lambda _: behind("bench_buffering", "buffering"),
        "request-validator": lambda _: behind("request_validator", "request-validator", c.request_validator()),
        "iam": lambda _: behind("iam_authorizer", "iam-authorizer", c.iam()),
        "native": lambda _: c.direct(c.native()),
        "jwt": lambda _: behind("jwt_authorizer", "jwt-authorizer", tokens.jwt_authorizer()),
        "jwt-routes": lambda _: behind("jwt_authorizer", "jwt-authorizer", tokens.jwt_authorizer(by_route=True)),
        "jwt-authn": lambda _: c.direct([tokens.jwt_authn(cached=False)]),
        "jwt-authn-cached": lambda _: c.direct([tokens.jwt_authn(cached=True)]),
        "authorizer": lambda port: authorizers.custom_authorizer(authorizer, port, seconds=300),
        "authorizer-uncached": lambda port: authorizers.custom_authorizer(authorizer, port, seconds=0),
        "ext-authz": authorizers.ext_authz,
        "proxy": c.proxy,
        "petstore": lambda port: c.compiled(tools, PETSTORE, c.settings(port), folder, "petstore"),
        "templates": lambda port: c.compiled(tools, c.templates(), c.settings(port), folder, "templates"),
        "whole-chain": lambda port: c.compiled(
            tools, c.whole_chain(tokens.ISSUER), {**c.settings(port), "tokenIssuers": {tokens.ISSUER: {"jwks": tokens.jwks()}}},
            folder, "whole-chain"),
        "routes": lambda _: c.compiled(tools, c.many_routes(), c.settings(), folder, "routes"),
    }


# What runs beside the gateways, and which one each of them calls.
SERVICES = {"backend": c.backend, "authorizer": authorizers.service}
CALLS = {
    **dict.fromkeys(["proxy", "petstore", "templates", "whole-chain"], "backend"),
    **dict.fromkeys(["authorizer", "authorizer-uncached", "ext-authz"], "authorizer"),
}
