"""What the labs on caches show, measured on each server, and what they say when they cannot."""

import os
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

import own_redis
from cache_servers import BEST, SERVERS, part
from ridealong.dataset import connection
from ridealong.labs import cache as lab
from ridealong.labs import waits
from ridealong.labs.sql.database import LabError
from ridealong.show import pictures
from ridealong.show.views import rows_of
from ridealong.systems.cache.server import VARIABLE, Cache, CacheError
from ridealong.systems.cache.traffic import evening

ZONES = {"key": "{city}:{zone}", "ttl_seconds": 5}
CAREFUL = ZONES | {
    "ttl_seconds": 20, "on_write": "delete", "late_fills": "refuse", "single_flight": True,
    "never_shared": ["offer"],
}  # fmt: skip


def rows(view: Any) -> dict[Any, tuple[Any, ...]]:
    """The rows of a view by their first column."""
    return {row[0]: row[1:] for row in rows_of(view.table)}


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    """No cache runs before or after."""
    lab._cache = None
    yield
    if lab._cache is not None:
        lab._cache.stop()
        lab._cache = None


def start(server: str, request: pytest.FixtureRequest) -> Cache:
    """Start the lab's cache on a server."""
    if server != "outside":
        return lab.start_cache(server)
    monkeypatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setenv(VARIABLE, request.getfixturevalue("redis_address"))
    return lab.start_cache()


def test_run_all_twice_leaves_one_cache() -> None:
    first = lab.start_cache(BEST)
    second = lab.start_cache(BEST)

    assert not first.is_running and second.is_running and lab._cache is second


def test_a_cache_that_cannot_start_leaves_none_behind() -> None:
    lab.start_cache(BEST)
    with pytest.raises(CacheError, match="has no eviction"):
        lab.start_cache("fakeredis", memory_bytes=2_000_000)
    assert lab._cache is None


@pytest.mark.parametrize("server", SERVERS)
def test_replay_runs_against_the_server_that_was_started(
    server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "evening", lambda name: part())
    in_memory = lab.measured(CAREFUL)
    cache = start(server, request)
    cache.client.set(cache.prefix + "left", "over from before")
    shown = lab.replay(CAREFUL)

    assert shown.title == f"An evening with {cache.described}"
    assert "left" not in cache.keys()  # noqa: SIM118
    measured = rows(shown)
    assert measured["looks that the cache answers"] == (f"{in_memory.hit_ratio:.1%}",)
    assert measured["cars with two riders"] == (0,)
    assert measured["kept in the cache (bytes)"] == (in_memory.memory_bytes,)
    assert "failed" not in shown.summary
    assert shown.picture and "looks and reads of the database per second" in shown.picture.alt


def test_lines_end_with_the_evening_and_looks_show_beneath_the_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[Any] = []

    def picture(figure: Any, alt: str) -> None:
        lines.extend(figure.axes[0].get_lines())

    monkeypatch.setattr(pictures, "Picture", picture)
    lab.replay(None, read_seconds=0.3)  # a read of the last second ends after the evening
    looks, reads = lines

    assert list(looks.get_xdata()) == list(reads.get_xdata()) == list(range(12))
    assert list(looks.get_ydata()) == pytest.approx(list(reads.get_ydata()), abs=0.5)
    assert looks.get_linewidth() > reads.get_linewidth()


def test_replay_says_when_there_is_no_cache_and_when_none_is_wanted() -> None:
    assert "start_cache() starts a real one" in lab.replay(ZONES).title
    without = lab.replay(None)
    assert without.title == "An evening with no cache"
    assert rows(without)["looks that the cache answers"] == ("0.0%",)
    assert without.summary.startswith("0.0% of 13,091 looks")


def test_replay_tells_of_a_cache_that_was_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "evening", lambda name: part())
    cache = lab.start_cache(BEST)
    looked = lab.Outlasting.get
    turns = iter(range(10**6))

    def kill_once(self: Any, key: str) -> Any:
        if next(turns) == 100:
            cache.kill()
        return looked(self, key)

    monkeypatch.setattr(lab.Outlasting, "get", kill_once)
    shown = lab.replay(ZONES)

    assert "1 call of the cache failed and went to the database" in shown.summary
    assert "started again" in shown.summary and cache.is_running


def test_an_outside_cache_that_went_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with own_redis.running() as url:
        monkeypatch.setenv(VARIABLE, url)
        lab.start_cache()
    with pytest.raises(LabError) as told:
        lab.replay(ZONES)
    assert "does not answer any more" in str(told.value) and "\n" not in str(told.value)
    assert "start_cache()" in str(told.value)


def test_a_cache_that_was_killed_between_two_cells_is_told() -> None:
    lab.start_cache(BEST).kill()
    assert "start_cache() starts a real one" in lab.replay(ZONES).title


def test_compare_names_both() -> None:
    shown = lab.compare(None, CAREFUL)

    measured = rows(shown)
    assert measured["looks that the cache answers"][0] == "0.0%"
    assert (
        measured["reads of the database per second"][0]
        > 3 * (measured["reads of the database per second"][1])
    )
    assert "as often as the first" in shown.summary


def test_compare_says_in_words_that_two_policies_read_equally_often() -> None:
    kept = {name: CAREFUL[name] for name in ("key", "ttl_seconds")}

    summary = lab.compare(kept, {**kept, "never_shared": ["offer"]}).summary
    assert summary.startswith("The second reads the database just as often as the first,")


def test_sweep_shows_both_prices_of_time() -> None:
    shown = lab.sweep(ZONES, [1, 5, 20])

    table = rows(shown)
    reads, ghosts = ([table[ttl][column] for ttl in (1, 5, 20)] for column in (1, 3))
    assert reads == sorted(reads, reverse=True) and ghosts == sorted(ghosts)
    assert shown.picture and shown.picture.alt.count(" s ") >= 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((ZONES, []), "0 times to live: give one to twelve"),
        ((ZONES, list(range(1, 14))), "13 times to live"),
        ((ZONES, [0]), "ttl_seconds is 0"),
        (("{city}", [1]), "wanted lines such as"),
        (({"key": "{town}"}, [1]), "key holds {town}"),
    ],
)
def test_sweep_that_cannot_be_is_told(arguments: tuple[Any, Any], words: str) -> None:
    with pytest.raises(LabError) as told:
        lab.sweep(*arguments)
    assert words in str(told.value)


def test_traffic_counts_what_is_replayed() -> None:
    shown = lab.traffic()

    looks = sum(each.kind == "look" for each in evening().events)
    assert sum(row[1] for row in rows(shown).values()) == looks
    assert f"{looks:,} looks in 12 minutes" in shown.summary
    assert shown.picture and "the other four cities stay below" in shown.picture.alt
    most = {city: row[1] for city, row in rows(shown).items()}
    assert shown.picture.alt.split(": ")[1].startswith(max(most, key=lambda city: most[city]))


def test_replay_log_is_a_table_of_the_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    con = duckdb.connect()
    monkeypatch.setattr(connection, "_current", con)
    shown = lab.replay_log(ZONES)
    run = lab.measured(ZONES)

    counted = con.execute(
        "SELECT count(*), sum(is_hit::INT), sum((shown_cars > 0 AND free_cars = 0)::INT), "
        "count(DISTINCT city_id) FROM replay_log"
    ).fetchone()
    assert counted == (len(run.looks), *(run.counts()[name] for name in ("hits", "ghosts")), 5)
    columns = con.execute("DESCRIBE replay_log").fetchall()
    assert {name: kind for name, kind, *_ in columns} == {
        name: kind for name, (kind, _) in lab.log.LOG.items()
    }
    assert "13,091 looks, one row each" in shown.summary
    lab.replay_log(None)
    assert con.execute("SELECT count(*) FROM replay_log WHERE is_hit").fetchone() == (0,)


@pytest.mark.parametrize(
    ("arguments", "situation", "words"),
    [
        (({"key": "{city}"},), {}, "the policy lacks ttl_seconds"),
        ((ZONES, "tuesday"), {}, "no evening is called 'tuesday': there are public, hidden"),
        ((ZONES,), {"speed": 2}, "a situation has speed: known are read_seconds, zone_seconds"),
        ((ZONES,), {"read_seconds": -1}, "read_seconds is -1, wanted seconds from 0 to 60"),
        ((ZONES,), {"read_seconds": "1"}, "read_seconds is '1'"),
        ((ZONES,), {"zone_seconds": 61}, "zone_seconds is 61, wanted seconds from 0 to 60"),
        ((ZONES,), {"emptied_at_seconds": 5}, "emptied_at_seconds is 5, wanted a list of seconds"),
        ((ZONES,), {"emptied_at_seconds": [9999]}, "wanted a list of seconds from 0 to 720"),
        ((ZONES,), {"warmed": 1}, "warmed is 1, wanted True or False"),
    ],
)
def test_what_cannot_be_replayed_is_told(
    arguments: tuple[Any, ...], situation: dict[str, Any], words: str
) -> None:
    with pytest.raises(LabError) as told:
        lab.replay(*arguments, **situation)
    assert words in str(told.value) and "\n" not in str(told.value)


def test_a_list_of_seconds_is_as_good_as_a_tuple() -> None:
    emptied = lab.measured(ZONES, emptied_at_seconds=[360])
    assert emptied.counts() == lab.measured(ZONES, emptied_at_seconds=(360.0,)).counts()


def test_progress_is_shown_in_a_notebook_only(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    hidden: list[bool] = []

    class Bar:
        def __init__(self, **options: bool) -> None:
            hidden.append(options["hidden"])

        def __enter__(self) -> Any:
            return lambda done, of, text: told.append((done, of))

        def __exit__(self, *_: object) -> None:
            return

    monkeypatch.setattr(waits, "progress_bar", Bar)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    lab.measured(ZONES)
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    lab.measured(ZONES)

    assert hidden == [True, False] and told[-1] == (100, 100)
    assert "JPY_SESSION_NAME" in os.environ


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pictures be the figures that they are made of."""
    monkeypatch.setattr(lab.pictures, "Picture", lambda figure, alt: figure)


@pytest.mark.usefixtures("drawn")
def test_the_axes_of_a_sweep_show_the_marks_of_their_lines() -> None:
    runs = [lab.measured({**ZONES, "ttl_seconds": ttl}) for ttl in (1, 5)]
    figure: Any = lab._sweep_picture([1, 5], runs)

    marks = [(axes.lines[0].get_marker(), axes.get_ylabel()) for axes in figure.axes]
    assert marks == [
        ("o", "● reads per second, busiest 10 s"),
        ("s", "■ ghost cars in 1,000 looks"),
    ]


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize("name", ["public", "hidden"])
def test_no_line_of_the_traffic_runs_through_the_legend(name: str) -> None:
    figure: Any = lab._traffic_picture(name)
    figure.canvas.draw()
    (axes,) = figure.axes
    legend = axes.get_legend().get_window_extent()

    tops = [axes.transData.transform(line.get_xydata())[:, 1].max() for line in axes.lines]
    assert max(tops) < legend.y0
