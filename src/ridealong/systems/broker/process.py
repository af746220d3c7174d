"""The small broker's own process, which ends when its parent does: see `ridealong.child`.

It is the broker that librdkafka has built in: Kafka's protocol, one copy of each partition, in
memory. What its callers cannot ask by the protocol they ask here: a line
`topic NAME PARTITIONS` makes a topic, which is told when it is there.
"""

import ctypes
import os
import sys
from pathlib import Path
from typing import Any, Final

from ridealong.child import tell, wanted

JOIN_DELAY_MS: Final = 500
"""How long the first member of a group waits for others (feasibility-brokers: settled in one go)."""

_POINTER: Final = ctypes.c_void_p


class NoBroker(Exception):
    """A library that has no broker; one line."""


def main() -> None:
    """Start the broker, and make the topics that are asked for."""
    asked = wanted()
    try:
        cluster = _Cluster(asked["brokers"])
    except (NoBroker, OSError, AttributeError) as error:
        tell({"error": f"confluent-kafka has no broker of its own here: {error}"})
        raise SystemExit(2) from None
    tell({"bootstrap": cluster.bootstrap})
    for line in sys.stdin.buffer:
        word, name, partitions = line.decode().split()
        if word == "topic":
            tell({"topic": name, "code": cluster.make_topic(name, int(partitions))})
    os._exit(0)  # its threads have nothing to say any more


class _Cluster:
    """The broker, called through the library's C interface."""

    def __init__(self, brokers: int) -> None:
        library: Any = ctypes.CDLL(str(_library()))
        self._library = library
        library.rd_kafka_conf_new.restype = _POINTER
        library.rd_kafka_conf_set.argtypes = [
            _POINTER,
            *[ctypes.c_char_p] * 3,
            ctypes.c_size_t,
        ]
        library.rd_kafka_new.restype = _POINTER
        library.rd_kafka_new.argtypes = [
            ctypes.c_int,
            _POINTER,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ]
        library.rd_kafka_mock_cluster_new.restype = _POINTER
        library.rd_kafka_mock_cluster_new.argtypes = [_POINTER, ctypes.c_int]
        library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
        library.rd_kafka_mock_cluster_bootstraps.argtypes = [_POINTER]
        library.rd_kafka_mock_topic_create.argtypes = [
            _POINTER,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.c_int,
        ]
        library.rd_kafka_mock_group_initial_rebalance_delay_ms.argtypes = [
            _POINTER,
            ctypes.c_int32,
        ]
        said = ctypes.create_string_buffer(256)
        settings = library.rd_kafka_conf_new()
        library.rd_kafka_conf_set(settings, b"log_level", b"2", said, len(said))
        producer = library.rd_kafka_new(0, settings, said, len(said))
        if not producer:
            raise NoBroker(said.value.decode())
        self._cluster = library.rd_kafka_mock_cluster_new(producer, brokers)
        if not self._cluster:
            raise NoBroker("it did not start")
        library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, JOIN_DELAY_MS)

    @property
    def bootstrap(self) -> str:
        """Where it is."""
        found: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster)
        return found.decode()

    def make_topic(self, name: str, partitions: int) -> int:
        """Make a topic and return the protocol's code for what came of it, 0 when it is there."""
        code: int = self._library.rd_kafka_mock_topic_create(
            self._cluster, name.encode(), partitions, 1
        )
        return code


def _library() -> Path:
    """Return the library that confluent-kafka brings along: Linux and Windows, then macOS."""
    import confluent_kafka

    root = Path(confluent_kafka.__file__).parents[1]
    for pattern in ("confluent_kafka.libs/*rdkafka*", "confluent_kafka/.dylibs/librdkafka*"):
        for path in sorted(root.glob(pattern)):
            if os.name == "nt":
                os.add_dll_directory(str(path.parent))  # type: ignore[attr-defined,unused-ignore]
            return path
    raise NoBroker("its library is not where it was expected")


if __name__ == "__main__":
    main()
