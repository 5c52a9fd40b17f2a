"""Cross-origin requests of a page in Chromium: to a REST API whose OPTIONS method is a MOCK as the console sets it up, and
to an HTTP API with a CORS configuration."""

import json
import os
import subprocess
import unittest
from pathlib import Path

from definitions import api, http_proxy, method, mock
from processes import gateway
from servers import Handler, serve

CLIENT = Path(__file__).parent / "clients/fetch.cjs"
# How long the browser may take on a busy machine, in seconds.
PATIENCE = 180


def rest_api(origin):
    """`GET` and `PUT` with a MOCK each, the preflight of the console, and refusals that a page may read."""
    headers = {"Access-Control-Allow-Origin": f"'{origin}'", "X-Shown": "'yes'", "Access-Control-Expose-Headers": "'X-Shown'"}

    def shown(**parameters):
        """A MOCK whose answer has these headers."""
        declared = {"200": {"description": "ok", "headers": {name: {"schema": {"type": "string"}} for name in parameters}}}
        mapped = {f"method.response.header.{name}": value for name, value in parameters.items()}
        integration = {**mock('{"from": "rest"}', responseParameters=mapped), "passthroughBehavior": "when_no_templates"}
        return {**method(integration), "responses": declared}

    allow = {"Access-Control-Allow-Headers": "'Content-Type,X-Team'", "Access-Control-Allow-Methods": "'OPTIONS,PUT'"}
    paths = {
        "/open": {"get": shown(**headers), "put": shown(**headers), "options": shown(**headers, **allow)},
        "/keyed": {"get": {**shown(**headers), "security": [{"key": []}]}},
        "/silent": {"get": shown()},
    }
    return api("rest", paths, **{
        "x-amazon-apigateway-gateway-responses": {
            "INVALID_API_KEY": {"responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": f"'{origin}'"}},
        },
        "components": {"securitySchemes": {"key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}},
    })


def http_api(origin, backend):
    """Two routes and no OPTIONS; everything but CORS is the backend's."""
    operation = method(http_proxy(f"{backend}/", "ANY", payloadFormatVersion="1.0"))
    return api("http", {"/open": {"get": operation, "put": operation}}, **{
        "x-amazon-apigateway-cors": {
            "allowOrigins": [origin], "allowMethods": ["GET", "PUT"], "allowHeaders": ["x-team"], "exposeHeaders": ["x-shown"],
        },
    })


class Page(Handler):
    """A page, and the HTTP API's backend."""

    def do_GET(self):
        self.answer('{"from": "http"}', content_type="application/json", x_shown="yes")

    do_PUT = do_GET


class Cors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.origin = cls.enterClassContext(serve(Page)).url

    def fetch(self, *requests):
        """What the page sees of requests: URL, method and headers."""
        sent = [{"url": url, "options": {"method": method, "headers": headers}} for url, method, headers in requests]
        command = ["node", CLIENT, os.environ["CHROMIUM"], self.origin, json.dumps(sent)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(0, run.returncode, run.stderr)
        return json.loads(run.stdout)

    def test_rest_api(self):
        with gateway(rest_api(self.origin), "{}") as url:
            seen = self.fetch(
                (f"{url}/open", "GET", {}),
                (f"{url}/open", "PUT", {"x-team": "a"}),
                (f"{url}/open", "DELETE", {}),
                (f"{url}/open", "PUT", {"x-other": "a"}),
                (f"{url}/keyed", "GET", {}),
                (f"{url}/silent", "GET", {}),
            )
        answer = [200, '{"from": "rest"}', "yes"]
        refused = "TypeError"
        self.assertEqual([answer, answer, refused, refused, [403, '{"message":"Forbidden"}', None], refused], seen)

    def test_http_api(self):
        requests = [("GET", {}), ("PUT", {"x-team": "a"}), ("DELETE", {}), ("PUT", {"x-other": "a"})]
        with gateway(http_api(self.origin, self.origin), "{}") as url:
            seen = self.fetch(*((f"{url}/open", method, headers) for method, headers in requests))
        answer = [200, '{"from": "http"}', "yes"]
        self.assertEqual([answer, answer, "TypeError", "TypeError"], seen)
        with gateway(http_api("http://another.example", self.origin), "{}") as url:
            self.assertEqual(["TypeError"], self.fetch((f"{url}/open", "GET", {})))


if __name__ == "__main__":
    unittest.main()
