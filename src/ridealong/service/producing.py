"""A producer of events, for the service and its relay, which needs nothing else of the service."""

from typing import Any


def producer(bootstrap: str) -> Any:
    """Return a producer of events."""
    from confluent_kafka import Producer

    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 2,
            "topic.metadata.refresh.fast.interval.ms": 50,
            "message.timeout.ms": 5_000,
            "log_level": 0,
        }
    )
