"""Bootstraps for Envoy: the plain ones written here, those of gateways compiled by `apigw`."""

import hashlib
import json

import signing
from processes import printed

LOOPBACK = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
TYPE = "type.googleapis.com/envoy.extensions.filters"
KEY = "benchmark-key-0123456789"
KEY_HEADER = {"x-api-key": KEY}
API_ID = "petstore01"
# Which API it is, as filters are told.
API = {"apiId": API_ID, "stage": "prod", "accountId": "123456789012", "region": "us-east-1"}
# A million requests a second with as many in reserve: checked and counted like any other limit, never reached.
THROTTLE = {"rateLimit": 1_000_000, "burstLimit": 1_000_000}
MODELS = f"https://apigateway.amazonaws.com/restapis/{API_ID}/models/"
QUOTA = {"limit": 2_147_483_647, "period": "MONTH"}
ROUTES = 100


def bootstrap(route, filters=(), clusters=()):
    """An Envoy with one listener and one route. `filters` are pairs of name and configuration."""
    router = ("envoy.filters.http.router", {"@type": f"{TYPE}.http.router.v3.Router"})
    manager = {
        "@type": f"{TYPE}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        "generate_request_id": False,
        "route_config": {"virtual_hosts": [{
            "name": "bench", "domains": ["*"], "routes": [{"name": "GET /", "match": {"prefix": "/"}, **route}],
        }]},
        "http_filters": [{"name": name, "typed_config": config} for name, config in [*filters, router]],
    }
    listener = {
        "name": "bench", "address": LOOPBACK,
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager", "typed_config": manager,
        }]}],
    }
    return {
        "admin": {"address": LOOPBACK},
        "static_resources": {"listeners": [listener], "clusters": list(clusters)},
    }


def direct(filters=(), clusters=(), body='{"pets":[]}'):
    """Envoy answers by itself."""
    return bootstrap({"direct_response": {"status": 200, "body": {"inline_string": body}}}, filters, clusters)


def backend(body='{"pets":[]}'):
    """What `direct` answers, after the whole request: an answer before it would cost a connection each time."""
    return direct([("envoy.filters.http.buffer", {
        "@type": f"{TYPE}.http.buffer.v3.Buffer", "max_request_bytes": 1 << 20,
    })], body=body)


def cluster(name, port):
    """What listens on a port here."""
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {
        "name": name, "type": "STATIC", "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }


def proxy(backend_port):
    """Envoy alone in front of the backend."""
    return bootstrap({"route": {"cluster": "backend"}}, clusters=[cluster("backend", backend_port)])


def wasm(module, root_id, configuration=None):
    """A filter from a module."""
    config = {
        "name": root_id, "root_id": root_id, "allow_on_headers_stop_iteration": True,
        "vm_config": {
            "vm_id": "bench", "runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": str(module)}},
        },
    }
    if configuration is not None:
        text = json.dumps(configuration)
        config["configuration"] = {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": text}
    return (root_id, {"@type": f"{TYPE}.http.wasm.v3.Wasm", "config": config})


def api_key(quota, by_route=False):
    """The api-key filter's own configuration: one key in one plan. The same settings hold for all routes, and nobody
    behind the filter asks whose key it is; or settings go by the route's name, and the identity is left for others."""
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    route = {"apiKeyRequired": True, "resourcePath": "/", "httpMethod": "GET"}
    return {
        "api": {**API, "deploymentId": "bench1"},
        "plans": {"apiKeys": [{"id": "k1", "valueSha256": digest}], "usagePlans": [plan(quota)]},
        **({"routes": {"GET /": route}} if by_route else {"published": []}),
        "default": route,
    }


def plan(quota):
    """A usage plan of one key."""
    stages = [{"apiId": API_ID, "stage": "prod"}]
    return {
        "id": "plan", "apiStages": stages, "throttle": THROTTLE, "keyIds": ["k1"], **({"quota": QUOTA} if quota else {}),
    }


def pets(size):
    """A JSON document of about `size` bytes that fits the model of `request_validator`."""
    def pet(number):
        return {
            "id": number, "name": f"Pet number {number}", "price": 12.5, "tags": ["small", "brown"], "kind": "dog",
            "active": True, "code": "ABC-123",
        }

    count = max(1, size // len(json.dumps(pet(10), separators=(",", ":"))))
    return json.dumps({"items": [pet(number) for number in range(1, count + 1)], "page": 1}, separators=(",", ":"))


def models():
    """Models of what `pets` makes."""
    pet = {
        "type": "object", "required": ["id", "name", "price", "tags"], "additionalProperties": False,
        "properties": {
            "id": {"type": "integer", "minimum": 1},
            "name": {"type": "string", "minLength": 1, "maxLength": 100},
            "price": {"type": "number", "minimum": 0},
            "tags": {"type": "array", "items": {"type": "string"}},
            "kind": {"type": "string", "enum": ["dog", "cat", "fish"]},
            "active": {"type": "boolean"},
            "code": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$"},
        },
    }
    pets = {
        "type": "object", "required": ["items"],
        "properties": {"items": {"type": "array", "items": {"$ref": f"{MODELS}Pet"}}, "page": {"type": "integer"}},
    }
    return {"Pet": pet, "Pets": pets}


def request_validator():
    """The request-validator's own configuration: one model for all bodies."""
    return {
        "api": {"apiId": API_ID, "stage": "prod"},
        "models": models(),
        "default": {"validateRequestBody": True, "requestModels": {"application/json": "Pets"}},
    }


def iam():
    """The iam-authorizer filter's own configuration: one caller."""
    return {
        "api": {**API, "basePath": "/prod"},
        "credentials": [signing.CREDENTIALS],
        "routes": {"GET /": {"authorizationType": "AWS_IAM"}},
    }


def native():
    """The nearest that Envoy has by itself: a key check, and one bucket for all keys."""
    always = {"default_value": {"numerator": 100}}
    bucket = {"max_tokens": 1_000_000_000, "tokens_per_fill": 1_000_000_000, "fill_interval": "1s"}
    keys = {
        "@type": f"{TYPE}.http.api_key_auth.v3.ApiKeyAuth",
        "credentials": [{"key": KEY, "client": "k1"}],
        "key_sources": [{"header": "x-api-key"}],
    }
    limit = {
        "@type": f"{TYPE}.http.local_ratelimit.v3.LocalRateLimit", "stat_prefix": "bench", "token_bucket": bucket,
        "filter_enabled": always, "filter_enforced": always,
    }
    return [("envoy.filters.http.api_key_auth", keys), ("envoy.filters.http.local_ratelimit", limit)]


def settings(backend_port=9):
    """Settings whose limits are checked and never reached."""
    return {
        "apiId": API_ID, "stage": {"stageName": "prod"},
        "apiKeys": [{"id": "k1", "name": "bench", "value": KEY, "enabled": True}],
        "usagePlans": [plan(quota=True)],
        "endpoints": {"hosts": {"petstore.internal:80": f"http://127.0.0.1:{backend_port}"}},
    }


def openapi(title, paths, **more):
    """An OpenAPI document."""
    return {"openapi": "3.0.1", "info": {"title": title, "version": "1"}, "paths": paths, **more}


def method(answer, integration=None, **more):
    """A method that renders an answer: of a MOCK, or of another integration."""
    mock = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
    responses = {"default": {"statusCode": "200", "responseTemplates": {"application/json": answer}}}
    return {
        "responses": {"200": {"description": "ok"}},
        "x-amazon-apigateway-integration": {**(integration or mock), "responses": responses}, **more,
    }


def many_routes():
    """A definition of a hundred mock methods, each with a path parameter."""
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    operation = method('{"ok":true}', parameters=[parameter])
    return openapi("routes", {f"/resource{number:02}/{{id}}": {"get": operation} for number in range(ROUTES)})


# Renders the pets of `$pets`.
TEMPLATE = """{"count": $pets.size(), "stage": "$context.stage", "pets": [
#foreach($pet in $pets)
  {"id": $pet.id, "name": "$util.escapeJavaScript($pet.name)"}#if($foreach.hasNext),#end

#end
]}"""
PETS = "[" + ", ".join(f"{{'id': {n}, 'name': 'pet {n}'}}" for n in range(5)) + "]"


def templates():
    """A MOCK whose answer is rendered, and an HTTP integration with templates both ways."""
    def rendered(pets):
        return f"#set($pets = {pets})\n{TEMPLATE}"

    http = {
        "type": "http", "httpMethod": "POST", "uri": "http://petstore.internal/pets",
        "requestTemplates": {"application/json": '{"page": "$input.params(\'page\')", "on": "$context.stage"}'},
    }
    return openapi("templates", {
        "/mock": {"get": method(rendered(PETS))},
        "/http": {"get": method(rendered("$input.path('$.pets')"), http)},
    })


def whole_chain(issuer):
    """A method with all that a request can pass: a token, a key, a model, and templates both ways."""
    authorizer = {"type": "cognito_user_pools", "providerARNs": [issuer]}
    response = {"count": 0, "stage": "$context.stage", "user": "$context.authorizer.claims.sub"}
    request = """#set($items = $input.path('$.items'))
{"user": "$context.authorizer.claims.sub", "page": $input.json('$.page'), "names": [
#foreach($item in $items)"$util.escapeJavaScript($item.name)"#if($foreach.hasNext),#end#end
]}"""
    http = {
        "type": "http", "httpMethod": "POST", "uri": "http://petstore.internal/orders",
        "requestTemplates": {"application/json": request},
    }
    operation = method(json.dumps(response), http, **{
        "security": [{"pool": ["orders/read"]}, {"key": []}],
        "x-amazon-apigateway-request-validator": "body",
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pets"}}}},
    })
    # In an OpenAPI document models refer to each other by their place in it.
    schemas = json.loads(json.dumps(models()).replace(MODELS, "#/components/schemas/"))
    return openapi("whole chain", {"/orders": {"post": operation}}, **{
        "x-amazon-apigateway-request-validators": {"body": {"validateRequestBody": True}},
        "components": {"schemas": schemas, "securitySchemes": {
            "pool": {
                "type": "apiKey", "name": "Authorization", "in": "header",
                "x-amazon-apigateway-authtype": "cognito_user_pools", "x-amazon-apigateway-authorizer": authorizer,
            },
            "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        }},
    })


def compiled(tools, definition, settings_value, folder, name):
    """A bootstrap made by `apigw compile`."""
    if not hasattr(definition, "read_text"):
        value, definition = definition, folder / f"{name}.definition.json"
        definition.write_text(json.dumps(value))
    settings_path = folder / f"{name}.settings.json"
    settings_path.write_text(json.dumps(settings_value))
    output = folder / f"{name}.yaml"
    printed([
        tools.apigw, "compile", definition, "--settings", settings_path, "--listen", "127.0.0.1:0",
        "--filters", tools.filters, "--output", output,
    ])
    return output
