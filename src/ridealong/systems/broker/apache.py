"""Apache Kafka itself, of our own: fetched once by Maven, run by Java, gone when its parent is.

As a program it is the process that watches over it: see `ridealong.child`. It takes `kill N` and
`start N`, where N is a node's number, and `0` all of them.
"""

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

import platformdirs

from ridealong.child import tell, wanted

VERSION: Final = "4.1.1"
"""As in pom.xml, which a test compares."""

LEAST_JAVA: Final = 17
START_SECONDS: Final = 60.0
FETCH_SECONDS: Final = 600.0
_DIE_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG of prctl(2)
_JAVA: Final = (
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # it is here for minutes: quick to start is quick
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
)


class NoKafka(Exception):
    """Kafka that cannot be fetched or started: what was seen, and what to try."""


def libraries_folder() -> Path:
    """Return the folder in which what Maven fetched is kept."""
    return Path(platformdirs.user_cache_path("ridealong")) / f"kafka-{VERSION}"


def missing() -> str:
    """Return why Kafka cannot run here, in one line with what to do; "" when it can."""
    java = shutil.which("java")
    if java is None:
        return f"Java is missing: install Java {LEAST_JAVA} or newer, so that `java` is on the path"
    if not _fetched() and shutil.which("mvn") is None:
        return (
            "Maven is missing, which fetches Kafka once: install it, so that `mvn` is on the path"
        )
    return ""


def fetch(progress: Callable[[str], None] = lambda line: None) -> Path:
    """Return the folder with Kafka's libraries; they are fetched once, about 45 MB.

    Args:
        progress: is told when it is about to take a while.

    Raises:
        NoKafka: when Java or Maven is missing, or nothing can be fetched.
    """
    reason = missing()
    if reason:
        raise NoKafka(reason)
    folder = libraries_folder()
    if _fetched():
        return folder
    progress(f"Kafka {VERSION} is fetched once, about 45 MB, into {folder}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=folder.parent) as new,
        as_file(files("ridealong.systems.broker") / "pom.xml") as pom,
    ):
        shutil.copy(pom, new)  # Maven writes beside it
        command = [
            str(shutil.which("mvn")),
            "--batch-mode",
            "--quiet",
            "--file",
            str(Path(new) / "pom.xml"),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={Path(new) / 'libraries'}",
        ]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise NoKafka(
                f"Maven has not fetched Kafka in {FETCH_SECONDS:.0f} s: try again later, it goes on "
                "where it stopped"
            ) from None
        if done.returncode or not list((Path(new) / "libraries").glob("kafka_*.jar")):
            lines = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
            told = lines[0][:200] if lines else "it said nothing"
            raise NoKafka(f"Maven did not fetch Kafka: {told}")
        with contextlib.suppress(OSError):  # somebody else was quicker
            os.replace(Path(new) / "libraries", folder)
    return folder


def _fetched() -> bool:
    return bool(list(libraries_folder().glob(f"kafka_*-{VERSION}.jar")))


class _Node:
    """One process of Kafka: a broker, the controller that tells brokers who leads, or both.

    A single node is both. Of several, all are brokers, and the controller is a process apart, as in
    production: two brokers of three may be killed and the third still be told that it is alone.

    Args:
        number: from 1; the controller apart has the number behind the last broker's.
        ports: of the brokers, in order, and of the controller.
        folder: for its settings and messages.
    """

    def __init__(self, number: int, ports: list[int], folder: Path) -> None:
        copies = len(ports) - 1
        self.number = number
        self.is_broker = number <= copies
        is_controller = copies == 1 or not self.is_broker
        self.port = ports[number - 1]
        self.folder = folder / f"node-{number}"
        self.settings = folder / f"node-{number}.properties"
        self.process: subprocess.Popen[bytes] | None = None
        listeners = [
            *([f"PLAINTEXT://127.0.0.1:{self.port}"] if self.is_broker else []),
            *([f"CONTROLLER://127.0.0.1:{ports[-1]}"] if is_controller else []),
        ]
        roles = [
            *(["broker"] if self.is_broker else []),
            *(["controller"] if is_controller else []),
        ]
        voter = 1 if copies == 1 else copies + 1
        lines = {
            "process.roles": ",".join(roles),
            "node.id": number,
            "controller.quorum.voters": f"{voter}@127.0.0.1:{ports[-1]}",
            "listeners": ",".join(listeners),
            "advertised.listeners": listeners[0],
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": self.folder.as_posix(),
            "num.partitions": 4,
            "auto.create.topics.enable": "false",
            "default.replication.factor": copies,
            "min.insync.replicas": min(2, copies),
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": 3,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": min(2, copies),
            "transaction.state.log.num.partitions": 3,
            "group.initial.rebalance.delay.ms": 500,
            "group.min.session.timeout.ms": 1000,
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
        }
        self.settings.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))

    def format(self, classpath: str, cluster: str) -> None:
        """Make its folder ready.

        Raises:
            NoKafka: with the last line that was said.
        """
        done = subprocess.run(
            [
                *_java(classpath, "kafka.tools.StorageTool"),
                "format",
                f"--cluster-id={cluster}",  # in one: it may begin with a dash
                "--config",
                str(self.settings),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NoKafka(_last(done.stdout + done.stderr))

    def start(self, classpath: str) -> None:
        """Start it; it is ready when it answers."""
        self.process = subprocess.Popen(
            [*_java(classpath, "kafka.Kafka"), str(self.settings)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.settings.with_suffix(".log").open("ab"),
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )

    def kill(self) -> None:
        """Kill it, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def has_ended(self) -> bool:
        """Whether its process is gone."""
        return self.process is not None and self.process.poll() is not None

    def last_words(self) -> str:
        """Return the last line that it said."""
        return _last(self.settings.with_suffix(".log").read_text(errors="replace"))


def _java(classpath: str, program: str) -> list[str]:
    return ["java", *_JAVA, "-cp", classpath, program]


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _last(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("\tat ")]
    return lines[-1][:300] if lines else "it said nothing"


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _wait_until_ready(nodes: list[_Node]) -> None:
    """Wait until all nodes answer and know each other.

    Raises:
        NoKafka: when one of them has ended, or the time is over.
    """
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    seconds = START_SECONDS * (2 if len(nodes) > 1 else 1)  # several start at once
    ends = time.monotonic() + seconds
    brokers = [node for node in nodes if node.is_broker]
    client = AdminClient(
        {
            "bootstrap.servers": _bootstrap(brokers),
            "log_level": 0,
            "reconnect.backoff.max.ms": 200,
        }
    )
    while time.monotonic() < ends:
        for node in nodes:
            if node.has_ended:
                raise NoKafka(node.last_words())
        with contextlib.suppress(KafkaException, OSError):
            for node in brokers:  # one that was killed is listed until its session ends
                socket.create_connection(("127.0.0.1", node.port), timeout=1).close()
            if len(client.list_topics(timeout=1).brokers) == len(brokers):
                return
        time.sleep(0.05)
    raise NoKafka(f"it has not answered in {seconds:.0f} s")


def _bootstrap(nodes: list[_Node]) -> str:
    return ",".join(f"127.0.0.1:{node.port}" for node in nodes if node.is_broker)


def main() -> None:
    """Run the nodes until standard input closes."""
    asked = wanted()
    folder = Path(tempfile.mkdtemp(prefix="ridealong-kafka-"))
    nodes: list[_Node] = []
    try:
        try:
            classpath = str(fetch() / "*")
            ports = _free_ports(asked["nodes"] + 1)
            cluster = urlsafe_b64encode(uuid.UUID(bytes=secrets.token_bytes(16)).bytes)
            processes = 1 if asked["nodes"] == 1 else asked["nodes"] + 1
            nodes = [_Node(number + 1, ports, folder) for number in range(processes)]
            _at_once(nodes, lambda node: node.format(classpath, cluster.decode().rstrip("=")))
            for node in nodes:
                node.start(classpath)
            _wait_until_ready(nodes)
        except (NoKafka, OSError) as error:
            tell({"error": str(error).partition("\n")[0]})
            raise SystemExit(2) from None
        tell(
            {
                "bootstrap": _bootstrap(nodes),
                "pids": [node.process.pid for node in nodes if node.process],
                "folder": str(folder),
            }
        )
        for line in sys.stdin.buffer:
            _obey(line.decode().split(), nodes, classpath)
    finally:
        for node in nodes:
            node.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _obey(words: list[str], nodes: list[_Node], classpath: str) -> None:
    order, number = words[0], int(words[1])
    chosen = [node for node in nodes if number in (0, node.number)]
    if order == "kill":
        for node in chosen:
            node.kill()
    if order == "start":
        for node in chosen:
            if node.has_ended:
                node.start(classpath)
        try:
            _wait_until_ready([node for node in nodes if not node.has_ended])
        except NoKafka as error:
            tell({"error": str(error)})
            return
    tell({"done": order, "pids": [node.process.pid for node in nodes if node.process]})


def _at_once(nodes: list[_Node], work: Callable[[_Node], Any]) -> None:
    """Do something for all nodes at the same time, and raise the first error."""
    errors: list[BaseException] = []

    def do(node: _Node) -> None:
        try:
            work(node)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=do, args=(node,)) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


if __name__ == "__main__":
    main()
