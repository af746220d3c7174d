"""How a service is set up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ridealong.service.tokens import Issuer, new_private_key

AUDIENCE: Final = "ridealong-api"


class ServiceError(Exception):
    """A service that does not start or does not answer: what was seen, and what to try."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one may choose; every default fits a notebook.

    Attributes:
        database: address of a SQLite or PostgreSQL database; empty for a SQLite file in a
            temporary folder, which is removed at the end.
        port: on 127.0.0.1; 0 takes a free one.
        requests_per_second: how many new requests a caller may make each second, in the long run.
        burst: how many at once.
        body_limit_bytes: a larger body is refused with 413.
        head_limit_bytes: request line and header fields together; more is refused with 431.
        slow_client_seconds: within which the head, and then the body, has to be there; else 408.
        concurrent_requests: more at one time are refused with 503.
        log_rows_kept: the oldest rows of the request log go when there are more.
        pause_before_commit_seconds: a fault to play with: how long a change waits before it is
            written, as on a slow day.
        cache_url: address of a cache that speaks the Redis protocol, through which free drivers are
            counted; empty for none.
        cache_prefix: of our keys there.
        cache_policy: how answers are kept there, as `caching.read_policy` takes it.
        cache_wait_seconds: within which the cache has to answer; else the database is read.
        events: how the company is told of completed rides, one of `events.MODES`; empty: not at all.
        events_broker: where, as Kafka's `bootstrap.servers`; the outbox needs none.
        events_topic: its topic.
        events_key: which events stay in one partition, one of `events.KEYS`.
        steps_in_request: addresses to which a completed ride is sent, one after the other, before
            the driver's app has its answer; one that fails fails the ride.
        killed_at_rides: a fault to play with: the service is killed while it completes one of them,
            between the database and the event.
        virtual_clock: for tests: entries of the cache age by the header field X-Virtual-Seconds.
        private_key: signs access tokens (JWK text, see `tokens.new_private_key`).
    """

    database: str = ""
    port: int = 0
    requests_per_second: float = 20.0
    burst: int = 100
    body_limit_bytes: int = 64 * 1024
    head_limit_bytes: int = 32 * 1024
    slow_client_seconds: float = 10.0
    concurrent_requests: int = 500
    log_rows_kept: int = 200_000
    pause_before_commit_seconds: float = 0.0
    cache_url: str = field(default="", repr=False)
    cache_prefix: str = "ridealong:service:"
    cache_policy: Mapping[str, Any] | None = None
    cache_wait_seconds: float = 0.1
    events: str = ""
    events_broker: str = ""
    events_topic: str = ""
    events_key: str = "ride"
    steps_in_request: tuple[str, ...] = ()
    killed_at_rides: tuple[int, ...] = ()
    virtual_clock: bool = False
    private_key: str = field(default_factory=new_private_key, repr=False)


def issuer(settings: Settings) -> Issuer:
    """Return what signs the tokens of a service that listens on `settings.port`."""
    return Issuer(address(settings), AUDIENCE, settings.private_key)


def address(settings: Settings) -> str:
    """Return the address of the service."""
    return f"http://127.0.0.1:{settings.port}"
