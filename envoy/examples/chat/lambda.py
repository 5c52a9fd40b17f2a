"""Runs the chat's functions, as `sam local start-lambda` does, and serves the page. Usage: lambda.py PORT"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from functions import chat

FUNCTIONS = {"JoinFunction": chat.join, "LeaveFunction": chat.leave, "SendFunction": chat.send}


class Lambda(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """POST /2015-03-31/functions/{name}/invocations"""
        event = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        function = FUNCTIONS.get(self.path.split("/")[-2])
        if function is None:
            return self.answer(404, {"Message": "Function not found"})
        try:
            self.answer(200, function(event, None))
        except Exception as error:
            payload = {"errorMessage": str(error), "errorType": type(error).__name__}
            self.answer(200, payload, {"X-Amz-Function-Error": "Unhandled"})

    def do_GET(self):
        with open("index.html", "rb") as page:
            self.respond(200, page.read(), {"Content-Type": "text/html; charset=utf-8"})

    def answer(self, status, body, headers={}):
        self.respond(status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})

    def respond(self, status, body, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Lambda).serve_forever()
