"""A stage with a canary and logs, for many clients at a time: who gets which deployment, and what the logs say of it."""

import itertools
import json
import re
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from definitions import api, method, mock, path_parameter
from processes import gateway, send

ITEM = '{"deployment": "$stageVariables.deployment", "canary": "$context.isCanaryRequest"}'
DEFINITION = api(
    "staged", {
        "/items/{id}": {"get": method(mock(ITEM), parameters=[path_parameter("id")])},
        "/keyed": {"get": method(mock(ITEM), security=[{"key": []}])},
    },
    components={"securitySchemes": {"key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}},
)
# One member for each field, and no more.
FIELDS = ["requestId", "httpMethod", "resourcePath", "path", "status", "responseLength", "isCanaryRequest"]
LOG_GROUP = "API-Gateway-Execution-Logs_staged0001/prod"
CLIENTS, ITEMS, REFUSED = 4, 400, 40
# Of the items, by the canary's half of them: seven standard deviations of 10 on both sides.
FEWEST, MOST = 130, 270


def settings(folder):
    return {
        "apiId": "staged0001",
        "stage": {
            "stageName": "prod", "variables": {"deployment": "released"},
            "canarySettings": {"percentTraffic": 50, "stageVariableOverrides": {"deployment": "next"}},
            "accessLogSettings": {
                "destinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:access",
                "format": json.dumps({name: f"$context.{name}" for name in FIELDS}),
            },
            "methodSettings": {"*/*": {"loggingLevel": "INFO"}},
        },
        "endpoints": {
            "accessLogs": {"*": f"{folder}/access.log"},
            "executionLogs": {LOG_GROUP: f"{folder}/released.log", f"{LOG_GROUP}/Canary": f"{folder}/next.log"},
        },
    }


class Stage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="apigw-e2e-")))
        paths = [f"/items/{number}" for number in range(ITEMS)] + ["/keyed", "/nothing"] * REFUSED
        with gateway(DEFINITION, settings(folder), workers=2) as url, ThreadPoolExecutor(CLIENTS) as clients:
            cls.answers = list(zip(paths, clients.map(lambda path: send("GET", url + path), paths)))
        # A gateway that has ended has written everything.
        cls.log = {path.stem: path.read_text().splitlines() for path in folder.glob("*.log")}
        cls.access = {line["requestId"]: line for line in map(json.loads, cls.log["access"])}

    def test_half_of_the_requests_are_the_canarys(self):
        items = [json.loads(body) for path, (_, _, body) in self.answers if path.startswith("/items/")]
        canary = items.count({"deployment": "next", "canary": "true"})
        self.assertEqual(items.count({"deployment": "released", "canary": "false"}), ITEMS - canary)
        self.assertTrue(FEWEST < canary < MOST, canary)

    def test_every_request_has_a_line_in_the_access_log(self):
        self.assertEqual(len(self.log["access"]), len(self.answers))
        for path, (status, headers, body) in self.answers:
            with self.subTest(path=path):
                line = self.access[headers["x-amzn-requestid"]]
                self.assertEqual(list(line), FIELDS)
                resource = {"/keyed": "/keyed", "/nothing": "-"}.get(path, "/items/{id}")
                self.assertEqual(
                    [line[name] for name in FIELDS[1:-1]],
                    ["GET", resource, f"/prod{path}", str(status), str(len(body))],
                )
                if status == 200:
                    self.assertEqual(line["isCanaryRequest"], json.loads(body)["canary"])

    def test_the_lines_of_an_execution_stay_together(self):
        executions = {"released": {}, "next": {}}
        for deployment, found in executions.items():
            lines = [re.fullmatch(r"\(([0-9a-f-]{36})\) (.*)", line).groups() for line in self.log[deployment]]
            for request_id, group in itertools.groupby(lines, lambda line: line[0]):
                # Once all of them were read, nothing follows.
                self.assertNotIn(request_id, found)
                found[request_id] = [text for _, text in group]
        # No method, no execution.
        logged = [(path, answer) for path, answer in self.answers if path != "/nothing"]
        self.assertEqual(sum(map(len, executions.values())), len(logged))
        for path, (status, headers, _) in logged:
            with self.subTest(path=path):
                request_id = headers["x-amzn-requestid"]
                deployment = "next" if self.access[request_id]["isCanaryRequest"] == "true" else "released"
                texts = executions[deployment][request_id]
                self.assertRegex(texts[0], "^Extended Request Id: .{15}=$")
                self.assertEqual(texts[1], f"Starting execution for request: {request_id}")
                self.assertEqual(texts.count(f"HTTP Method: GET, Resource Path: {path}"), 1)
                self.assertEqual(texts.count("Successfully completed execution"), 1 if status == 200 else 0)
                self.assertEqual(texts[-1], f"Method completed with status: {status}")


if __name__ == "__main__":
    unittest.main()
