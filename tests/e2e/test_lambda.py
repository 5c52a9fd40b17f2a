"""A function on AWS's runtime crate, reached over the Lambda Invoke API that cargo-lambda offers.

That API differs from Lambda's in two points, which test_functions.py covers instead: a function's own error is an
HTTP 500 there, and an asynchronous invocation is answered with the result.
"""

import json
import os
import unittest
from pathlib import Path

from processes import JSON, free_port, gateway, program, send

FUNCTION = Path(__file__).parent / "function"
SETTINGS = """
apiId: functions1
stage: {{stageName: prod, variables: {{v: "1"}}}}
endpoints: {{functions: {{orders: "http://127.0.0.1:{port}"}}}}
"""


class Lambda(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        emulator = [
            os.environ["CARGO_LAMBDA"], "lambda", "watch", "--only-lambda-apis", "--disable-cors",
            "--invoke-address", "127.0.0.1", "--invoke-port", str(port),
        ]
        function = {
            **os.environ,
            "AWS_LAMBDA_RUNTIME_API": f"http://127.0.0.1:{port}/.rt/orders", "AWS_LAMBDA_FUNCTION_NAME": "orders",
            "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": "e2e", "AWS_LAMBDA_LOG_STREAM_NAME": "e2e",
        }
        cls.enterClassContext(program(emulator, port, cwd=FUNCTION))
        cls.enterClassContext(program([os.environ["FUNCTION"]], env=function))
        cls.url = cls.enterClassContext(gateway(FUNCTION / "openapi.yaml", SETTINGS.format(port=port)))

    def test_the_event_of_a_get(self):
        status, headers, body = send("GET", f"{self.url}/proxy/7?q=a%20b&q=c&wish=echo", headers={"x-test": "t"})
        self.assertEqual(status, 201, body)
        self.assertEqual(headers["x-function"], "orders")
        self.assertEqual(headers.get_all("set-cookie"), ["a=1", "b=2"])
        self.assertEqual(headers["content-type"], "application/json")
        event = json.loads(body)
        expected = {
            "resource": "/proxy/{id}", "path": "/proxy/7", "httpMethod": "GET", "pathParameters": {"id": "7"},
            "queryStringParameters": {"q": "c", "wish": "echo"},
            "multiValueQueryStringParameters": {"q": ["a b", "c"], "wish": ["echo"]},
            "stageVariables": {"v": "1"}, "body": None, "isBase64Encoded": False,
        }
        self.assertEqual({name: event[name] for name in expected}, expected)
        self.assertIn("t", [value for name, value in event["headers"].items() if name.lower() == "x-test"])
        context = event["requestContext"]
        self.assertEqual(
            (context["apiId"], context["stage"], context["resourcePath"], context["identity"]["sourceIp"]),
            ("functions1", "prod", "/proxy/{id}", "127.0.0.1"),
        )

    def test_text_and_bytes_in(self):
        status, _, body = send("POST", f"{self.url}/proxy/7", "grün".encode(), {"content-type": "text/plain"})
        event = json.loads(body)
        self.assertEqual((status, event["body"], event["isBase64Encoded"]), (201, "grün", False))
        status, _, body = send("POST", f"{self.url}/proxy/7", b"\x89PNG\xff\0", {"content-type": "image/png"})
        event = json.loads(body)
        self.assertEqual((status, event["body"], event["isBase64Encoded"]), (201, "iVBOR/8A", True))

    def test_bytes_out(self):
        status, headers, body = send("GET", f"{self.url}/proxy/7?wish=bytes", headers={"accept": "image/png"})
        self.assertEqual((status, headers["content-type"], body), (200, "image/png", b"\x89PNG\r\n\x1a\n"))

    def test_a_malformed_answer(self):
        status, _, body = send("GET", f"{self.url}/proxy/7?wish=malformed")
        self.assertEqual((status, json.loads(body)), (502, {"message": "Internal server error"}))

    def test_a_function_that_takes_too_long(self):
        status, _, body = send("GET", f"{self.url}/proxy/7?wish=slow")
        self.assertEqual((status, json.loads(body)), (504, {"message": "Endpoint request timed out"}))
        # The function gets through with it; then it serves again.
        for _ in range(20):
            status, _, body = send("GET", f"{self.url}/proxy/7")
            if status != 504:
                break
        self.assertEqual(status, 201, body)

    def test_templates_both_ways(self):
        order = json.dumps({"order": {"id": "A-17", "lines": [1, 2]}}).encode()
        status, _, body = send("POST", f"{self.url}/mapped", order, JSON)
        self.assertEqual((status, json.loads(body)), (202, {"accepted": "A-17", "on": "prod"}))


if __name__ == "__main__":
    unittest.main()
