"""The chat behind the gateway: remembers who is connected, and pushes each message to all. Usage: backend.py PORT URL

URL is where @connections is: http://127.0.0.1:8080/prod
"""

import sys
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

connections = set()


def push(connection, body):
    url = f"{sys.argv[2]}/@connections/{urllib.parse.quote(connection)}"
    try:
        urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST"))
    except urllib.error.HTTPError as error:
        if error.code == 410:
            connections.discard(connection)


class Chat(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = self.headers.get("connection-id")
        if self.path == "/connect":
            connections.add(connection)
        elif self.path == "/disconnect":
            connections.discard(connection)
        elif self.path == "/send":
            for other in list(connections):
                push(other, body)
        self.answer(b'{"try": {"action": "send", "text": "hello"}}' if self.path == "/default" else b"")

    def do_GET(self):
        with open("index.html", "rb") as page:
            self.answer(page.read(), "text/html; charset=utf-8")

    def answer(self, body, content_type="application/json"):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Chat).serve_forever()
