"""How long 100,000 API keys in 50 usage plans take until they are live: the api-key filter alone in an Envoy, and a whole
gateway from `apigw run`."""

import hashlib
import json
import statistics
import subprocess
import threading
import time

import configuration
from configuration import API_ID, QUOTA, THROTTLE
from peers import PETSTORE
from processes import START_SECONDS, Envoy, get, memory_kib, stop

KEYS = 100_000
PLANS = 50
RUNS = 5


def write_settings(path):
    """Settings as a team would keep them: a line for each key and plan."""
    lines = [f"apiId: {API_ID}", "stage: {stageName: prod}", "apiKeys:"]
    lines += [f"  - {{id: k{n:06}, name: customer {n}, value: {key(n)}, enabled: true}}" for n in range(KEYS)]
    lines.append("usagePlans:")
    for plan in range(PLANS):
        limits = f"throttle: {yaml(THROTTLE)}, quota: {yaml(QUOTA)}"
        keys = ", ".join(f"k{n:06}" for n in range(plan, KEYS, PLANS))
        lines.append(f"  - {{id: p{plan}, apiStages: [{{apiId: {API_ID}, stage: prod}}], {limits}, keyIds: [{keys}]}}")
    lines.append('endpoints: {hosts: {"petstore.internal:80": "http://127.0.0.1:9"}}')
    path.write_text("\n".join(lines) + "\n")


def key(number):
    return f"benchmark-key-{number:010}"


def yaml(value):
    return "{" + ", ".join(f"{name}: {item}" for name, item in value.items()) + "}"


def measure(tools, folder):
    """Seconds to live for each run, of which `apigw check` alone, and what the processes hold in memory then."""
    settings = folder / "start.settings.yaml"
    write_settings(settings)
    inputs = [PETSTORE, "--settings", settings]
    runs = [one_run(tools, inputs, folder / "start.log") for _ in range(RUNS)]
    filters = [filter_alone(tools, folder, f"keys-{run}") for run in range(RUNS)]
    checks = []
    for _ in range(RUNS):
        began = time.monotonic()
        subprocess.run([tools.apigw, "check", *inputs], check=True, capture_output=True)
        checks.append(time.monotonic() - began)
    return {
        "keys": KEYS, "plans": PLANS, "settings_bytes": settings.stat().st_size,
        "seconds_to_live": [seconds for seconds, _ in runs], "seconds_of_check": checks,
        "seconds_of_filter": filters,
        "envoy_memory_kib": [memory for _, memory in runs],
    }


def filter_alone(tools, folder, name):
    """Seconds until an Envoy with nothing but this filter is live."""
    settings = configuration.api_key(quota=True)
    packed = " ".join(f"k{n:06}:{hashlib.sha256(key(n).encode()).hexdigest()}" for n in range(KEYS))
    [plan] = settings["plans"]["usagePlans"]
    settings["plans"] = {
        "apiKeys": [packed],
        "usagePlans": [
            {**plan, "id": f"p{number}", "keyIds": [f"k{n:06}" for n in range(number, KEYS, PLANS)]}
            for number in range(PLANS)
        ],
    }
    bootstrap = folder / f"{name}.json"
    bootstrap.write_text(json.dumps(
        configuration.direct([configuration.wasm(tools.module("api_key"), "api-key", settings)])))
    began = time.monotonic()
    with Envoy(tools.envoy, bootstrap, folder, name, None) as envoy:
        seconds = time.monotonic() - began
        check(f"127.0.0.1:{envoy.port}", "/", accepted=200)
        return seconds


def check(address, path, accepted):
    """The last key is accepted, and the one after it refused."""
    for value, expected in [(key(KEYS - 1), accepted), (key(KEYS), 403)]:
        status, _ = get(address, path, {"x-api-key": value})
        if status != expected:
            raise RuntimeError(f"a request with one of {KEYS} keys was answered {status}, not {expected}")


def one_run(tools, inputs, log):
    command = [
        tools.apigw, "run", *inputs, "--listen", "127.0.0.1:0", "--filters", tools.filters, "--envoy", tools.envoy,
        "--concurrency", "1",
    ]
    with log.open("w") as stderr:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    # It gives up by itself after a minute, and takes its Envoy with it; should it hang, this ends the reading below.
    timer = threading.Timer(2 * START_SECONDS, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()
        seconds = time.monotonic() - began
        if not line.startswith("listening on http://"):
            raise RuntimeError(f"apigw run with {KEYS} keys: {line}{log.read_text()[-2000:]}")
        address = line.removeprefix("listening on http://").partition("/")[0]
        # The backend does not exist: 504 says that the key was accepted.
        check(address, "/prod/pets", accepted=504)
        child = subprocess.run(["ps", "--ppid", str(process.pid), "-o", "pid="], capture_output=True, text=True)
        return seconds, memory_kib(int(child.stdout.split()[0]))
    finally:
        timer.cancel()
        stop(process)


def line(result):
    """The result for people."""
    live, check, alone = (
        statistics.median(result[name]) for name in ("seconds_to_live", "seconds_of_check", "seconds_of_filter"))
    memory = statistics.median(result["envoy_memory_kib"]) / 1024
    return (
        f"{result['keys']:,} keys in {result['plans']} plans: the filter in Envoy is live after {alone:.2f} s "
        f"(target < 2 s), a whole gateway {live:.2f} s after `apigw run`, {check:.2f} s of it reading and checking; "
        f"Envoy holds {memory:.0f} MiB"
    )
