"""The Grafana dashboard: a real Prometheus scrapes a real Envoy, and every query of every panel has the expected answer."""

import json
import math
import os
import tempfile
import time
import unittest
import urllib.parse
from pathlib import Path

from definitions import api, http_proxy, method, mock
from processes import ROOT, eventually, free_port, gateway, in_file, program, send

DASHBOARD = json.loads(Path(ROOT, "envoy/grafana/dashboard.json").read_text())
# How long scraping and Envoy's histograms may take on a busy machine.
SCRAPE_SECONDS = 60
# Prometheus itself is the backend.
BACKEND = "http://backend.internal/-/healthy"
REST = api("pets", {
    "/proxied": {"get": method(http_proxy(BACKEND))},
    "/cached": {"get": method(mock())},
    "/missing": {"get": method(mock(status=404))},
    "/failing": {"get": method(mock(status=500))},
})
HTTP = api("web", {"/proxied": {"get": method(http_proxy(BACKEND, payloadFormatVersion="1.0"))}})
SETTINGS = """
apis:
  - definition: rest.json
    apiId: rest000001
    stage:
      stageName: prod
      cacheClusterEnabled: true
      methodSettings:
        "*/*": {{metricsEnabled: true}}
        "~1proxied/GET": {{cachingEnabled: false}}
        "~1missing/GET": {{cachingEnabled: false}}
        "~1failing/GET": {{cachingEnabled: false}}
  - {{definition: http.json, apiId: http000001, protocolType: HTTP, stage: {{stageName: web}}}}
endpoints: {{hosts: {{"backend.internal:80": "http://127.0.0.1:{backend}"}}}}
"""
# Requests of one round: path, how many, and the status.
ROUND = [
    ("/prod/proxied", 5, 200), ("/prod/cached", 8, 200), ("/prod/missing", 2, 404), ("/prod/failing", 1, 500),
    ("/web/proxied", 3, 200), ("/web/nothing", 1, 404), ("/web/refused", 0, 503),
]
# What stands for Grafana's variables where all is chosen.
VARIABLES = {"__rate_interval": "2m", **{v["name"]: v.get("allValue") for v in DASHBOARD["templating"]["list"]}}


class Dashboard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="apigw-e2e-")))
        in_file(HTTP, folder / "http.json")
        cls.admin, cls.prometheus = free_port(), free_port()
        scraping = in_file({
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{
                "job_name": "envoy", "metrics_path": "/stats/prometheus",
                "static_configs": [{"targets": [f"127.0.0.1:{cls.admin}"]}],
            }],
        }, folder / "prometheus.yml")
        settings = in_file(SETTINGS.format(backend=cls.prometheus), folder / "settings.yaml")
        rest = in_file(REST, folder / "rest.json")
        url = cls.enterClassContext(gateway(rest, settings, "--admin", f"127.0.0.1:{cls.admin}"))
        cls.url = url.removesuffix("/prod")
        command = [
            os.environ["PROMETHEUS"], f"--config.file={scraping}", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{cls.prometheus}",
        ]
        cls.enterClassContext(program(command, cls.prometheus))
        # Every series is there before the round that is looked at.
        cls.send_round()
        cls.wait_for(1)
        time.sleep(3)
        cls.send_round()
        cls.wait_for(2)

    @classmethod
    def send_round(cls):
        for path, times, status in ROUND:
            for _ in range(times):
                found, _, body = send("GET", cls.url + path)
                if found != status:
                    raise AssertionError(f"{path}: {found} {body}")

    @classmethod
    def wait_for(cls, rounds):
        """Waits until Prometheus knows that many rounds, histograms too: Envoy adds those up every five seconds."""
        expected = {
            'sum(envoy_apigw_Count{ApiName="pets"})': 16 * rounds,
            'sum(envoy_apigw_Latency_count{ApiName="pets"})': 16 * rounds,
            'sum(envoy_apigw_IntegrationLatency_count{ApiName="pets"})': 5 * rounds,
            'sum(envoy_apigw_Latency_count{ApiId="http000001"})': 4 * rounds,
            'sum(envoy_apigw_CacheHitCount)': 8 * rounds - 1,
        }
        found = eventually(
            expected, lambda: {query: next(iter(cls.ask(query).values()), 0) for query in expected}, SCRAPE_SECONDS)
        if found != expected:
            raise AssertionError(f"Prometheus has {found}, expected {expected}")

    @classmethod
    def ask(cls, query):
        """The values of an instant query by labels."""
        address = f"http://127.0.0.1:{cls.prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        status, _, body = send("GET", address)
        answer = json.loads(body)
        if status != 200 or answer["status"] != "success":
            raise AssertionError(f"{query}: {answer}")
        return {frozenset(item["metric"].items()): float(item["value"][1]) for item in answer["data"]["result"]}

    @classmethod
    def panel(cls, section, title):
        """The values of a panel of a section, a list for each query."""
        within = False
        for panel in DASHBOARD["panels"]:
            if panel["type"] == "row":
                within = panel["title"].startswith(section)
            elif within and panel["title"] == title:
                return [cls.ask(substituted(target["expr"])) for target in panel["targets"]]
        raise AssertionError(f"no panel {section}: {title}")

    def test_every_query_has_an_answer(self):
        for panel in DASHBOARD["panels"]:
            for target in panel.get("targets", []):
                with self.subTest(panel=panel["title"], query=target["expr"]):
                    expr = substituted(target["expr"])
                    found = self.ask(expr)
                    if "5xx" in expr:
                        # No HTTP API has failed.
                        self.assertEqual(found, {})
                        continue
                    self.assertTrue(found, expr)
                    for labels, value in found.items():
                        self.assertTrue(math.isfinite(value) and value >= 0 or "Method" in dict(labels), (labels, value))

    def test_by_stage(self):
        stage = frozenset({"ApiName": "pets", "Stage": "prod"}.items())
        [count], [fours], [fives] = (self.panel("REST APIs: by API", title) for title in ["Count", "4XXError", "5XXError"])
        self.assertEqual((set(count), set(fours), set(fives)), ({stage}, {stage}, {stage}))
        four, five = self.panel("REST APIs: by API", "4XXError and 5XXError rate")
        self.assertAlmostEqual(four[stage], 2 / 16, 2)
        self.assertAlmostEqual(five[stage], 1 / 16, 2)
        [rate] = self.panel("REST APIs: by API", "Cache hit rate")
        self.assertGreater(rate[stage], 0.9)
        for title in ["Latency", "IntegrationLatency"]:
            average, p50, p90, p99 = (values[stage] for values in self.panel("REST APIs: by API", title))
            self.assertTrue(0 <= p50 <= p90 <= p99, title)
            self.assertGreaterEqual(average, 0)

    def test_by_method(self):
        def of(path):
            return frozenset({"ApiName": "pets", "Stage": "prod", "Resource": path, "Method": "GET"}.items())

        [count] = self.panel("REST APIs: by method", "Count")
        self.assertEqual(set(count), {of(path) for path in ["/proxied", "/cached", "/missing", "/failing"]})
        self.assertAlmostEqual(count[of("/proxied")] / count[of("/failing")], 5, 1)
        four, five = self.panel("REST APIs: by method", "4XXError and 5XXError rate")
        self.assertAlmostEqual(four[of("/missing")], 1, 2)
        self.assertAlmostEqual(five[of("/failing")], 1, 2)
        self.assertEqual(set(self.panel("REST APIs: by method", "IntegrationLatency")[0]), {of("/proxied")})
        hits, _ = self.panel("REST APIs: by method", "CacheHitCount and CacheMissCount")
        self.assertEqual(set(hits), {of("/cached")})

    def test_http_apis(self):
        stage = frozenset({"ApiId": "http000001", "Stage": "web"}.items())
        [count] = self.panel("HTTP APIs", "Count")
        self.assertEqual(set(count), {stage})
        four, _ = self.panel("HTTP APIs", "4xx and 5xx rate")
        self.assertAlmostEqual(four[stage], 1 / 4, 2)

    def test_variables(self):
        for variable, values in [
            ("api", {"pets"}), ("apiId", {"http000001"}), ("stage", {"prod", "web"}), ("method", {"GET"}),
            ("resource", {"/proxied", "/cached", "/missing", "/failing"}),
        ]:
            query = next(v["query"]["query"] for v in DASHBOARD["templating"]["list"] if v["name"] == variable)
            series, label = query.removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)
            found = {dict(labels)[label] for labels in self.ask(substituted(series))}
            self.assertEqual(found, values, variable)


def substituted(expr):
    """A query in which Grafana has put its variables."""
    for name, value in sorted(VARIABLES.items(), key=lambda item: -len(item[0])):
        expr = expr.replace(f"${name}", value or "")
    return expr


if __name__ == "__main__":
    unittest.main()
