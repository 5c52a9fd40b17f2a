"""What the tests start: programs on free ports, and the gateway in front of them."""

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
# How long a program may take to start on a busy machine.
START_SECONDS = 60
# How long anything else may take there that comes by itself, a while later.
LATER_SECONDS = 30
JSON = {"content-type": "application/json"}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def program(command, port=None, **options):
    """Runs a program until the block ends; with `port`, the block begins once that is open."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **options)
        try:
            if port:
                wait_for_port(port, process, log)
            yield process
        finally:
            stop(process)


def wait_for_port(port, process, log):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    log.seek(0)
    raise RuntimeError(f"{process.args[0]} does not listen on port {port}: {log.read()[-2000:]}")


def stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def gateway(definition, settings, *options, workers=1):
    """`apigw run` with a definition and settings, each a path, a document or its text, and more options. Gives the base URL,
    http://ADDRESS:PORT/STAGE."""
    with tempfile.TemporaryDirectory(prefix="apigw-e2e-") as folder:
        log = Path(folder, "log")
        command = [
            os.environ["APIGW"], "run", in_file(definition, Path(folder, "definition.yaml")),
            "--settings", in_file(settings, Path(folder, "settings.yaml")),
            "--listen", "127.0.0.1:0", "--concurrency", str(workers),
            "--envoy", os.environ["ENVOY"], "--filters", os.environ["FILTERS"],
            *options,
        ]
        with log.open("w") as stderr:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
        # Should it hang, this ends the reading below.
        timer = threading.Timer(START_SECONDS, process.kill)
        timer.start()
        try:
            line = process.stdout.readline()
            timer.cancel()
            if not line.startswith("listening on "):
                raise RuntimeError(f"apigw run: {line}{log.read_text()[-3000:]}")
            yield line.removeprefix("listening on ").strip()
        finally:
            timer.cancel()
            stop(process)
            process.stdout.close()


def eventually(expected, look, seconds=LATER_SECONDS):
    """Looks again and again until it sees what is expected. Returns what it saw last."""
    deadline = time.monotonic() + seconds
    while (seen := look()) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


def example_settings(example, shown, port):
    """Those of an example whose backend listens on another port than the one shown."""
    text = (example / "settings.yaml").read_text()
    assert f"127.0.0.1:{shown}" in text
    return text.replace(f"127.0.0.1:{shown}", f"127.0.0.1:{port}")


def in_file(value, path):
    """Where a document is, once it is in a file: a value or text goes to `path`."""
    if isinstance(value, Path):
        return value
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def send(method, url, body=None, headers=None):
    """Status, headers and body of an answer, whatever its status."""
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers, answer.read()
