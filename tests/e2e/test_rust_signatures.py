"""Signatures of AWS's SDK for Rust: `signer` signs as its crate `aws-sigv4` does, and the gateway verifies."""

import json
import os
import subprocess
import unittest

from callers import ALICE, SESSION
from processes import JSON, gateway, send
from test_signatures import DEFINITION, settings

USER = b"arn:aws:iam::123456789012:user/alice "
ROLE = b"arn:aws:sts::123456789012:assumed-role/reader/s1 "


class RustSignatures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # No test here calls a service.
        cls.url = cls.enterClassContext(gateway(DEFINITION, settings(port=9)))

    def sign(self, method, path, body="", headers=None, credentials=ALICE, **more):
        """URL and headers, signed; without a body (None) they say that none is signed."""
        line = {
            "method": method, "url": self.url + path, "headers": list((headers or {}).items()), "body": body,
            "access_key_id": credentials.access_key, "secret_access_key": credentials.secret_key,
            "session_token": credentials.token, "checksum": False, "token_after_signing": False, **more,
        }
        done = subprocess.run([os.environ["SIGNER"]], input=json.dumps(line) + "\n", capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        signed = json.loads(done.stdout)
        return signed["url"], dict(signed["headers"])

    def check(self, method, path, body="", headers=None, user=USER, **more):
        url, headers = self.sign(method, path, body, headers, **more)
        status, _, answer = send(method, url, (body or "").encode() or None, headers)
        self.assertEqual(status, 200, answer)
        self.assertTrue(answer.startswith(user + method.encode()), answer)

    def refused(self, *request, kind="InvalidSignatureException"):
        status, headers, answer = send(*request)
        self.assertEqual((status, headers["x-amzn-errortype"]), (403, kind), answer)

    def test_headers(self):
        for method, path, body, headers in [
            ("GET", "/pets", "", {}),
            ("GET", "/pets?b=2&a=1&a=0&empty=&blank=x%20y&plus=%2B&slash=a/b&e=caf%C3%A9", "", {"x-amz-meta": "a  b"}),
            ("DELETE", "/pets/7", "", {"x-tenant": "one, two"}),
            ("POST", "/pets", '{"name":"rex"}', JSON),
            ("PUT", "/pets/7", "0123456789" * 10_000, JSON),
        ]:
            for checksum in [False, True]:
                with self.subTest(method=method, path=path, checksum=checksum):
                    self.check(method, path, body, headers, checksum=checksum)

    def test_paths(self):
        for path in [
            "/a%20b/@c/d=e/~f", "/caf%C3%A9", "/a%2Fb", "/(a)/b*c'd!", "/a:b;c,d&e$f", "/a+b%2Bc", "/pets/", "/%7Ea",
            "/pets/a/../b//c/", "/pets/./a",
        ]:
            with self.subTest(path=path):
                self.check("GET", path)
                self.check("GET", path, expires=60)

    def test_a_session(self):
        self.check("GET", "/pets", user=ROLE, credentials=SESSION)
        self.check("POST", "/pets", "{}", JSON, user=ROLE, credentials=SESSION)
        url, headers = self.sign("GET", "/pets", credentials=SESSION)
        self.refused("GET", url, None, {**headers, "x-amz-security-token": "another"})

    def test_presigned_urls(self):
        for credentials, user in [(ALICE, USER), (SESSION, ROLE)]:
            self.check("GET", "/pets?limit=1&a=x%20y", user=user, credentials=credentials, expires=60)
        self.check("GET", "/pets", user=ROLE, credentials=SESSION, expires=60, token_after_signing=True)
        url, headers = self.sign("GET", "/pets?limit=1", expires=60)
        self.refused("GET", url + "&more=1", None, headers)
        self.refused("GET", url.replace("limit=1", "limit=2"), None, headers)
        self.refused("GET", url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"), None, headers)
        self.refused("POST", url, b"{}", {**headers, **JSON})

    def test_a_body_that_is_not_signed(self):
        url, headers = self.sign("POST", "/pets", None, JSON, checksum=True)
        self.assertEqual(headers["x-amz-content-sha256"], "UNSIGNED-PAYLOAD")
        for body in [b"1", b"2"]:
            self.assertEqual(send("POST", url, body, headers)[0], 200)
        # Nobody can leave out the body of somebody else's request.
        url, headers = self.sign("POST", "/pets", "1", JSON)
        self.refused("POST", url, b"2", {**headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"})

    def test_changes_on_the_way(self):
        url, headers = self.sign("POST", "/pets?a=1", "signed", {**JSON, "x-tenant": "a"}, checksum=True)
        self.assertEqual(send("POST", url, b"signed", headers)[0], 200)
        self.refused("POST", url, b"changed", headers)
        self.refused("POST", url, None, headers)
        self.refused("PUT", url, b"signed", headers)
        self.refused("POST", url.replace("/pets", "/pet"), b"signed", headers)
        self.refused("POST", url + "&b=2", b"signed", headers)
        self.refused("POST", url, b"signed", {**headers, "x-tenant": "b"})
        self.refused("POST", url, b"signed", {**headers, "content-type": "text/plain"})
        self.refused("POST", url, b"signed", {**headers, "host": "another.example"})

    def test_strangers(self):
        class Nobody:
            access_key, secret_key, token = "AKIDNOBODY", "secret", None

        url, headers = self.sign("GET", "/pets", credentials=Nobody)
        self.refused("GET", url, None, headers, kind="UnrecognizedClientException")


if __name__ == "__main__":
    unittest.main()
