"""A token issuer that others wrote: its tokens, the rotation of its keys, and its outage, all under load."""

import base64
import contextlib
import json
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from joserfc.jwk import KeySet, RSAKey
from processes import eventually, free_port, gateway, program, send

HERE = Path(__file__).parent
ISSUER = "https://issuer.example"
SETTINGS = """
apiId: issuers001
protocolType: REST
stage: {{stageName: prod}}
endpoints: {{hosts: {{"issuer.example:443": "http://127.0.0.1:{port}"}}}}
tokenIssuers: {{"https://issuer.example": {{cacheSeconds: {cache}}}}}
"""
# A failed fetch is not repeated for this long.
RETRY_SECONDS = 10


class TokenIssuer(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="apigw-e2e-"))
        self.keys, self.port = Path(folder, "keys.json"), free_port()
        self.publish(self.new_key())

    def new_key(self):
        return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)

    def publish(self, *keys):
        """What the issuer signs with, and what else it has."""
        self.key = keys[0]
        new = self.keys.with_suffix(".new")
        new.write_text(json.dumps(KeySet(list(keys)).as_dict(private=True)))
        new.replace(self.keys)

    def issuer(self, port=None):
        port = port or self.port
        return program([sys.executable, HERE / "issuer.py", str(port), ISSUER, self.keys], port)

    def gateway(self, cache=3600):
        return gateway(HERE / "jwt.yaml", SETTINGS.format(port=self.port, cache=cache))

    def token(self, scope="read", port=None):
        basic = base64.b64encode(b"robot:secret").decode()
        headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}
        body = f"grant_type=client_credentials&scope={scope}".encode()
        status, _, body = send("POST", f"http://127.0.0.1:{port or self.port}/token", body, headers)
        self.assertEqual(status, 200, body)
        return json.loads(body)["access_token"]

    def token_from_elsewhere(self):
        """A token that is signed where the gateway does not see it."""
        port = free_port()
        with self.issuer(port):
            return self.token(port=port)

    def ask(self, url, token, path="/read"):
        return send("GET", url + path, headers={"authorization": f"Bearer {token}"})[0]

    def ask_until(self, expected, url, token):
        self.assertEqual(eventually(expected, lambda: self.ask(url, token), 2 * RETRY_SECONDS), expected)

    def test_tokens_and_scopes(self):
        with self.issuer(), self.gateway() as url:
            token = self.token()
            status, _, body = send("GET", f"{url}/read", headers={"authorization": f"Bearer {token}"})
            self.assertEqual((status, body), (200, b"robot"))
            self.assertEqual(self.ask(url, token, "/write"), 403)
            self.assertEqual(self.ask(url, self.token("read%20write"), "/write"), 200)
            self.assertEqual(self.ask(url, forged(token)), 401)
            self.assertEqual(send("GET", f"{url}/read")[0], 401)

    def test_rotation_and_outage_under_load(self):
        issuer = self.enterContext(contextlib.ExitStack())
        issuer.enter_context(self.issuer())
        # Keys are fetched again every second, so that a retired key and the outage are noticed.
        with self.gateway(cache=1) as url:
            old_key, old = self.key, self.token()
            good, bad = [old], [forged(old)]
            with load(self, url, good, bad) as answered:
                # The new key is taken at its first token, with the old one beside it.
                self.publish(self.new_key(), old_key)
                new = self.token()
                self.assertEqual(self.ask(url, new), 200)
                good.append(new)
                bad.append(forged(new))
                # Without the old key, tokens by it are refused, those that were seen before as well.
                good.remove(old)
                time.sleep(1)
                self.publish(self.key)
                self.ask_until(401, url, old)
                bad.append(old)
                # While the issuer is down, its keys serve on, and nobody can add one.
                issuer.close()
                self.publish(self.new_key())
                unknown = self.token_from_elsewhere()
                end = time.monotonic() + RETRY_SECONDS + 2
                while time.monotonic() < end:
                    self.assertEqual(self.ask(url, unknown), 401)
                # Back again, with that key beside the other.
                issuer.enter_context(self.issuer())
                good.remove(new)
                self.ask_until(200, url, unknown)
            self.assertGreater(answered(), 500)

    def test_an_issuer_that_is_down_at_first(self):
        token = self.token_from_elsewhere()
        with self.gateway() as url:
            self.assertEqual(self.ask(url, token), 500)
            with self.issuer():
                self.ask_until(200, url, token)


def forged(token):
    """The same claims with another signature."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


@contextlib.contextmanager
def load(test, url, good, bad):
    """Clients that send tokens all the time; the block fails when one of them gets a wrong verdict."""
    over, wrong, counts = threading.Event(), [], [0] * 4

    def client(number):
        while not over.is_set():
            for tokens, expected in ((good, 200), (bad, 401)):
                for token in list(tokens):
                    status = test.ask(url, token)
                    counts[number] += 1
                    if status != expected:
                        wrong.append((status, expected))

    clients = [threading.Thread(target=client, args=(number,)) for number in range(len(counts))]
    for thread in clients:
        thread.start()
    try:
        yield lambda: sum(counts)
    finally:
        over.set()
        for thread in clients:
            thread.join()
    test.assertEqual(wrong, [])
