"""Custom domains that CloudFormation and SAM templates declare, over TLS, as curl sees them."""

import contextlib
import subprocess
import tempfile
import unittest
from pathlib import Path
from urllib.parse import urlsplit

from processes import gateway
from servers import Handler, serve

TEMPLATES = Path(__file__).with_name("domains")
FORBIDDEN = '{"message":"Forbidden"}'


class Backend(Handler):
    """Answers with the path that it was asked for."""

    def do_GET(self):
        self.answer(f"backend {self.path}")


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def certificate(folder, name, host):
    """A key, and a certificate for a host name that its own authority signs."""
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{host}"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", folder / f"{name}.key"]
    openssl("req", "-x509", "-days", "2", *names, *key, "-out", folder / f"{name}.pem")


class TemplateDomains(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with contextlib.ExitStack() as started:
            cls.folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="apigw-e2e-")))
            for name, host in [("own", "localhost"), ("api", "api.example.com"), ("admin", "admin.example.com")]:
                certificate(cls.folder, name, host)
            certificate(cls.folder, "client", "client")
            certificate(cls.folder, "stranger", "stranger")
            cls.backend = started.enter_context(serve(Backend)).url
            cls.addClassCleanup(started.pop_all().close)

    def settings(self, certificates):
        file = lambda name: f'{{certificateChain: "{self.folder}/{name}.pem", privateKey: "{self.folder}/{name}.key"}}'
        own = "".join(f'  "{key}": {file(name)}\n' for key, name in certificates.items())
        return (
            f'endpoints: {{hosts: {{"backend.internal:80": "{self.backend}"}}}}\n'
            f"tls: {file('own')}\ncertificates:\n{own}"
            f'truststores: {{"s3://truststores/admin.pem": "{self.folder}/client.pem"}}\n'
        )

    def curl(self, url, address, authority, *more):
        """Body of an answer; `None` where no connection comes about."""
        parts = urlsplit(url)
        resolve = f"{parts.hostname}:{address.port}:{address.hostname}"
        url = f"{parts.scheme}://{parts.hostname}:{address.port}{parts.path}"
        command = ["curl", "--silent", "--noproxy", "*", "--cacert", self.folder / f"{authority}.pem", "--resolve", resolve]
        done = subprocess.run([*command, *more, url], capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else None

    def client(self, name):
        return ["--cert", self.folder / f"{name}.pem", "--key", self.folder / f"{name}.key"]

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
        settings = self.settings({}).partition("certificates:")[0]
        with self.assertRaisesRegex(RuntimeError, "name it as `truststores` of the settings"):
            with gateway(TEMPLATES / "sam.yaml", settings):
                pass


if __name__ == "__main__":
    unittest.main()
