"""A stage's certificate, as backends see it that ask the gateway for one."""

import ssl
import tempfile
import unittest

from certificates import certificate
from definitions import api, http_proxy, method
from processes import gateway, send
from servers import Handler, serve

UNVERIFIED = {"tlsConfig": {"insecureSkipVerification": True}}
HTTP = {"type": "http", "httpMethod": "GET", "responses": {"default": {"statusCode": "200"}}, **UNVERIFIED}


class Backend(Handler):
    """Answers with whom it talks to."""

    def do_GET(self):
        shown = self.connection.getpeercert()
        self.answer(str([value for part in shown.get("subject", ()) for _, value in part] if shown else None))


class BackendCertificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="apigw-e2e-"))
        cls.certificates = {name: certificate(folder, name, f"DNS:{name}") for name in ("backend", "gateway", "stranger")}

    def answers(self, client):
        """Of two methods, while the stage shows this certificate. The backend takes the gateway's alone."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.certificates["gateway"].chain)
        context.load_cert_chain(*self.certificates["backend"])
        context.verify_mode = ssl.CERT_REQUIRED
        with serve(Backend, context) as backend:
            definition = api("shows", {
                "/proxied": {"get": method(http_proxy(f"{backend.url}/", **UNVERIFIED))},
                "/called": {"get": method({**HTTP, "uri": f"{backend.url}/"})},
            })
            settings = {"apiId": "shows00001", "stage": {"stageName": "prod"}}
            if client:
                files = self.certificates[client]
                settings["stage"]["clientCertificateId"] = "a1b2c3"
                settings["certificates"] = {"a1b2c3": {"certificateChain": files.chain, "privateKey": files.key}}
            with gateway(definition, settings) as url:
                return [send("GET", f"{url}{path}")[::2] for path in ("/proxied", "/called")]

    def test_the_certificate_is_shown(self):
        self.assertEqual(self.answers("gateway"), [(200, b"['gateway']")] * 2)

    def test_without_it_the_backend_takes_no_connection(self):
        for client in (None, "stranger"):
            with self.subTest(client=client):
                for status, body in self.answers(client):
                    self.assertEqual((status, body), (504, b'{"message": "Network error communicating with endpoint"}'))

    def test_without_its_files(self):
        settings = {"stage": {"stageName": "prod", "clientCertificateId": "a1b2c3"}}
        definition = api("shows", {"/proxied": {"get": method(http_proxy("https://backend.internal/"))}})
        with self.assertRaisesRegex(RuntimeError, "name its files as `certificates` of the settings, under `a1b2c3`"):
            with gateway(definition, settings):
                pass


if __name__ == "__main__":
    unittest.main()
