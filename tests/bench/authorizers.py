"""Who calls a service to authorize a request: the custom-authorizer filter, and Envoy's own ext_authz."""

import json

import configuration as c

TOKEN = {"authorization": "Bearer bench"}
# What the service answers to both. ext_authz reads its status, the filter its policy as well.
DOCUMENT = {
    "principalId": "user-1",
    "policyDocument": {"Version": "2012-10-17", "Statement": [{
        "Action": "execute-api:Invoke", "Effect": "Allow",
        "Resource": "arn:aws:execute-api:us-east-1:123456789012:petstore01/prod/*",
    }]},
    "context": {"tenant": "acme", "level": 7},
}


def service():
    """The authorizer: an Envoy that answers by itself, once it has the whole request."""
    return c.backend(json.dumps(DOCUMENT))


def custom_authorizer(module, port, seconds):
    """The filter, which keeps answers for so many seconds."""
    configuration = {
        "api": c.API,
        "authorizers": {"tokens": {
            "form": "token", "identitySource": ["method.request.header.Authorization"],
            "authorizerResultTtlInSeconds": seconds,
            "endpoint": {"cluster": "service", "authority": "authorizer.internal", "timeoutInMillis": 10_000},
            "target": {"http": "/authorize"},
        }},
        "published": [],
        "default": {"authorizer": "tokens", "method": {"resourceId": "r1", "resourcePath": "/"}},
    }
    return c.direct([c.wasm(module, "custom-authorizer", configuration)], [c.cluster("service", port)])


def ext_authz(port):
    """Envoy's own, over HTTP to the same service."""
    config = {
        "@type": f"{c.TYPE}.http.ext_authz.v3.ExtAuthz",
        "http_service": {
            "server_uri": {"uri": "http://authorizer.internal", "cluster": "service", "timeout": "10s"},
            "path_prefix": "/authorize",
        },
    }
    return c.direct([("envoy.filters.http.ext_authz", config)], [c.cluster("service", port)])
