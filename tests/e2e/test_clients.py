"""The chat example with clients that others wrote, over plain TCP and over TLS: `ws` from npm, and two Chromium browsers
on the chat's own page."""

import json
import os
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

from certificates import certificate
from processes import ROOT, example_settings, free_port, gateway, program
from websockets.sync.client import connect

EXAMPLE = ROOT / "envoy/examples/chat"
CLIENTS = ROOT / "tests/e2e/clients"
# How long a client may take on a busy machine, in seconds.
PATIENCE = 180


class Clients(unittest.TestCase):
    """Everything over plain TCP."""

    scheme = "ws"

    @classmethod
    def setUpClass(cls):
        port = free_port()
        settings = example_settings(EXAMPLE, 9000, port)
        environment, more = cls.security()
        functions = [sys.executable, "-B", EXAMPLE / "lambda.py", str(port)]
        cls.enterClassContext(program(functions, port, cwd=EXAMPLE, env={**os.environ, **environment}))
        url = cls.enterClassContext(gateway(EXAMPLE / "template.yaml", settings + more))
        cls.url = url.replace("http", "ws", 1)
        assert cls.url.startswith(f"{cls.scheme}://"), cls.url
        cls.page = f"http://127.0.0.1:{port}/?{urllib.parse.urlencode({'api': cls.url})}"

    @classmethod
    def security(cls):
        """What the functions get as their environment, and more settings for the gateway."""
        return {}, ""

    def node(self, client, *arguments):
        """What a client prints. A client that cannot start fails the test."""
        command = ["node", CLIENTS / client, *arguments]
        run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(0, run.returncode, run.stderr)
        return json.loads(run.stdout)

    def test_ws(self):
        seen = self.node("ws.cjs", self.url)
        self.assertEqual({"extensions": "", "protocol": "", "pong": "are you there"},
                         {name: seen[name] for name in ["extensions", "protocol", "pong"]})
        # The connection is the same in every answer.
        [answer] = seen["answers"]
        own = json.loads(answer)["pong"]
        self.assertEqual(answer, seen["fragments"])
        self.assertEqual({"from": own, "text": "é 😀"}, json.loads(seen["heard"]))
        self.assertEqual([4321, "enough"], seen["closed"])
        self.assertEqual(1003, seen["binary"])
        self.assertEqual("Unexpected server response: 403", seen["refused"])

    def test_two_browsers(self):
        shown = self.node("talk.cjs", os.environ["CHROMIUM"], self.page)
        # The newest first.
        talk = ["é 😀 from the second", "hello from the first <b>browser</b>", "connected"]
        self.assertEqual([talk, talk], shown)


class ClientsOverTls(Clients):
    """The same over TLS, the functions' calls of @connections included."""

    scheme = "wss"

    @classmethod
    def security(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="apigw-e2e-"))
        cls.certificate = certificate(folder, "chat", "IP:127.0.0.1")
        os.environ["NODE_EXTRA_CA_CERTS"] = cls.certificate.chain
        cls.addClassCleanup(os.environ.pop, "NODE_EXTRA_CA_CERTS")
        tls = json.dumps({"certificateChain": cls.certificate.chain, "privateKey": cls.certificate.key})
        return {"SCHEME": "https", "SSL_CERT_FILE": cls.certificate.chain}, f"tls: {tls}\n"

    def test_websockets(self):
        context = ssl.create_default_context(cafile=self.certificate.chain)
        with connect(self.url, ssl=context) as client:
            client.send('{"action": "ping"}')
            self.assertIn("pong", json.loads(client.recv(10)))
            self.assertGreaterEqual(client.socket.version(), "TLSv1.2")

    def test_a_stranger_is_not_trusted(self):
        with self.assertRaises(ssl.SSLCertVerificationError):
            connect(self.url, ssl=ssl.create_default_context()).close()


if __name__ == "__main__":
    unittest.main()
