"""Requests per second of the filters and of whole gateways, against Envoy without them. See README.md here."""

import contextlib
import tempfile
from pathlib import Path

import command
import report
import start
import tokens
from peers import CALLS, PEERS, SERVICES, bootstraps, chosen
from processes import CONNECTIONS, Envoy, cores, get, load, progress, turns

WARM_UP_SECONDS = 2
START = "start"


def arguments():
    names = [peer.name for peer in PEERS] + [START]
    parser = command.parser("bench", __doc__, seconds=4, rounds=3)
    parser.add_argument("--starts", type=int, default=3, help="of every Envoy, each with all rounds [default: 3]")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure [default: all]: {', '.join(names)}")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in names]:
        parser.error(f"unknown: {', '.join(unknown)}; expected some of {', '.join(names)}")
    if min(options.seconds, options.rounds, options.starts) < 1:
        parser.error("expected at least one second, one round and one start")
    return options


def measure(tools, peers, options, folder):
    """All rounds of all peers, and the memory that each Envoy holds before the first request.

    No two starts are alike: where code and data come to lie in memory makes some per cent. So every Envoy is started
    more than once.
    """
    rounds, memory = {peer.name: [] for peer in peers}, {}
    for number in range(options.starts):
        progress(f"start {number + 1} of {options.starts}")
        own_folder = folder / f"start-{number}"
        own_folder.mkdir()
        results, memory = measure_start(tools, peers, options.seconds, options.rounds, own_folder)
        for name, own in results.items():
            rounds[name].extend(own)
    return rounds, memory


def measure_start(tools, peers, seconds, rounds, folder):
    """The rounds of one start, and the memory that each Envoy held before the first of them."""
    envoy_core, load_core = cores()
    wanted = {peer.gateway for peer in peers}
    with contextlib.ExitStack() as running:
        def envoy(name, bootstrap, core):
            return running.enter_context(Envoy(tools.envoy, bootstrap, folder, name, core))

        called = {CALLS[name] for name in wanted if name in CALLS}
        ports = {name: envoy(f"service-{name}", SERVICES[name](), load_core).port for name in sorted(called)}
        makers = bootstraps(tools, folder)
        gateways = {
            name: envoy(name, make(ports.get(CALLS.get(name))), envoy_core) for name, make in makers.items() if name in wanted
        }
        memory = {name: gateway.memory_kib() for name, gateway in gateways.items()}
        sent = {count: token_file(folder, count) for count in {peer.tokens for peer in peers} - {0}}
        for peer in peers:
            port = gateways[peer.gateway].port
            authorization = {"authorization": f"Bearer {first_line(sent[peer.tokens])}"} if peer.tokens else {}
            status, body = get(f"127.0.0.1:{port}", peer.path, {**peer.headers_for(port), **authorization}, peer.body)
            if status != 200:
                raise RuntimeError(f"{peer.name}: answered {status} {body!r}, expected 200")
            send(gateways[peer.gateway], peer, WARM_UP_SECONDS, load_core, sent)
        results = {peer.name: [] for peer in peers}
        for peer in turns(peers, rounds):
            results[peer.name].append(send(gateways[peer.gateway], peer, seconds, load_core, sent))
    return results, memory


def send(gateway, peer, seconds, core, sent):
    """One run of load against one peer."""
    return load(gateway, peer.path, peer.headers_for(gateway.port), seconds, core, peer.body, sent.get(peer.tokens))


def token_file(folder, count):
    """A file of so many tokens, a line each."""
    path = folder / f"tokens-{count}"
    path.write_text("".join(f"{token}\n" for token in tokens.signed(count)))
    return path


def first_line(path):
    with path.open() as lines:
        return next(lines).strip()


def main():
    options = arguments()
    tools = command.tools(options)
    names = set(options.names)
    peers = [] if names == {START} else chosen(names - {START})
    value = {**report.conditions(options, tools), "starts": options.starts, "connections": CONNECTIONS}
    rounds, memory = {}, {}
    with tempfile.TemporaryDirectory(prefix="apigw-bench-") as folder:
        folder = Path(folder)
        if peers:
            rounds, memory = measure(tools, peers, options, folder)
            print(report.table(peers, rounds))
        if START in names or not names:
            progress(f"{start.RUNS} starts with {start.KEYS:,} keys")
            value[START] = start.measure(tools, folder)
            print(start.line(value[START]))
    report.save(value, tools, peers, rounds, memory)


if __name__ == "__main__":
    report.run(main)
