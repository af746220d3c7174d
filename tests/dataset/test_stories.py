"""The planted stories hold, for any seed, and a story that misses is an error."""

import json
import os

import duckdb
import pytest

from ridealong.dataset import build, stories
from ridealong.dataset.build import build_database
from ridealong.dataset.stories import AT_EVERY_SCALE, TITLES, StoryMissing

# Any seeds will do: name others in RIDEALONG_STORY_SEEDS to try them. In 20260901 slow calls of riders
# with few rides hid story S3, in 1038 the concert's city had too few drivers.
SEEDS = [
    int(seed)
    for seed in os.environ.get("RIDEALONG_STORY_SEEDS", "3 7919 20260901 1038 2718281").split()
]

# What the stories S3, S6, S12 and S13 do not need: two fifths of the time that a small company takes.
LEFT_OUT = (
    "15_ride_events.sql",
    "17_supply.sql",
    "20_support.sql",
    "21_app_events.sql",
    "22_experiments.sql",
    "23_staging.sql",
)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_story_holds_for_other_seeds(tmp_path, seed):
    report = build_database(tmp_path / "other.duckdb", scale=1, seed=seed)
    assert [code for code in TITLES if not report.truth[code]["present"]] == []


def test_small_companies_have_the_stories_that_need_few_riders(tmp_path, monkeypatch):
    """30 seeds, with the tables that four of these stories need; all of it 1,000 times each week."""
    folder = tmp_path / "truth"
    folder.mkdir()
    for code in ("s03", "s06", "s12", "s13"):
        (path,) = stories._FOLDER.glob(f"{code}_*.sql")
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(stories, "_FOLDER", folder)
    steps = tuple(step for step in build._STEPS if step.file not in LEFT_OUT)
    assert len(steps) == len(build._STEPS) - len(LEFT_OUT)
    monkeypatch.setattr(build, "_STEPS", steps)

    for seed in range(1, 31):
        report = build_database(tmp_path / f"{seed}.duckdb", scale=0.1, seed=seed, threads=1)
        assert all(story["present"] for story in report.truth.values()), seed
        assert report.draws <= 2, seed


@pytest.mark.weekly
def test_a_thousand_small_companies_have_the_stories_that_need_few_riders(tmp_path):
    draws = []
    for seed in range(1, 1001):
        path = tmp_path / "small.duckdb"
        report = build_database(path, scale=0.1, seed=seed, threads=1)
        path.unlink()
        draws.append(report.draws)
        missing = [code for code in AT_EVERY_SCALE if not report.truth[code]["present"]]
        assert missing == [], seed
    assert max(draws) <= 4
    assert draws.count(1) >= 900


@pytest.mark.weekly
def test_a_hundred_companies_have_every_story(tmp_path):
    draws = []
    for seed in range(1000, 1100):
        path = tmp_path / "standard.duckdb"
        report = build_database(path, scale=1, seed=seed)
        path.unlink()
        draws.append(report.draws)
        assert [code for code in TITLES if not report.truth[code]["present"]] == [], seed
    assert max(draws) <= 4
    assert draws.count(1) >= 90


def test_a_company_without_a_promised_story_is_drawn_again(tmp_path, monkeypatch):
    """S3 is said to miss in the first draw: the second one is taken, always the same one."""
    told = []

    def tell(con, *, scale):
        (first,) = con.execute("SELECT name FROM users WHERE user_id = 1").fetchall()
        told.append(first)
        if len(told) % 2:
            raise StoryMissing("story S3 is not in the data")
        return {}

    monkeypatch.setattr(build, "tell", tell)
    monkeypatch.setattr(build, "_STEPS", [step for step in build._STEPS if step.core])
    for name in ("one", "two"):
        report = build_database(
            tmp_path / f"{name}.duckdb", scale=0.1, seed=5, threads=1, checksums=True
        )
        assert report.draws == 2
        with duckdb.connect(str(tmp_path / f"{name}.duckdb"), read_only=True) as con:
            assert con.execute("SELECT seed FROM meta.build").fetchall() == [(5,)]
            assert con.execute("SELECT name FROM users WHERE user_id = 1").fetchall() == [told[-1]]
    first, second, again, same = told
    assert (first, second) == (again, same)
    assert first != second


def test_a_story_that_no_draw_has_is_an_error(tmp_path, monkeypatch):
    def tell(con, *, scale):
        raise StoryMissing("story S3 is not in the data")

    monkeypatch.setattr(build, "tell", tell)
    monkeypatch.setattr(build, "_STEPS", [step for step in build._STEPS if step.core])
    monkeypatch.setattr(build, "DRAWS", 2)
    with pytest.raises(StoryMissing, match="story S3"):
        build_database(tmp_path / "none.duckdb", scale=0.1, seed=5, threads=1)
    assert not (tmp_path / "none.duckdb").exists()


def test_every_story_has_truth_and_naive_answers(standard):
    assert set(standard.report.truth) == set(TITLES) == {f"S{number}" for number in range(1, 16)}
    for code, story in standard.report.truth.items():
        assert story["present"], code
        assert story["truth"], code
        assert story["naive_answers"], code
        assert None not in story["truth"].values(), code


def test_truth_can_be_written_as_json(standard):
    text = json.dumps(standard.report.truth)
    assert json.loads(text) == standard.report.truth


def test_truth_is_not_in_the_database(standard):
    rows = standard.con.execute(
        "SELECT table_name FROM duckdb_tables() "
        "WHERE table_name ILIKE '%truth%' OR table_name ILIKE '%naive%' "
        "OR table_name IN ('planted', 'person', 'ring', 'timed_out')"
    ).fetchall()
    assert rows == []


def test_small_database_says_which_stories_are_absent(small):
    assert set(small.report.truth) == set(TITLES)
    absent = [code for code, story in small.report.truth.items() if not story["present"]]
    assert "S9" not in absent
    assert set(AT_EVERY_SCALE).isdisjoint(absent)
    for code in absent:
        assert small.report.truth[code]["reasons"], code


def test_story_sizes_do_not_grow_with_scale(standard, tmp_path):
    larger = build_database(tmp_path / "larger.duckdb", scale=3, seed=42).truth
    exact = {
        "S2": ("rides", "timed_out_but_charged_once"),
        "S6": ("rides",),
        "S11": ("unknown_rides", "repeated_lines", "amounts_in_cents", "blank_statuses"),
        "S12": ("people_with_two_accounts",),
        "S13": ("dead_jobs",),
    }
    for code, names in exact.items():
        for name in names:
            assert larger[code]["truth"][name] == standard.report.truth[code]["truth"][name], code
    assert len(larger["S7"]["truth"]["stale_driver_ids"]) == len(
        standard.report.truth["S7"]["truth"]["stale_driver_ids"]
    )


def test_windows_of_the_event_stories_are_apart(standard):
    truth = {code: story["truth"] for code, story in standard.report.truth.items()}
    assert truth["S8"]["day"] < truth["S1"]["starts_at"]
    assert truth["S1"]["ends_at"] < truth["S2"]["starts_at"]
    assert truth["S13"]["drained_at"] < truth["S3"]["released_at"]
    for moment in (truth["S1"]["starts_at"], truth["S2"]["starts_at"], truth["S8"]["day"]):
        assert moment[:10] not in ("2025-11-02", "2026-03-08")


def test_missing_story_is_an_error_that_says_which(tmp_path, monkeypatch):
    folder = tmp_path / "truth"
    folder.mkdir()
    (folder / "s02_double_charge.sql").write_text(
        "CREATE TEMP TABLE truth AS SELECT 0 AS rides;\n"
        "CREATE TEMP TABLE naive AS SELECT 1 AS rides;\n"
        "SELECT 'exactly the planted rides are charged twice' AS promise;\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(stories, "_FOLDER", folder)
    with duckdb.connect() as con:
        with pytest.raises(StoryMissing, match=r"story S2 .* charged twice"):
            stories.tell(con, scale=1)
        told = stories.tell(con, scale=0.1)
        monkeypatch.setattr(stories, "AT_EVERY_SCALE", ("S2",))
        with pytest.raises(StoryMissing, match=r"story S2 .* charged twice"):
            stories.tell(con, scale=0.1)
    assert told["S2"] == {
        "title": TITLES["S2"],
        "present": False,
        "reasons": ["exactly the planted rides are charged twice"],
    }


# --------------------------------------------------------- found with plain SQL, without parameters


def test_double_charges_are_found_with_plain_sql(standard):
    rows = standard.con.execute(
        "SELECT ride_id FROM payments WHERE kind = 'fare' AND status = 'succeeded' "
        "GROUP BY ride_id HAVING count(*) > 1"
    ).fetchall()
    assert len(rows) == standard.report.truth["S2"]["truth"]["rides"]


def test_busiest_evening_is_found_with_plain_sql(standard):
    """The city-hour that stands out most among those with at least 20 requests."""
    row = standard.con.execute(
        """
        WITH hourly AS (
            SELECT c.name AS city, date_trunc('hour', requested_at) AS hour, count(*) AS requests
            FROM rides JOIN cities AS c USING (city_id) GROUP BY ALL
        ),
        usual AS (
            SELECT city, dayofweek(hour) AS weekday, hour(hour) AS h, median(requests) AS requests
            FROM hourly GROUP BY ALL
        )
        SELECT y.city, y.hour FROM hourly AS y
        JOIN usual AS u ON u.city = y.city AND u.weekday = dayofweek(y.hour) AND u.h = hour(y.hour)
        WHERE y.requests >= 20 AND y.hour >= TIMESTAMP '2026-02-28 00:00:00'
        ORDER BY y.requests / u.requests DESC LIMIT 1
        """
    ).fetchone()
    truth = standard.report.truth["S1"]["truth"]
    assert row is not None
    assert row[0] == truth["city"]
    assert truth["starts_at"] <= str(row[1]) < truth["ends_at"]


def test_control_evening_has_no_stale_cache(standard):
    assert (
        standard.report.truth["S14"]["naive_answers"]["largest_error_on_the_control_evening"] == 0
    )


def test_one_story_is_missing_from_the_incident_list(standard):
    rows = standard.con.execute("SELECT started_at FROM incidents").fetchall()
    released = standard.report.truth["S3"]["truth"]["released_at"]
    assert len(rows) == 5
    assert all(str(started)[:10] != released[:10] for (started,) in rows)
