"""Custom domains that CloudFormation and SAM templates declare, over TLS, as curl sees them."""

import subprocess
import tempfile
import unittest
from pathlib import Path
from urllib.parse import urlsplit

from certificates import certificate
from processes import gateway
from servers import Handler, serve

TEMPLATES = Path(__file__).with_name("domains")
FORBIDDEN = '{"message":"Forbidden"}'


class Backend(Handler):
    """Answers with the path that it was asked for."""

    def do_GET(self):
        self.answer(f"backend {self.path}")


class TemplateDomains(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="apigw-e2e-"))
        hosts = {
            "own": "localhost", "api": "api.example.com", "admin": "admin.example.com",
            "client": "client", "stranger": "stranger",
        }
        cls.certificates = {name: certificate(folder, name, f"DNS:{host}") for name, host in hosts.items()}
        cls.backend = cls.enterClassContext(serve(Backend)).url

    def settings(self, certificates):
        def files(name):
            return {"certificateChain": self.certificates[name].chain, "privateKey": self.certificates[name].key}

        return {
            "endpoints": {"hosts": {"backend.internal:80": self.backend}},
            "tls": files("own"),
            "certificates": {key: files(name) for key, name in certificates.items()},
            "truststores": {"s3://truststores/admin.pem": self.certificates["client"].chain},
        }

    def curl(self, url, address, authority, *more):
        """Body of an answer; `None` where no connection comes about."""
        parts = urlsplit(url)
        resolve = f"{parts.hostname}:{address.port}:{address.hostname}"
        url = f"{parts.scheme}://{parts.hostname}:{address.port}{parts.path}"
        trusted = self.certificates[authority].chain
        command = ["curl", "--silent", "--noproxy", "*", "--cacert", trusted, "--resolve", resolve]
        done = subprocess.run([*command, *more, url], capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else None

    def client(self, name):
        return ["--cert", self.certificates[name].chain, "--key", self.certificates[name].key]

    def check_answers(self, address, answers):
        """Of the domain that is open to all, by path."""
        for path, answer in answers.items():
            with self.subTest(path=path):
                self.assertEqual(self.curl(f"https://api.example.com{path}", address, "api"), answer)

    def check(self, address, admin_path, admin_answer):
        """What both templates have in common: a domain with a certificate of its own, and one for known clients."""
        admin = f"https://admin.example.com{admin_path}"
        self.assertEqual(self.curl(admin, address, "admin", *self.client("client")), admin_answer)
        self.assertIsNone(self.curl(admin, address, "admin"))
        self.assertIsNone(self.curl(admin, address, "admin", *self.client("stranger")))
        # Under another name of the same address, the domain is not reached.
        fronted = ["--header", "host: admin.example.com"]
        self.assertEqual(self.curl(f"https://localhost{admin_path}", address, "own", *fronted), FORBIDDEN)
        # Each name shows its own certificate.
        self.assertIsNone(self.curl("https://api.example.com/", address, "own"))

    def test_cloudformation(self):
        # Both domains have the same ARN; the name of the one goes first.
        settings = self.settings(
            {"arn:aws:acm:us-east-1:123456789012:certificate/Certificate": "api", "admin.example.com": "admin"}
        )
        with gateway(TEMPLATES / "cloudformation.yaml", settings) as url:
            address = urlsplit(url)
            self.check_answers(address, {
                "/who": "prod /who",
                "/next/who": "test /next/who",
                "/shop/v2/a": "backend /shop/a",
                "/nothing": '{"message":"Missing Authentication Token"}',
            })
            own = ["--header", "host: pets.execute-api.us-east-1.localhost"]
            self.assertEqual(self.curl("https://localhost/prod/who", address, "own", *own), FORBIDDEN)
            self.check(address, "/who", "prod /who")

    def test_sam(self):
        settings = self.settings(
            {"arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d": "api", "admin.example.com": "admin"}
        )
        with gateway(TEMPLATES / "sam.yaml", settings) as url:
            address = urlsplit(url)
            self.check_answers(address, {
                "/v1/who": "prod /v1/who",
                "/two/who": "prod /two/who",
                "/v-1/who": FORBIDDEN,
            })
            self.check(address, "/shop/v2/a", "backend /shop")

    def test_without_the_truststore(self):
        settings = self.settings({})
        del settings["certificates"], settings["truststores"]
        with self.assertRaisesRegex(RuntimeError, "name it as `truststores` of the settings"):
            with gateway(TEMPLATES / "sam.yaml", settings):
                pass


if __name__ == "__main__":
    unittest.main()
