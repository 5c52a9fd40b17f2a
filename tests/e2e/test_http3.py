"""HTTP/3: aioquic's client on the UDP port of the listener, which answers over TCP say is there."""

import asyncio
import ssl
import tempfile
import unittest
import urllib.request
from urllib.parse import urlsplit

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration

from certificates import certificate
from definitions import api, http_proxy, method
from processes import gateway
from servers import Handler, serve

DEFINITION = api("quick", {
    "/echo": {"x-amazon-apigateway-any-method": method(http_proxy("http://backend.internal/echo", "ANY"))},
})
SETTINGS = """
apiId: quick00001
tls: {{certificateChain: {tls.chain}, privateKey: {tls.key}, http3: true}}
endpoints: {{hosts: {{"backend.internal:80": "http://127.0.0.1:{port}"}}}}
"""
# How long an answer may take on a busy machine.
ANSWER_SECONDS = 30


class Client(QuicConnectionProtocol):
    """A connection that sends one request after the other."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.http = H3Connection(self._quic)
        self.events = asyncio.Queue()

    def quic_event_received(self, event):
        for event in self.http.handle_event(event):
            self.events.put_nowait(event)

    async def send(self, method, authority, path, body=b""):
        stream = self._quic.get_next_available_stream_id()
        headers = [(":method", method), (":scheme", "https"), (":authority", authority), (":path", path)]
        if body:
            headers.append(("content-length", str(len(body))))
        encoded = [(name.encode(), value.encode()) for name, value in headers]
        self.http.send_headers(stream, encoded, end_stream=not body)
        if body:
            self.http.send_data(stream, body, end_stream=True)
        self.transmit()
        answer, received = {}, b""
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                event = await self.events.get()
                if isinstance(event, HeadersReceived):
                    answer.update((name.decode(), value.decode()) for name, value in event.headers)
                elif isinstance(event, DataReceived):
                    received += event.data
                else:
                    continue
                if event.stream_ended:
                    return int(answer[":status"]), answer, received


class Echo(Handler):
    """Says what it has got."""

    def do_GET(self):
        self.answer(f"{self.command} {self.path} {self.headers['x-forwarded-for']} ".encode() + self.body())

    do_POST = do_PUT = do_GET


class Http3(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="apigw-e2e-"))
        cls.certificate = certificate(folder, "server", "DNS:localhost", "IP:127.0.0.1")
        settings = SETTINGS.format(tls=cls.certificate, port=cls.enterClassContext(serve(Echo)).port)
        url = cls.enterClassContext(gateway(DEFINITION, settings))
        cls.address = urlsplit(url)

    def over_quic(self, *requests):
        async def run():
            trusted = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name="localhost")
            trusted.load_verify_locations(self.certificate.chain)
            port = self.address.port
            async with connect("127.0.0.1", port, configuration=trusted, create_protocol=Client) as client:
                return [await client.send(method, f"localhost:{port}", path, body) for method, path, body in requests]

        return asyncio.run(run())

    def test_requests(self):
        large = b"x" * 200_000
        read, write, unknown, large_one = self.over_quic(
            ("GET", "/prod/echo?a=1", b""), ("POST", "/prod/echo", b"hello"), ("GET", "/prod/nothing", b""),
            ("PUT", "/prod/echo", large),
        )
        self.assertEqual((read[0], read[2]), (200, b"GET /echo?a=1 127.0.0.1 "))
        self.assertRegex(read[1]["x-amzn-requestid"], "^[0-9a-f-]{36}$")
        self.assertEqual((write[0], write[2]), (200, b"POST /echo 127.0.0.1 hello"))
        self.assertEqual((unknown[0], unknown[2]), (403, b'{"message":"Missing Authentication Token"}'))
        self.assertEqual((large_one[0], large_one[2]), (200, b"PUT /echo 127.0.0.1 " + large))

    def test_answers_over_tcp_name_the_port(self):
        context = ssl.create_default_context(cafile=self.certificate.chain)
        for path, status in [("/prod/echo", 200), ("/prod/nothing", 403)]:
            request = urllib.request.Request(f"https://127.0.0.1:{self.address.port}{path}")
            opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), KeepErrors)
            with opener.open(request, timeout=ANSWER_SECONDS) as answer:
                self.assertEqual((answer.status, answer.headers["alt-svc"]), (status, f'h3=":{self.address.port}"; ma=86400'))


class KeepErrors(urllib.request.HTTPErrorProcessor):
    """Answers of every status are answers."""

    def http_response(self, request, response):
        return response

    https_response = http_response


if __name__ == "__main__":
    unittest.main()
