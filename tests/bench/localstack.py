"""MOCK integrations through a gateway, against LocalStack on the same definitions. See README.md here."""

import argparse
import contextlib
import http.client
import json
import os
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import command
import configuration
import report
from peers import PETSTORE, bootstraps
from processes import CONNECTIONS, Envoy, cores, cpu_seconds, get, load, memory_kib, on_core, progress, stop, turns
from report import median, reached

# The gateway's requests per second for each of LocalStack's.
TARGET = 40
WARM_UP_SECONDS = 2
START_SECONDS = 60
# The first call of a LocalStack loads what answers it.
CALL_SECONDS = 60
STAGE = "prod"
# The port of a backend that no MOCK calls.
NO_BACKEND = 9

EAGER = {"EAGER_SERVICE_LOADING": "1", "SERVICES": "apigateway", "LS_LOG": "warning"}
# It reads the service and the region from here, and does not look at the signature.
CREDENTIAL = {
    "authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, "
                     "Signature=0",
}


@dataclass
class Variant:
    """A way to run LocalStack."""

    name: str
    # Whether it has the core of our Envoys alone. Its threads take turns: by itself it wanders between cores, and loses.
    pinned: bool
    settings: dict


# As it comes, and what makes it faster.
VARIANTS = [
    Variant("LocalStack", pinned=False, settings={}),
    Variant("LocalStack, one core", pinned=True, settings={}),
    Variant("LocalStack, one core, eager, quiet", pinned=True, settings=EAGER),
]


@dataclass
class Method:
    """A MOCK that both sides answer."""

    title: str
    # The gateway of `peers.bootstraps`, and the definition that it is made of.
    gateway: str
    definition: bytes
    path: str


def methods():
    return [
        Method("answer rendered", "templates", json.dumps(configuration.templates()).encode(), "/mock"),
        Method("fixed answer", "petstore", PETSTORE.read_bytes(), "/status"),
    ]


class LocalStack:
    """A running LocalStack, in a process of its own."""

    def __init__(self, python, variant, folder, core):
        self.name = variant.name
        home = folder / variant.name.replace(" ", "-")
        home.mkdir()
        self.log = home / "log"
        self.port = free_port()
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "FILESYSTEM_ROOT": str(home / "files"),
            # With an IPv4 address it would listen on all of them.
            "GATEWAY_LISTEN": f"[::ffff:127.0.0.1]:{self.port}",
            # Nothing is reported, fetched or looked up elsewhere, and no container is started.
            "DISABLE_EVENTS": "1", "SKIP_SSL_CERT_DOWNLOAD": "1", "DNS_ADDRESS": "0", "AWS_EC2_METADATA_DISABLED": "true",
            "DOCKER_HOST": f"unix://{home}/none",
            **variant.settings,
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [python.absolute(), "-m", "localstack.runtime.main"], cwd=home, env=environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=on_core(core if variant.pinned else None),
            )
        try:
            self.wait()
            self.apis = {}
            for method in methods():
                self.apis[method.title] = self.deploy(method.definition)
            self.version = json.loads(get(f"127.0.0.1:{self.port}", "/_localstack/health")[1])["version"]
        except (OSError, ValueError, RuntimeError) as error:
            stop(self.process)
            raise RuntimeError(f"{self.name} cannot be used: {error}\n{self.log.read_text()[-2000:]}") from error

    def wait(self):
        deadline = time.monotonic() + START_SECONDS
        while "Ready." not in self.log.read_text().splitlines():
            if self.process.poll() is not None:
                raise RuntimeError("it has ended")
            if time.monotonic() > deadline:
                raise RuntimeError(f"it is not ready after {START_SECONDS} s")
            time.sleep(0.1)

    def deploy(self, definition):
        """Imports a definition. Returns the id of its API."""
        api = self.call("/restapis?mode=import", definition)["id"]
        self.call(f"/restapis/{api}/deployments", json.dumps({"stageName": STAGE}).encode())
        return api

    def call(self, path, body):
        connection = http.client.HTTPConnection(f"127.0.0.1:{self.port}", timeout=CALL_SECONDS)
        try:
            connection.request("POST", path, body=body, headers=CREDENTIAL)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if response.status != 201:
            raise RuntimeError(f"{path} was answered {response.status} {text!r}")
        return json.loads(text)

    def path(self, method):
        return f"/_aws/execute-api/{self.apis[method.title]}/{STAGE}{method.path}"

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def arguments():
    parser = command.parser("bench-localstack", __doc__, seconds=4, rounds=5)
    # The Python that LocalStack is installed for.
    parser.add_argument("--localstack", help=argparse.SUPPRESS, type=Path)
    return parser.parse_args()


def measure(options, tools, folder):
    """The rounds of each method by who answers it, what all hold in memory afterwards, and LocalStack's version."""
    first_core, load_core = cores()
    with contextlib.ExitStack() as running:
        makers = bootstraps(tools, folder)
        gateways = {
            method.gateway: running.enter_context(
                Envoy(tools.envoy, makers[method.gateway](NO_BACKEND), folder, method.gateway, first_core))
            for method in methods()
        }
        others = []
        for variant in VARIANTS if options.localstack else []:
            try:
                others.append(running.enter_context(LocalStack(options.localstack, variant, folder, first_core)))
            except RuntimeError as error:
                progress(f"{error}\nits rows are left out")
        rounds = {}
        for method in methods():
            pairs = [("gateway", gateways[method.gateway], f"/{STAGE}{method.path}")]
            pairs += [(other.name, other, other.path(method)) for other in others]
            same_answers(method, pairs)
            for _, service, path in pairs:
                load(service, path, {}, WARM_UP_SECONDS, load_core)
            results = {name: [] for name, _, _ in pairs}
            for name, service, path in turns(pairs, options.rounds, f"{method.title}: "):
                results[name].append(load(service, path, {}, options.seconds, load_core))
            rounds[method.title] = results
        memory = {service.name: memory_kib(service.process.pid) for service in [*gateways.values(), *others]}
        return rounds, memory, others[0].version if others else None


def same_answers(method, pairs):
    """All give the same status and document; LocalStack's templates leave other white space."""
    answers = {name: get(f"127.0.0.1:{service.port}", path) for name, service, path in pairs}
    documents = [json.loads(body) for status, body in answers.values() if status == 200]
    if len(documents) < len(answers) or any(document != documents[0] for document in documents):
        raise RuntimeError(f"{method.title}: the answers differ: {answers}")


def ratios(results, name):
    """How many times as many requests per second the gateway answers as the other, and how many times less processor
    time each takes."""
    own, other = results["gateway"], results[name]
    return {"requests": report.ratio(own, other), "cpu": report.ratio(other, own, "cpu_micros_per_request")}


def table(rounds):
    lines = [f"{'':60} {'requests/s':>10} {'p50 µs':>8} {'p99 µs':>8} {'CPU µs':>8} {'gateway is':>11} {'by CPU':>7}"]
    for title, results in rounds.items():
        for name, result in results.items():
            line = (
                f"{f'MOCK, {title}: {name}':60} {median(result, 'requests_per_second'):10,.0f} "
                f"{median(result, 'p50_micros'):8,.0f} {median(result, 'p99_micros'):8,.0f} "
                f"{median(result, 'cpu_micros_per_request'):8,.1f}"
            )
            if name != "gateway":
                times = ratios(results, name)
                target = f"≥ {TARGET} {reached(times['requests'] >= TARGET)}"
                line += f" {times['requests']:10.1f}× {times['cpu']:6.1f}×  {target}"
            lines.append(line)
    return "\n".join(lines)


def main():
    options = arguments()
    tools = command.tools(options)
    conditions = report.conditions(options, tools)
    with tempfile.TemporaryDirectory(prefix="apigw-bench-") as folder:
        rounds, memory, version = measure(options, tools, Path(folder))
    print(table(rounds))
    report.write({
        **conditions, "connections": CONNECTIONS,
        "localstack": {
            "version": version, "variants": VARIANTS, "memory_kib": memory,
            "methods": {
                title: {
                    "ratios": {name: ratios(results, name) for name in results if name != "gateway"},
                    "rounds": results,
                }
                for title, results in rounds.items()
            },
        },
    })


if __name__ == "__main__":
    report.run(main)
