"""The pet store behind the gateway: answers every request with what it received. Usage: backend.py PORT"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PETS = {"1": "cat", "2": "dog", "3": "parrot"}


class PetStore(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.partition("?")[0]
        pet = PETS.get(path.rpartition("/")[2])
        if path == "/pets":
            self.answer(200, {"pets": PETS})
        elif pet:
            self.answer(200, {"id": path.rpartition("/")[2], "kind": pet, "stage": self.headers.get("x-stage")})
        else:
            self.answer(404, {"error": "no such pet"})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), PetStore)
server.serve_forever()
