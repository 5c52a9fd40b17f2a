"""WebSocket messages through a gateway, against Envoy alone in front of a WebSocket backend. See README.md here."""

import argparse
import contextlib
import json
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace

import command
import configuration
import report
from processes import Envoy, cores, get, load, on_core, printed, progress, stop, turns
from report import median, reached

# A message is a call of the integration here, and a copy there.
TARGET = 0.45
TARGET_BYTES = 64 << 10
TITLES = {"envoy": "Envoy alone", "apigw": "gateway"}
CONNECTIONS = [1, 100]
# One that Envoy alone holds has a second end, at the backend.
IDLE_CONNECTIONS = {"envoy": 4000, "apigw": 10_000}
# Opened and dropped, so many times so many. What the first rounds leave behind is what a busy Envoy holds; after them
# nothing may grow.
DROPPED_CONNECTIONS = 2500
DROPPING_ROUNDS = 8
SETTLING_ROUNDS = 4
# What a context, or an entry of any table, would take at least.
LEAK_BYTES = 256
PUSHED = '{"from":"a backend","text":"pushed"}'


def arguments():
    parser = command.parser("bench-websocket", __doc__, seconds=4, rounds=5)
    parser.add_argument("--memory", action="store_true", help="measure memory alone")
    # The WebSocket clients.
    parser.add_argument("--client", help=argparse.SUPPRESS, required=True, type=Path)
    return parser.parse_args()


def template():
    """Each message goes to an HTTP backend, whose answer goes back; a mock knows who the connection is."""
    def of_api(kind, **properties):
        return {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": {"ApiId": {"Ref": "Bench"}, **properties}}

    two_way = {"RouteResponseSelectionExpression": "$default"}
    who = '{"connectionId": "$context.connectionId"}'
    return {"Resources": {
        "Bench": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {
            "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}},
        "EchoRoute": of_api("Route", RouteKey="echo", Target={"Fn::Sub": "integrations/${Backend}"}, **two_way),
        "WhoRoute": of_api("Route", RouteKey="who", Target={"Fn::Sub": "integrations/${Who}"}, **two_way),
        "Backend": of_api("Integration", IntegrationType="HTTP_PROXY", IntegrationMethod="POST",
                          IntegrationUri="http://petstore.internal/messages"),
        "Who": of_api("Integration", IntegrationType="MOCK", RequestTemplates={"$default": '{"statusCode": 200}'}),
        "WhoResponse": of_api("IntegrationResponse", IntegrationId={"Ref": "Who"}, IntegrationResponseKey="$default",
                              ResponseTemplates={"$default": who}),
    }}


def proxy(backend_port):
    """Envoy alone, which upgrades. It would let a thousand connections in."""
    bootstrap = configuration.proxy(backend_port)
    no_limit = {"max_connections": 1_000_000, "max_requests": 1_000_000}
    bootstrap["static_resources"]["clusters"][0]["circuit_breakers"] = {"thresholds": [no_limit]}
    chain = bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]
    manager = chain["filters"][0]["typed_config"]
    manager["upgrade_configs"] = [{"upgrade_type": "websocket"}]
    manager["stream_idle_timeout"] = "0s"
    manager["route_config"]["virtual_hosts"][0]["routes"][0]["route"]["timeout"] = "0s"
    return bootstrap


class Client:
    """The WebSocket clients: one process for each run."""

    def __init__(self, program, core):
        self.program = program
        self.core = core

    def command(self, mode, port, connections, *more):
        return [self.program, mode, f"127.0.0.1:{port}", "/prod", str(connections), *map(str, more)]

    def run(self, *arguments):
        """What a client tells when it is done."""
        return json.loads(printed(self.command(*arguments), preexec_fn=on_core(self.core)))

    def load(self, port, connections, seconds):
        """Messages there and back."""
        return SimpleNamespace(**self.run("load", port, connections, seconds))

    @contextlib.contextmanager
    def hold(self, port, connections):
        """Open connections, and what the first one is told that asks who it is."""
        process = subprocess.Popen(
            self.command("hold", port, connections), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=on_core(self.core),
        )
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"{connections} connections to port {port} cannot be opened")
            yield json.loads(line)["told"]
        finally:
            stop(process)

    def drop(self, port, connections):
        """Connections that are opened, used and dropped."""
        dropped = self.run("drop", port, connections)
        if dropped["connections"] != connections:
            raise RuntimeError(f"not all of {connections} connections to port {port} could be opened: {dropped}")

    @contextlib.contextmanager
    def serve(self, mode):
        """The port of a backend that echoes."""
        process = subprocess.Popen([self.program, mode], stdout=subprocess.PIPE, text=True,
                                   preexec_fn=on_core(self.core))
        try:
            yield int(process.stdout.readline())
        finally:
            stop(process)


def measure(tools, client, options, folder):
    envoy_core, load_core = cores()
    with contextlib.ExitStack() as running:
        def envoy(name, bootstrap, core):
            return running.enter_context(Envoy(tools.envoy, bootstrap, folder, name, core))

        echo = running.enter_context(client.serve("serve"))
        http = running.enter_context(client.serve("serve-http"))
        settings = {**configuration.settings(http), "connections": {"authorization": "NONE"}}
        compiled = configuration.compiled(tools, template(), settings, folder, "gateway")
        gateways = {"envoy": envoy("plain", proxy(echo), envoy_core), "apigw": envoy("gateway", compiled, envoy_core)}
        rounds = {name: {connections: [] for connections in CONNECTIONS} for name in gateways}
        for name in turns(gateways, 0 if options.memory else options.rounds):
            gateway = gateways[name]
            for connections in CONNECTIONS:
                before = gateway.cpu_seconds()
                result = client.load(gateway.port, connections, options.seconds)
                result.cpu_micros = (gateway.cpu_seconds() - before) / result.messages * 1e6
                rounds[name][connections].append(result)
        gateway, pushes = gateways["apigw"], []
        if not options.memory:
            with client.hold(gateway.port, 1) as told:
                path = push_path(told)
                pushes = [load(gateway, path, {}, options.seconds, load_core, PUSHED) for _ in range(options.rounds)]
        memory = {name: idle_bytes(client, gateway, IDLE_CONNECTIONS[name]) for name, gateway in gateways.items()}
        dropped = leaked_bytes(client, gateway)
    return rounds, pushes, memory, dropped


def push_path(told):
    return f"/prod/@connections/{told['connectionId']}"


def idle_bytes(client, gateway, connections):
    """Memory that each idle connection takes."""
    before = gateway.memory_kib()
    with client.hold(gateway.port, connections) as told:
        held = (gateway.memory_kib() - before) * 1024 / connections
        active = statistic(gateway, "http.apigw.downstream_cx_active") if "connectionId" in told else connections
        if active < connections:
            raise RuntimeError(f"{active} of {connections} connections are open")
        if "connectionId" in told and get(f"127.0.0.1:{gateway.port}", push_path(told), body=PUSHED)[0] != 200:
            raise RuntimeError(f"a push among {connections} connections fails")
        return held


def leaked_bytes(client, gateway):
    """What each connection leaves behind that is opened and dropped."""
    held = []
    for number in range(DROPPING_ROUNDS):
        progress(f"{DROPPED_CONNECTIONS} connections, {number + 1} of {DROPPING_ROUNDS}")
        client.drop(gateway.port, DROPPED_CONNECTIONS)
        for name in ["http.apigw.downstream_cx_active", "cluster.websocket.upstream_cx_active"]:
            gateway.wait_for(lambda: statistic(gateway, name) == 0)
        held.append(gateway.memory_kib() * 1024)
    rounds = DROPPING_ROUNDS - SETTLING_ROUNDS
    return (held[-1] - held[SETTLING_ROUNDS - 1]) / (rounds * DROPPED_CONNECTIONS)


def statistic(envoy, name):
    """A counter or gauge of Envoy's."""
    text = get(envoy.admin, f"/stats?filter=^{name}$")[1].decode()
    return int(text.rpartition(":")[2])


def ratio(rounds, connections):
    """Messages per second against Envoy alone."""
    return report.ratio(rounds["apigw"][connections], rounds["envoy"][connections], "per_second")


def table(rounds, pushes, memory, dropped):
    lines = []
    for connections in CONNECTIONS if pushes else []:
        for name, title in TITLES.items():
            results = rounds[name][connections]
            lines.append(
                f"{title + f', {connections} connections':28} {median(results, 'per_second'):9,.0f} messages/s  "
                f"p50 {median(results, 'p50'):6,.0f} µs  p99 {median(results, 'p99'):7,.0f} µs  "
                f"CPU {median(results, 'cpu_micros'):5.1f} µs"
            )
        share = ratio(rounds, connections)
        lines.append(f"{'':28} {share:.3f} of Envoy alone, ≥ {TARGET} {reached(share >= TARGET)}")
    if pushes:
        lines.append(f"{'pushes to one connection':28} {median(pushes, 'requests_per_second'):9,.0f} calls/s     "
                     f"p50 {median(pushes, 'p50_micros'):6,.0f} µs")
    for name, title in TITLES.items():
        target = f", ≤ {TARGET_BYTES >> 10} {reached(memory[name] <= TARGET_BYTES)}" if name == "apigw" else ""
        lines.append(f"{f'{title}, {IDLE_CONNECTIONS[name]:,} idle':28} {memory[name] / 1024:9.1f} KiB each{target}")
    count = DROPPED_CONNECTIONS * DROPPING_ROUNDS
    lines.append(f"{f'{count:,} opened and dropped':28} {dropped:9,.0f} bytes each, ≤ {LEAK_BYTES} "
                 f"{reached(dropped <= LEAK_BYTES)}")
    return "\n".join(lines)


def main():
    options = arguments()
    tools = command.tools(options)
    conditions = report.conditions(options, tools)
    client = Client(options.client.resolve(), cores()[1])
    with tempfile.TemporaryDirectory(prefix="apigw-bench-") as folder:
        rounds, pushes, memory, dropped = measure(tools, client, options, Path(folder))
    print(table(rounds, pushes, memory, dropped))
    if options.memory:
        return
    report.write({
        **conditions, "websocket": {
            "rounds": rounds, "ratio": {connections: ratio(rounds, connections) for connections in CONNECTIONS},
            "pushes": pushes, "idle_connections": IDLE_CONNECTIONS,
            "bytes_per_idle_connection": memory, "bytes_per_dropped_connection": dropped,
        },
    })


if __name__ == "__main__":
    report.run(main)
