"""Renders generated templates with `apigw render --cases` and with the real Velocity 1.7, and compares. See README.md."""

import argparse
import collections
import json
import re
import subprocess
import sys
from pathlib import Path

from generate import Generator

# Cases in one run of the two programs.
BATCH = 5000
# Differences that are shown, the shortest templates first.
SHOWN = 20
FOUND = Path(__file__).parents[2] / "target/differential/found.jsonl"

# Templates that are not compared: what they use is described under `Differences` in filters/shared/vtl/README.md, or is
# different on each run of Java.
LEFT_OUT = {
    "Java's classes": r"getClass|\bclass\b|forName",
    "hash codes that are addresses": (
        r"hashCode.*(iterator|split|toArray|#\{?define)|(iterator|split|toArray|#\{?define).*hashCode"
    ),
    "`Float`, whose digits depend on the version of Java": r"floatValue",
}
# Outputs of Java that are different on each run, or that nobody relies on.
OUTPUTS = r"@[0-9a-f]{4,8}\b|\bclass java|\[Ljava|\[[BC]@|java\.util\."
# Reasons for which only this engine ends a rendering: its bounds.
BOUNDS = ("too many steps", "nested too deeply", "is too long", "too much memory", "too many digits")


def explained(case, java, own):
    """Why a difference is none, or None."""
    if "output" in java and re.search(OUTPUTS, java["output"]):
        return "prints a Java class or an address"
    if "error" in own and own["error"].endswith(BOUNDS):
        return "a bound of this engine"
    if "output" in java and "`parseJson` failed" in own.get("error", ""):
        return "Java's parser reads more than JSON"
    if "output" in java and own.get("error", "").endswith("`%t`"):
        return "a date in a format"
    if java.get("error") == "java.lang.StackOverflowError":
        return "a collection inside of itself, for which Java's stack is not deep enough"
    if java.get("error") == TOO_SLOW:
        return "takes Java more than ten seconds"
    if "output" in java and "output" in own and rounded(java["output"]) == rounded(own["output"]):
        return "a double that Java prints with more digits than it needs, before version 19"
    return None


def rounded(text):
    """The text with every long decimal read and written anew."""
    return re.sub(r"\d+\.\d{8,}(E-?\d+)?", lambda match: repr(float(match[0])), text)


def left_out(template):
    return next((name for name, pattern in LEFT_OUT.items() if re.search(pattern, template, re.DOTALL)), None)


TOO_SLOW = "too slow"


def run(command, cases):
    """The results, in the order of the cases. A program that gives up on a case is started again behind it."""
    results = []
    while len(results) < len(cases):
        text = "".join(json.dumps(case) + "\n" for case in cases[len(results):])
        process = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8")
        results += [json.loads(line) for line in process.stdout.split("\n") if line]
        if process.returncode == 3 and len(results) < len(cases):
            results.append({"id": cases[len(results)]["id"], "error": TOO_SLOW})
        elif process.returncode != 0:
            sys.exit(f"error: {command[0]} failed: {process.stderr[-2000:]}")
    return results


def main():
    parser = argparse.ArgumentParser(prog="scripts/differential", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=10_000, help="templates to compare [default: 10000]")
    parser.add_argument("seed", nargs="?", type=int, default=1, help="[default: 1]")
    # scripts/differential gives these.
    parser.add_argument("--apigw", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--java", required=True, nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args()

    generator = Generator(options.seed)
    number, compared, errors = 0, 0, 0
    outcomes, skipped, different = collections.Counter(), collections.Counter(), []
    while compared < options.count:
        cases = []
        while len(cases) < min(BATCH, options.count - compared):
            case = generator.case(number)
            number += 1
            if reason := left_out(case["template"]):
                skipped[reason] += 1
            else:
                cases.append(case)
        expected = run(options.java, cases)
        found = run([options.apigw, "render", "--cases", "-"], cases)
        for case, java, own in zip(cases, expected, found, strict=True):
            assert case["id"] == java["id"] == own["id"]
            errors += "error" in java
            if java.get("output") == own.get("output"):
                continue
            if reason := explained(case, java, own):
                outcomes[reason] += 1
            else:
                different.append({"case": case, "velocity": java, "apigw": own})
        compared += len(cases)
        print(f"{compared:,} compared, {len(different)} differ", file=sys.stderr, flush=True)

    print(f"{compared:,} templates compared, {errors:,} of them errors in Velocity; {len(different)} differences")
    for reason, count in outcomes.most_common():
        print(f"  {count:,} explained: {reason}")
    for reason, count in skipped.most_common():
        print(f"  {count:,} not compared: {reason}")
    if different:
        different.sort(key=lambda item: len(item["case"]["template"]))
        FOUND.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in different))
        for item in different[:SHOWN]:
            shown = {name: item[name].get("output", item[name].get("error")) for name in ("velocity", "apigw")}
            kinds = {name: "output" if "output" in item[name] else "error" for name in shown}
            print(f"\n{item['case']['template']!r}\n  body     {item['case']['body']!r}")
            print("\n".join(f"  {name:8} {kinds[name]} {shown[name]!r}" for name in shown))
        sys.exit(f"error: {len(different)} differences, all in {FOUND}")


if __name__ == "__main__":
    main()
