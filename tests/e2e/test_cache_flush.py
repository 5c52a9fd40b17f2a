"""Caches are emptied, with two workers: the responses of a stage and its canary, and the answers of Lambda authorizers."""

import itertools
import json
import unittest

from definitions import api, method, mock
from processes import eventually, free_port, gateway, send
from servers import Handler, serve

# What is kept names its own request, and whether it is the canary's.
ECHO = "$context.isCanaryRequest $context.requestId"
DEFINITION = api("cached", {"/a": {"get": method(mock(ECHO))}})
SETTINGS = """
apiId: cached0001
flushStageCache: {{listen: "127.0.0.1:{port}"}}
stages:
  - {{stageName: prod, cacheClusterEnabled: true, canarySettings: {{percentTraffic: 50, useStageCache: false}}}}
  - {{stageName: dev, cacheClusterEnabled: true}}
"""


class CacheFlush(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        url = cls.enterClassContext(gateway(DEFINITION, SETTINGS.format(port=cls.port), workers=2))
        cls.url = url.removesuffix("/prod")

    def answers(self, stage):
        """What many requests of connections of their own get: both workers take some of them."""
        found = set()
        for _ in range(60):
            status, _, body = send("GET", f"{self.url}/{stage}/a")
            self.assertEqual(status, 200)
            found.add(body.decode())
        return found

    def flush(self, stage, method="DELETE"):
        status, _, body = send(method, f"http://127.0.0.1:{self.port}/restapis/cached0001/stages/{stage}/cache/data")
        return status, body

    def test_a_flush_empties_the_stage_and_its_canary(self):
        # Both workers may miss at the same time, so a first round fills.
        for stage in ["prod", "dev"]:
            self.answers(stage)
        before, other = self.answers("prod"), self.answers("dev")
        self.assertEqual(sorted(body.split()[0] for body in before), ["false", "true"])
        self.assertEqual(len(other), 1)
        self.assertEqual(self.answers("prod"), before)
        self.assertEqual(self.flush("prod"), (202, b""))
        self.assertFalse(self.answers("prod") & before)
        after = self.answers("prod")
        self.assertEqual((len(after), after & before), (2, set()))
        self.assertEqual(self.answers("dev"), other)
        # And again.
        self.assertEqual(self.flush("prod")[0], 202)
        self.assertFalse(self.answers("prod") & after)

    def test_what_is_no_flush(self):
        self.assertEqual(self.flush("nothing"), (404, b'{"message":"Invalid stage identifier specified"}'))
        self.assertEqual(self.flush("prod", "GET")[0], 404)
        before = self.answers("dev")
        self.assertEqual(send("DELETE", f"{self.url}/restapis/cached0001/stages/dev/cache/data")[0], 403)
        self.assertEqual(self.answers("dev"), before)


AUTHORIZED = api("authorized", {"/a": {"get": method(mock("$context.authorizer.number"), security=[{"asked": []}])}}, components={
    "securitySchemes": {"asked": {
        "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "token", "authorizerResultTtlInSeconds": 3600,
            "authorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
                             "arn:aws:lambda:us-east-1:123456789012:function:asked/invocations",
        },
    }},
})


class Asked(Handler):
    """A function that allows everything, and counts."""

    numbers = itertools.count()

    def do_POST(self):
        self.body()
        statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.answer(json.dumps({"principalId": "u", "policyDocument": policy, "context": {"number": next(self.numbers)}}))


class AuthorizersFlush(unittest.TestCase):
    def answers(self):
        found = set()
        for _ in range(60):
            status, _, body = send("GET", f"{self.url}/a", headers={"Authorization": "t"})
            self.assertEqual(status, 200)
            found.add(int(body))
        return found

    def test_a_flush_makes_all_workers_ask_again(self):
        port = free_port()
        self.url = self.enterContext(gateway(AUTHORIZED, {
            "apiId": "asked00001", "accountId": "123456789012", "flushStageCache": {"listen": f"127.0.0.1:{port}"},
            "endpoints": {"functions": {"asked": self.enterContext(serve(Asked)).url}},
        }, workers=2))
        # Both workers may ask at the same time, so a first round fills.
        self.answers()
        before = self.answers()
        self.assertEqual(len(before), 1)
        path = f"http://127.0.0.1:{port}/restapis/asked00001/stages/prod/cache/authorizers"
        self.assertEqual(send("DELETE", path.replace("asked00001", "other00001"))[0], 404)
        self.assertEqual(self.answers(), before)
        self.assertEqual(send("DELETE", path)[0], 202)
        self.assertFalse(eventually(set(), lambda: self.answers() & before))


if __name__ == "__main__":
    unittest.main()
