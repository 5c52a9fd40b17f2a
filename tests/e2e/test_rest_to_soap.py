"""The example in front of a SOAP service: what its README shows is what happens."""

import re
import subprocess
import sys
import unittest

from processes import ROOT, example_settings, free_port, gateway, program

EXAMPLE = ROOT / "envoy/examples/rest-to-soap"
SHOWN_URL = "http://127.0.0.1:8080/prod"


def console_blocks(text):
    """Commands and what they print, from blocks ```console … ```."""
    for block in re.findall(r"^```console\n\$ (.*?)^```", text, re.MULTILINE | re.DOTALL):
        command, _, output = block.partition("\n")
        yield command, output


class RestToSoap(unittest.TestCase):
    def test_the_readme(self):
        port = free_port()
        settings = example_settings(EXAMPLE, 9010, port)
        blocks = list(console_blocks((EXAMPLE / "README.md").read_text()))
        self.assertGreater(len(blocks), 4)
        with program([sys.executable, EXAMPLE / "service.py", str(port)], port), \
                gateway(EXAMPLE / "openapi.yaml", settings) as url:
            for command, expected in blocks:
                with self.subTest(command):
                    self.assertIn(SHOWN_URL, command)
                    command = command.replace(SHOWN_URL, url)
                    printed = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
                    # curl's status code stands on a line of its own, whether the body ends one or not.
                    body, status = printed[:-3], printed[-3:]
                    self.assertEqual(expected, body.rstrip("\n") + f"\n{status}\n")


if __name__ == "__main__":
    unittest.main()
