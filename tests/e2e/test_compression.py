"""Bodies in gzip and deflate, both ways, as Python's zlib reads and writes them."""

import gzip
import unittest
import zlib

from definitions import api, method, mock
from processes import gateway, send

LARGE = '{"large":"%s"}' % ("a" * 500)
DEFINITION = api(
    "compressed", {"/large": {"post": method(mock(LARGE, request='{"statusCode": $input.json("$.status")}'))}},
    **{"x-amazon-apigateway-minimum-compression-size": 100},
)


class Compression(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.url = cls.enterClassContext(gateway(DEFINITION, {}))

    def test_both_ways(self):
        codings = {"gzip": (gzip.compress, gzip.decompress), "deflate": (zlib.compress, zlib.decompress)}
        for name, (write, read) in codings.items():
            with self.subTest(coding=name):
                headers = {"content-type": "application/json", "content-encoding": name, "accept-encoding": name}
                status, answer, body = send("POST", self.url + "/large", write(b'{"status": 200}'), headers)
                self.assertEqual((status, answer["content-encoding"]), (200, name))
                self.assertLess(len(body), 100)
                self.assertEqual(read(body).decode(), LARGE)

    def test_a_bomb(self):
        headers = {"content-type": "application/json", "content-encoding": "deflate"}
        self.assertEqual(send("POST", self.url + "/large", zlib.compress(bytes(50_000_000)), headers)[0], 413)


if __name__ == "__main__":
    unittest.main()
