"""The response cache of a stage and its canary, with two workers: `FlushStageCache` empties both, for both workers."""

import unittest

from definitions import api, method, mock
from processes import free_port, gateway, send

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


if __name__ == "__main__":
    unittest.main()
