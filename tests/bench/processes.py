"""Envoy and wrk as processes: where they run, what they say, what they use."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
START_SECONDS = 60
STOP_SECONDS = 10
# Enough to keep one worker busy all the time, few enough that the waiting line does not become the latency.
CONNECTIONS = 32
TRIES = 3


def cores():
    """The core for the Envoy that is measured, and the one for load and backend; None where there is only one."""
    free = sorted(os.sched_getaffinity(0))
    return ({free[0]}, {free[1]}) if len(free) > 1 else (None, None)


def on_core(core):
    """For `preexec_fn`."""
    return (lambda: os.sched_setaffinity(0, core)) if core else None


class Envoy:
    """A running Envoy with one worker. `configuration` is a path, or a bootstrap as a value."""

    def __init__(self, program, configuration, folder, name, core):
        if not isinstance(configuration, Path):
            path = folder / f"{name}.json"
            path.write_text(json.dumps(configuration))
            configuration = path
        self.name = name
        self.log = folder / f"{name}.log"
        address = folder / f"{name}.admin"
        command = [
            program, "--config-path", configuration, "--admin-address-path", address, "--concurrency", "1",
            "--disable-hot-restart", "--log-level", "error",
        ]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=on_core(core)
            )
        try:
            self.admin = self.wait_for(lambda: address.exists() and address.read_text().strip())
            self.wait_for(lambda: get(self.admin, "/ready")[0] == 200)
            self.port = self.wait_for(self.find_port)
        except RuntimeError:
            stop(self.process)
            raise

    def find_port(self):
        """The port of the first listener."""
        for listener in json.loads(get(self.admin, "/listeners?format=json")[1]).get("listener_statuses", []):
            return listener["local_address"]["socket_address"]["port_value"]
        return None

    def wait_for(self, look):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"Envoy for {self.name} has ended: {self.log.read_text()[-2000:]}")
            try:
                if found := look():
                    return found
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError(f"Envoy for {self.name} is not live: {self.log.read_text()[-2000:]}")

    def cpu_seconds(self):
        """Processor time of all its threads so far."""
        return cpu_seconds(self.process.pid)

    def memory_kib(self):
        """What it holds in memory."""
        return memory_kib(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)


def turns(items, rounds, title=""):
    """Every item, once in each round; there and back again, so that what grows or shrinks over time hits first and last
    alike."""
    items = list(items)
    for number in range(rounds):
        progress(f"{title}round {number + 1} of {rounds}")
        yield from items if number % 2 == 0 else reversed(items)


def progress(text):
    print(text, file=sys.stderr, flush=True)


def stop(process):
    """Ends a process that was started here."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def printed(command, **options):
    """What a program prints. One that fails ends the benchmark."""
    run = subprocess.run(list(map(str, command)), capture_output=True, encoding="utf-8", **options)
    if run.returncode != 0:
        raise RuntimeError(f"{' '.join(run.args)} failed: {run.stdout[-2000:]}{run.stderr[-2000:]}")
    return run.stdout


def cpu_seconds(pid):
    # The command's name, in parentheses, may hold blanks; utime and stime are the 12th and 13th field behind it.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kib(pid):
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


def get(address, path, headers=None, body=None):
    """Status and body of a GET, or of a POST where there is a body to send."""
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        media_type = {"content-type": "application/json"} if body else {}
        connection.request("POST" if body else "GET", path, body=body, headers={**media_type, **(headers or {})})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@dataclass
class Round:
    """What one run of wrk against one peer gave."""

    requests_per_second: float
    p50_micros: int
    p99_micros: int
    cpu_micros_per_request: float
    # Requests that took longer than wrk's two seconds: the machine stood still.
    timeouts: int


def load(envoy, path, headers, seconds, core, body=None, tokens=None):
    """Sends requests for some seconds, as fast as they are answered. A machine that stands still gets another try."""
    for _ in range(TRIES):
        if result := one_load(envoy, path, headers, seconds, core, body, tokens):
            return result
        progress(f"{envoy.name}{path}: nothing was answered in {seconds} s, once more")
    raise RuntimeError(f"{envoy.name}{path} answered nothing, {TRIES} times")


def one_load(envoy, path, headers, seconds, core, body, tokens):
    """One run of wrk; None when it got no answer at all."""
    with tempfile.NamedTemporaryFile("w", prefix="apigw-bench-body-") as file:
        file.write(body or "")
        file.flush()
        environment = {"BENCH_BODY": file.name} if body else {"TOKENS": str(tokens)} if tokens else {}
        return run_wrk(envoy, path, headers, seconds, core, environment)


def run_wrk(envoy, path, headers, seconds, core, environment):
    """What wrk found; its script reads the environment."""
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s", "--latency"]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    script = "tokens.lua" if "TOKENS" in environment else "done.lua"
    command += ["--script", HERE / script, f"http://127.0.0.1:{envoy.port}{path}"]
    before = envoy.cpu_seconds()
    run = subprocess.run(command, capture_output=True, text=True, preexec_fn=on_core(core), env={**os.environ, **environment})
    used = envoy.cpu_seconds() - before
    line = next((line for line in run.stdout.splitlines() if line.startswith("RESULT ")), None)
    if run.returncode != 0 or line is None:
        raise RuntimeError(f"wrk failed on {envoy.name}{path}: {run.stdout}{run.stderr}")
    result = json.loads(line.removeprefix("RESULT "))
    if not result["requests"] and not result["socket_errors"]:
        return None
    if result["status_errors"] or result["socket_errors"]:
        raise RuntimeError(f"{envoy.name}{path} answered wrongly under load: {result}")
    return Round(
        requests_per_second=result["requests"] / (result["micros"] / 1e6),
        p50_micros=result["p50"],
        p99_micros=result["p99"],
        cpu_micros_per_request=used / result["requests"] * 1e6,
        timeouts=result["timeouts"],
    )
