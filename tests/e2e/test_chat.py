"""The chat example with the WebSocket client `websockets`: what its README shows is what happens, and everybody hears it."""

import json
import re
import socket
import sys
import unittest

import h2.connection
import h2.events
from processes import ROOT, example_settings, free_port, gateway, program, send
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

EXAMPLE = ROOT / "envoy/examples/chat"
# The connection's id in the README.
SHOWN_ID = "AAD3Ckd1pX8z4kUOqf1vD1r2"
TIMEOUT = 10


class Chat(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        settings = example_settings(EXAMPLE, 9000, port)
        cls.page = f"http://127.0.0.1:{port}/"
        functions = program([sys.executable, "-B", EXAMPLE / "lambda.py", str(port)], port, cwd=EXAMPLE)
        cls.enterClassContext(functions)
        cls.url = cls.enterClassContext(gateway(EXAMPLE / "template.yaml", settings))

    def connect(self):
        return self.enterContext(connect(self.url.replace("http://", "ws://", 1)))

    def connection_id(self, client):
        client.send('{"action": "ping"}')
        return json.loads(client.recv(TIMEOUT))["pong"]

    def test_the_readme(self):
        readme = (EXAMPLE / "README.md").read_text()
        lines = re.findall(r"^([<>]) (.*)$", readme, re.MULTILINE)
        self.assertGreater(len(lines), 6)
        client = self.connect()
        own = self.connection_id(client)
        for direction, text in lines:
            with self.subTest(text):
                if direction == ">":
                    client.send(text)
                    continue
                expected = re.escape(text.replace(SHOWN_ID, own)).replace("…", ".+")
                self.assertRegex(client.recv(TIMEOUT), f"^{expected}$")

    def test_everybody_hears_it(self):
        clients = [self.connect() for _ in range(3)]
        own = self.connection_id(clients[0])
        clients[0].send('{"action": "send", "text": "é 😀"}')
        for client in clients:
            self.assertEqual({"from": own, "text": "é 😀"}, json.loads(client.recv(TIMEOUT)))

    def test_pushes(self):
        client = self.connect()
        own = self.connection_id(client)
        connection = f"{self.url}/@connections/{own}"
        for number in range(100):
            self.assertEqual(200, send("POST", connection, str(number).encode())[0])
        self.assertEqual([str(number) for number in range(100)], [client.recv(TIMEOUT) for _ in range(100)])
        # In more than one frame.
        self.assertEqual(200, send("POST", connection, b"x" * 131_072)[0])
        self.assertEqual("x" * 131_072, client.recv(TIMEOUT))
        client.close()
        self.assertEqual(410, send("POST", connection, b"late")[0])

    def test_messages_in_fragments(self):
        client = self.connect()
        client.send(iter(['{"action": ', '"pi', 'ng"}']))
        self.assertIn("pong", json.loads(client.recv(TIMEOUT)))
        self.assertTrue(client.ping().wait(TIMEOUT))

    def test_over_http_2(self):
        authority, _, path = self.url.removeprefix("http://").partition("/")
        host, _, port = authority.partition(":")
        client = h2.connection.H2Connection()
        with socket.create_connection((host, int(port)), TIMEOUT) as stream:
            def until(kind):
                while True:
                    events = client.receive_data(stream.recv(65_536))
                    stream.sendall(client.data_to_send())
                    if found := next((event for event in events if isinstance(event, kind)), None):
                        return found

            client.initiate_connection()
            stream.sendall(client.data_to_send())
            until(h2.events.RemoteSettingsChanged)
            # The extended CONNECT of RFC 8441: there is no key to accept.
            client.send_headers(1, [
                (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", f"/{path}"),
                (":authority", authority), ("sec-websocket-version", "13"),
            ])
            stream.sendall(client.data_to_send())
            headers = dict(until(h2.events.ResponseReceived).headers)
            self.assertEqual(b"200", headers[b":status"])
            self.assertNotIn(b"sec-websocket-accept", headers)
            message = b'{"action": "ping"}'
            client.send_data(1, bytes([0x81, 0x80 | len(message), 0, 0, 0, 0]) + message)
            stream.sendall(client.data_to_send())
            self.assertIn(b'{"pong": "', until(h2.events.DataReceived).data)

    def test_what_is_no_chat(self):
        with self.assertRaises(InvalidStatus) as refused:
            connect(self.url.replace("http://", "ws://", 1) + "/other")
        self.assertEqual(403, refused.exception.response.status_code)
        self.assertEqual(403, send("GET", self.url)[0])

    def test_the_page(self):
        status, headers, body = send("GET", self.page)
        self.assertEqual((200, "text/html; charset=utf-8"), (status, headers["content-type"]))
        self.assertIn(b"new WebSocket", body)


if __name__ == "__main__":
    unittest.main()
