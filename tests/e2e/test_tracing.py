"""Traces of a stage, as an OpenTelemetry collector gets them: Envoy's spans, and the header that the backend gets."""

import time
import unittest

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from definitions import api, http_proxy, method, path_parameter
from processes import eventually, free_port, gateway, send
from servers import Handler, serve

DEFINITION = api("traced", {
    "/orders/{id}": {"get": method(http_proxy("http://orders.internal/"), parameters=[path_parameter("id")])},
})
SETTINGS = """
stage: {{stageName: prod, tracingEnabled: true}}
samplingRate: 0
endpoints:
  hosts: {{"orders.internal:80": "http://127.0.0.1:{backend}"}}
  tracing: "http://127.0.0.1:{collector}"
"""
ROOT = "Root=1-5759e988-bd862e3fe1be46a994272793"
# Envoy sends what it has every five seconds.
FLUSH_SECONDS = 15


class Collector(Handler):
    """Takes traces by OTLP over HTTP."""

    def do_POST(self):
        self.server.exports.append((self.path, ExportTraceServiceRequest.FromString(self.chunks())))
        self.answer(ExportTraceServiceResponse().SerializeToString())

    def chunks(self):
        """The body: Envoy says no length."""
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def do_GET(self):
        """The backend's part: says which trace header it got."""
        self.answer(self.headers.get("x-amzn-trace-id", ""))


def traced(collector_port, backend_port):
    return gateway(DEFINITION, SETTINGS.format(collector=collector_port, backend=backend_port))


def spans(exports):
    """Each span with the name of its service."""
    for _, export in exports:
        for resource in export.resource_spans:
            service = {pair.key: pair.value.string_value for pair in resource.resource.attributes}["service.name"]
            for scope in resource.scope_spans:
                for span in scope.spans:
                    yield service, span


class Tracing(unittest.TestCase):
    def test_sampled_requests_are_spans(self):
        with serve(Collector) as server, traced(server.port, server.port) as url:
            server.exports = []
            seen = {}
            for sampled in "01":
                headers = {"x-amzn-trace-id": f"{ROOT};Sampled={sampled}"}
                status, _, body = send("GET", f"{url}/orders/{sampled}", headers=headers)
                self.assertEqual(status, 200)
                seen[sampled] = body.decode()
                self.assertRegex(seen[sampled], f"^{ROOT};Parent=[0-9a-f]{{16}};Sampled={sampled}$")
            # Without a decision of the client's, the stage's rate decides.
            self.assertEqual(send("GET", f"{url}/orders/2")[0], 200)
            eventually(True, lambda: bool(server.exports), FLUSH_SECONDS)
            # What comes later is sent in the same way.
            time.sleep(FLUSH_SECONDS / 2)
            found = list(spans(server.exports))
        self.assertEqual({path for path, _ in server.exports}, {"/v1/traces"})
        # One of the request, and one of its backend.
        self.assertEqual([service for service, _ in found], ["traced/prod"] * 2)
        of_kind = {span.kind: span for _, span in found}
        span, backend = of_kind[Span.SPAN_KIND_SERVER], of_kind[Span.SPAN_KIND_CLIENT]
        self.assertEqual(len(span.trace_id), 16)
        self.assertEqual((backend.trace_id, backend.parent_span_id), (span.trace_id, span.span_id))
        self.assertLessEqual(span.start_time_unix_nano, backend.start_time_unix_nano)
        self.assertLessEqual(backend.end_time_unix_nano, span.end_time_unix_nano)
        attributes = {pair.key: pair.value.string_value for pair in span.attributes}
        self.assertEqual((attributes["http.method"], attributes["http.status_code"]), ("GET", "200"))
        # By it, a span finds its trace in X-Ray.
        self.assertEqual(attributes["aws.xray.trace_header"], seen["1"])
        self.assertLess(span.start_time_unix_nano, span.end_time_unix_nano)

    def test_nobody_waits_for_a_collector_that_is_down(self):
        with serve(Collector) as server, traced(free_port(), server.port) as url:
            for _ in range(20):
                status, _, body = send("GET", f"{url}/orders/1", headers={"x-amzn-trace-id": f"{ROOT};Sampled=1"})
                self.assertEqual(status, 200)
                self.assertIn(b"Sampled=1", body)


if __name__ == "__main__":
    unittest.main()
