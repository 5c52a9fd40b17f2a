"""HTTP servers within the tests: backends, and whoever else the gateway calls."""

import contextlib
import http.server
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """Gives answers, and says nothing of them."""

    protocol_version = "HTTP/1.1"

    def body(self):
        """That of the request, whose length is known."""
        return self.rfile.read(int(self.headers["content-length"] or 0))

    def answer(self, body, **headers):
        """A 200 with a body, as text or bytes."""
        body = body.encode() if isinstance(body, str) else body
        self.send_response(200)
        for name, value in {"content_length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve(handler, tls=None):
    """A server on a free port until the block ends, with `tls`, a context, over TLS. Gives it, with its `port` and `url`."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        scheme = "http"
        if tls:
            scheme, server.socket = "https", tls.wrap_socket(server.socket, server_side=True)
        server.port, server.url = server.server_port, f"{scheme}://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
