"""What the benchmarks of gateways are told: how long to measure, and which programs."""

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Tools:
    """The programs under test."""

    envoy: Path
    apigw: Path
    filters: Path

    def module(self, name):
        """A filter's module."""
        return self.filters / f"{name}.wasm"


def parser(script, about, seconds, rounds):
    """The options of a script, with how long it measures by itself."""
    made = argparse.ArgumentParser(prog=f"scripts/{script}", description=about)
    made.add_argument("--seconds", type=int, default=seconds, help=f"of load for each in each round [default: {seconds}]")
    made.add_argument("--rounds", type=int, default=rounds, help=f"over all of them [default: {rounds}]")
    # The script gives these.
    for hidden in ["--envoy", "--apigw", "--filters"]:
        made.add_argument(hidden, help=argparse.SUPPRESS, required=True, type=Path)
    return made


def tools(options):
    """The programs that the options name."""
    return Tools(options.envoy, options.apigw.resolve(), options.filters.resolve())
