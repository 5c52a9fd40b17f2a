"""The table, and the raw figures."""

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

from processes import cores

RESULTS = Path(__file__).parent / "results"


def median(results, figure):
    """Of a figure of all rounds."""
    return statistics.median(getattr(one, figure) for one in results)


def ratio(results, others, figure="requests_per_second"):
    """A figure against another's in the same round; the median of all rounds."""
    return statistics.median(getattr(own, figure) / getattr(other, figure) for own, other in zip(results, others))


def reached(holds):
    """Of a target."""
    return "reached" if holds else "missed"


def against(peer, rounds):
    """The ratio of a peer and the one that it is measured against."""
    return ratio(rounds[peer.name], rounds[peer.against])


def table(peers, rounds):
    """One line for each peer: medians of all rounds."""
    titles = {peer.name: peer.title for peer in peers}
    lines = [("", "requests/s", "p50 µs", "p99 µs", "CPU µs", "ratio", "", "target")]
    for peer in peers:
        results, share, other, target = rounds[peer.name], "", "", ""
        if peer.against:
            value = against(peer, rounds)
            share, other = f"{value:.3f}", f"of {titles[peer.against]}"
            if peer.target:
                target = f"≥ {peer.target:.2f} {reached(value >= peer.target)}"
        lines.append((
            peer.title, f"{median(results, 'requests_per_second'):,.0f}", f"{median(results, 'p50_micros'):,.0f}",
            f"{median(results, 'p99_micros'):,.0f}", f"{median(results, 'cpu_micros_per_request'):.1f}", share, other, target,
        ))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    left = {0, 6, 7}
    rows = []
    for line in lines:
        cells = [cell.ljust(width) if i in left else cell.rjust(width) for i, (cell, width) in enumerate(zip(line, widths))]
        rows.append("  ".join(cells).rstrip())
    return "\n".join(rows)


def conditions(options, tools):
    """What the figures depend on, taken before the first of them."""
    return {
        "machine": machine(), "seconds": options.seconds, "workers": 1, "pinned": cores() != (None, None),
        "envoy": said([tools.envoy, "--version"]).rpartition("version: ")[2],
    }


def machine():
    """The machine, and how busy it is."""
    models = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
              if line.startswith("model name")]
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_kib": int(memory.split()[1]),
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
    }


def said(command):
    """What a command prints, or nothing."""
    run = subprocess.run(command, capture_output=True, text=True, cwd=RESULTS.parent)
    return run.stdout.strip()


def save(value, tools, peers, rounds, memory):
    """Keeps the raw figures of peers."""
    write({
        **value,
        "module_bytes": {path.name: path.stat().st_size for path in sorted(tools.filters.glob("*.wasm"))},
        "envoy_memory_kib": memory,
        "peers": {
            peer.name: {
                "title": peer.title,
                "ratio": {"against": peer.against, "value": against(peer, rounds)} if peer.against else None,
                "rounds": rounds[peer.name],
            }
            for peer in peers
        },
    })


def write(value):
    """Keeps raw figures, with their date and commit, and says where."""
    value = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": said(["git", "describe", "--always", "--dirty"]),
        **value,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / (value["date"].replace(":", "") + ".json")
    path.write_text(rounded(value) + "\n")
    print(f"raw figures: {path.relative_to(RESULTS.parents[2])}", file=sys.stderr)


def rounded(value):
    """JSON with figures as exact as they can be."""
    return json.dumps(json.loads(json.dumps(value, default=vars), parse_float=lambda text: round(float(text), 4)), indent=1)


def run(main):
    """Runs a benchmark; what ends it is said in a line."""
    try:
        main()
    except RuntimeError as error:
        sys.exit(f"error: {error}")
