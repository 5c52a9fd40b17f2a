"""The template engine in wasm on V8 against Apache Velocity 1.7 on a warm JVM: the same templates, payloads, outputs."""

import json
import sys
from pathlib import Path

import report
from processes import printed

HERE = Path(__file__).parent / "velocity"
TARGET = 2.0


def rows(command, text=""):
    """The lines that a program prints, by the names in them."""
    return {row["name"]: row for row in map(json.loads, printed(command, input=text).splitlines())}


def measure(module, classpath):
    """Processor time of one rendering, in microseconds, by each engine."""
    own = rows(["node", "--no-warnings", HERE / "wasm.mjs", module])
    text = "".join(json.dumps(row) + "\n" for row in own.values())
    java = rows(["java", "-cp", classpath, "Velocity"], text)
    for name in own:
        if own[name]["output"] != java[name]["output"]:
            raise RuntimeError(f"the engines give different outputs for {name}")
    return {
        name: {"wasm_micros": own[name]["micros"], "jvm_micros": java[name]["micros"],
               "ratio": java[name]["micros"] / own[name]["micros"]}
        for name in own
    }


def table(results):
    lines = [f"{'template':20} {'wasm µs':>9} {'JVM µs':>9} {'times as fast':>14}  target"]
    for name, result in results.items():
        lines.append(
            f"{name:20} {result['wasm_micros']:9.1f} {result['jvm_micros']:9.1f} {result['ratio']:14.2f}  "
            f"≥ {TARGET:.1f} {report.reached(result['ratio'] >= TARGET)}"
        )
    return "\n".join(lines)


def main():
    module, classpath = sys.argv[1:]
    machine = report.machine()
    results = measure(module, classpath)
    print(table(results))
    report.write({"machine": machine, "velocity": results})


if __name__ == "__main__":
    report.run(main)
