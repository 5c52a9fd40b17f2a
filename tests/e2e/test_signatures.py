"""Signatures of other programs: botocore and curl sign requests to the gateway, and botocore verifies the gateway's own
calls to AWS services."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from callers import ACCOUNT, ALICE, CREDENTIALS, SESSION, keys, known, signed
from definitions import api, method, mock, path_parameter
from processes import JSON, eventually, gateway, in_file, send
from servers import Handler, serve

ECHO = "$context.identity.userArn $context.httpMethod $context.path $input.body"


def service(action, parameters):
    """A method that calls an AWS service."""
    return {"post": method({
        "type": "aws", "httpMethod": "POST", "uri": f"arn:aws:apigateway:eu-west-1:{action}",
        "requestParameters": parameters, "responses": {"default": {"statusCode": "200"}},
    })}


DEFINITION = api("signed", {
    "/{proxy+}": {"x-amazon-apigateway-any-method": method(
        {**mock(ECHO), "passthroughBehavior": "when_no_match"}, parameters=[path_parameter("proxy")],
        **{"x-amazon-apigateway-auth": {"type": "AWS_IAM"}},
    )},
    "/queue": service("sqs:path/123456789012/my%20queue", {"integration.request.querystring.q": "'a b+c'"}),
    "/table": service("dynamodb:action/PutItem", {}),
    "/object": service("s3:path/bucket/a%20b", {"integration.request.header.x-amz-acl": "'private'"}),
    "/function": service("lambda:path/2015-03-31/functions/orders/invocations", {}),
})


def settings(port):
    """All services are on one port, and called by Alice; functions by the session."""
    def called_by(credentials):
        return {"url": f"http://127.0.0.1:{port}", **keys(credentials)}

    services = {"sqs": ALICE, "dynamodb": ALICE, "s3": ALICE, "lambda": SESSION}
    return {
        "apiId": "a1b2c3d4e5", "accountId": ACCOUNT, "region": "us-east-1", "credentials": CREDENTIALS,
        "endpoints": {"services": {name: called_by(credentials) for name, credentials in services.items()}},
    }


class Service(Handler):
    """An AWS service: says whether botocore would have signed the request the same way."""

    def do_POST(self):
        body = self.body()
        claimed = dict(part.strip().split("=", 1) for part in self.headers["authorization"].split(" ", 1)[1].split(","))
        access_key, _, region, service, _ = claimed["Credential"].split("/")
        signed = {name: self.headers[name] for name in claimed["SignedHeaders"].split(";")}
        credentials = {"AKIDALICE": ALICE, "ASIASESSION": SESSION}[access_key]
        request = AWSRequest(self.command, f"http://{self.headers['host']}{self.path}", signed, body)
        request.context["timestamp"] = self.headers["x-amz-date"]
        if service == "s3":
            request.context["client_config"] = None
            auth = S3(credentials, service, region)
        else:
            auth = SigV4Auth(credentials, service, region)
        canonical = auth.canonical_request(request)
        right = auth.signature(auth.string_to_sign(request, canonical), request) == claimed["Signature"]
        token = self.headers["x-amz-security-token"] == credentials.token
        said = {"right": right, "token": token, "scope": [region, service], "canonical": canonical}
        self.answer(json.dumps(said), content_type="application/json")


class S3(SigV4Auth):
    """S3's own rules: the path is encoded once."""

    def _normalize_url_path(self, path):
        return path


class Signatures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        server = cls.enterClassContext(serve(Service))
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="apigw-e2e-"))
        cls.credentials = in_file([], Path(folder, "credentials.yaml"))
        cls.url = cls.enterClassContext(gateway(DEFINITION, settings(server.port), "--credentials", cls.credentials))

    def signed(self, method, path, body=None, headers=None, credentials=ALICE):
        """What `send` takes."""
        url = self.url + path
        return method, url, body, signed(method, url, body, headers, credentials)

    def test_botocore_signs_headers(self):
        for method, path, body, headers in [
            ("GET", "/pets", None, {}),
            ("GET", "/pets?b=2&a=1&a=0&empty=&blank=x%20y", None, {"x-tenant": "a  b", "x-amz-meta": "m"}),
            ("GET", "/a%20b/@c/d=e/~f", None, {}),
            ("POST", "/pets", b'{"name":"rex"}', JSON),
            ("PUT", "/pets", bytes(range(256)) * 100, JSON),
            ("DELETE", "/pets/a/../b//c/", None, {}),
        ]:
            with self.subTest(method=method, path=path):
                status, _, answer = send(*self.signed(method, path, body, headers))
                self.assertEqual(status, 200, answer)
                self.assertTrue(answer.startswith(b"arn:aws:iam::123456789012:user/alice " + method.encode()), answer)

    def test_botocore_with_a_session(self):
        method, url, body, headers = self.signed("GET", "/pets", credentials=SESSION)
        status, _, answer = send(method, url, body, headers)
        self.assertEqual((status, answer.split()[0]), (200, b"arn:aws:sts::123456789012:assumed-role/reader/s1"))
        headers["X-Amz-Security-Token"] = "another"
        self.assertEqual(send(method, url, body, headers)[0], 403)

    def test_botocore_presigns(self):
        for credentials in [ALICE, SESSION]:
            request = AWSRequest("GET", self.url + "/pets?limit=1")
            SigV4QueryAuth(credentials, "execute-api", "us-east-1", expires=60).add_auth(request)
            self.assertEqual(send("GET", request.url)[0], 200)
            self.assertEqual(send("GET", request.url + "0")[0], 403)

    def test_a_changed_body(self):
        method, url, body, headers = self.signed("POST", "/pets", b"signed")
        status, headers, answer = send(method, url, b"changed", headers)
        self.assertEqual((status, headers["x-amzn-errortype"]), (403, "InvalidSignatureException"), answer)

    def test_who_comes_and_goes(self):
        bob = Credentials("AKIDBOB", "another-secret")
        self.assertEqual(send(*self.signed("GET", "/pets", credentials=bob))[0], 403)
        for entries, expected in [([known(bob, f"iam::{ACCOUNT}:user/bob")], 200), ([], 403)]:
            in_file(entries, self.credentials)
            status = eventually(expected, lambda: send(*self.signed("GET", "/pets", credentials=bob))[0])
            self.assertEqual(status, expected)
            self.assertEqual(send(*self.signed("GET", "/pets"))[0], 200)

    def test_curl_signs(self):
        for more in [[], ["--data", '{"name":"rex"}', "--header", "content-type: application/json"]]:
            command = [
                "curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "30",
                "--aws-sigv4", "aws:amz:us-east-1:execute-api", "--user", f"{ALICE.access_key}:{ALICE.secret_key}",
                *more, self.url + "/pets",
            ]
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertTrue(done.stdout.startswith("arn:aws:iam::123456789012:user/alice "), done.stdout)

    def test_calls_to_services(self):
        for path, scope in [
            ("/queue", ["eu-west-1", "sqs"]), ("/table", ["eu-west-1", "dynamodb"]),
            ("/object", ["eu-west-1", "s3"]), ("/function", ["eu-west-1", "lambda"]),
        ]:
            with self.subTest(path=path):
                status, _, answer = send("POST", self.url + path, b'{"a":1}', JSON)
                self.assertEqual(status, 200, answer)
                said = json.loads(answer)
                self.assertEqual((said["right"], said["token"], said["scope"]), (True, True, scope), said["canonical"])


if __name__ == "__main__":
    unittest.main()
