"""Autobahn's cases, sections 1 to 7 and 10, driven by its own kind of client: `kosoku`, against an API that echoes."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from processes import ROOT, gateway
from servers import Handler, serve

SECTIONS = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
# What API Gateway itself refuses, or does not send.
EXPECTED_FAILURES = {
    # An integration that answers nothing sends nothing.
    "1.1.1": "an empty message", "6.1.1": "an empty message", "6.1.2": "an empty message in fragments",
    **{f"1.1.{number}": "a frame over 32 KB" for number in [6, 7, 8]},
    **{f"1.2.{number}": "a binary message" for number in range(1, 9)},
}
PATIENCE = 280


class Echo(Handler):
    """Answers with what it is sent."""

    def do_POST(self):
        self.answer(self.body())


def template():
    """All messages go to the backend, and back."""
    def of_api(kind, **properties):
        return {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": {"ApiId": {"Ref": "Echo"}, **properties}}

    return {"Resources": {
        "Echo": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {
            "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}},
        "Route": of_api("Route", RouteKey="$default", RouteResponseSelectionExpression="$default",
                        Target={"Fn::Sub": "integrations/${Backend}"}),
        "Backend": of_api("Integration", IntegrationType="HTTP_PROXY", IntegrationMethod="POST",
                          IntegrationUri="http://backend.internal/"),
    }}


class Autobahn(unittest.TestCase):
    def test_all_cases(self):
        backend = self.enterContext(serve(Echo))
        settings = {
            "apiId": "autobahn00", "connections": {"authorization": "NONE"},
            "endpoints": {"hosts": {"backend.internal:80": backend.url}},
        }
        # The client asks for `/`.
        url = self.enterContext(gateway(template(), settings, "--base-path", "/"))
        reports = self.enterContext(tempfile.TemporaryDirectory(prefix="apigw-e2e-"))
        program = os.environ.get("KOSOKU", ROOT / ".venv/bin/kosoku")
        included = [argument for section in SECTIONS for argument in ["--include", section]]
        address = url.removeprefix("http://").partition("/")[0]
        command = [program, "--parallelism", "4", *included, "--outdir", reports, address]
        subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        [results] = json.loads((Path(reports) / "index.json").read_text()).values()
        self.assertGreaterEqual(len(results), 240)
        failed = {case for case, result in results.items() if result["behavior"] == "FAILED"}
        self.assertEqual(set(EXPECTED_FAILURES), failed)


if __name__ == "__main__":
    unittest.main()
