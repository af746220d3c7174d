"""The steps of an assignment, in every order: who is told what, and what the row of the car says."""

from typing import Any

import pytest

from ridealong.systems.assignment import CASES, MOST_STEPS, Run, StepsError, read, runs

LOOK = {
    "sql": "SELECT state FROM cars WHERE driver_id = :driver_id AND state = 'available'",
    "no_row": "refuse",
}
WRITE = {
    "sql": "UPDATE cars SET state = 'on_trip', user_id = :user_id WHERE driver_id = :driver_id"
}
IF_FREE = {"sql": f"{WRITE['sql']} AND state = 'available'", "no_row": "refuse"}
COUNT = {
    "sql": "UPDATE cars SET version = version + 1 WHERE driver_id = :driver_id"
    " AND state = 'available'",
    "no_row": "refuse",
}


def tried(*steps: dict[str, Any]) -> dict[str, list[Run]]:
    """The runs of each case."""
    found = list(runs(read(list(steps))))
    return {case.name: [run for run in found if run.case is case] for case in CASES}


def test_a_condition_in_the_write_is_right_in_every_order() -> None:
    seen = tried(IF_FREE)

    assert not any(run.wrong for each in seen.values() for run in each)
    assert [run.told for run in seen["two-at-once"]] == [
        {"Ann": True, "Ben": False},
        {"Ann": False, "Ben": True},
    ]


def test_look_then_write_gives_one_car_to_two_riders_in_four_of_six_orders() -> None:
    seen = tried(LOOK, WRITE)["two-at-once"]

    assert len(seen) == 6
    assert [run.order for run in seen if not run.wrong] == [
        "Ann 1, Ann 2, Ben 1",
        "Ben 1, Ben 2, Ann 1",
    ]
    assert {run.wrong for run in seen} == {"", "double"}


def test_two_steps_of_two_riders_come_in_all_their_orders() -> None:
    nothing = {"sql": "SELECT 1"}
    orders = {run.order for run in tried(*[nothing] * 3)["two-at-once"]}

    assert len(orders) == 20, "three of six places"


def test_driver_may_leave_between_any_two_steps() -> None:
    seen = tried(LOOK, WRITE)["leaves"]

    assert [(run.order, run.wrong) for run in seen] == [
        ("the driver leaves, Ann 1", ""),
        ("Ann 1, the driver leaves, Ann 2", "taken"),
        ("Ann 1, Ann 2, the driver leaves", ""),
    ]


@pytest.mark.parametrize(
    ("case", "wrong", "steps"),
    [
        ("alone", "nobody", [{"sql": "SELECT 1 AS x WHERE 1 = 0", "no_row": "refuse"}]),
        ("alone", "not-written", [{"sql": "SELECT 1"}]),
        ("alone", "changed", [IF_FREE, {**IF_FREE}]),
        ("on-trip", "taken", [WRITE]),
        ("offline", "taken", [{**WRITE, "no_row": "refuse"}]),
        ("alone", "others", [{"sql": "UPDATE cars SET state = 'on_trip', user_id = :user_id"}]),
        ("two-cars", "others", [{**IF_FREE, "sql": IF_FREE["sql"].replace(":driver_id", "7")}]),
        (
            "two-cars",
            "not-written",
            [{"sql": "UPDATE cars SET user_id = :user_id WHERE driver_id = :driver_id"}],
        ),
        ("two-at-once", "changed", [COUNT, IF_FREE]),
        ("leaves", "changed", [COUNT, IF_FREE]),
        (
            "free-again",
            "nobody",
            [{**IF_FREE, "sql": IF_FREE["sql"] + " AND version = 1"}],
        ),
    ],
)
def test_what_is_wrong_is_told_apart(case: str, wrong: str, steps: list[dict[str, Any]]) -> None:
    assert wrong in {run.wrong for run in tried(*steps)[case]}


def test_a_claim_that_goes_with_the_driver_is_left_behind_by_nobody() -> None:
    claim = {
        "sql": "UPDATE cars SET user_id = :user_id WHERE driver_id = :driver_id"
        " AND state = 'available' AND user_id IS NULL"
    }
    take = {
        "sql": "UPDATE cars SET state = 'on_trip' WHERE driver_id = :driver_id"
        " AND user_id = :user_id AND state = 'available'",
        "no_row": "refuse",
    }

    assert not any(run.wrong for each in tried(claim, take).values() for run in each)


def test_what_one_step_keeps_the_next_one_asks_for() -> None:
    seen = tried(
        {
            **LOOK,
            "sql": LOOK["sql"].replace("state FROM", "version FROM"),
            "keep": {"seen": "version"},
        },
        {
            "sql": "UPDATE cars SET state = 'on_trip', user_id = :user_id, version = version + 1"
            " WHERE driver_id = :driver_id AND version = :seen",
            "no_row": "refuse",
        },
    )

    assert not any(run.wrong for each in seen.values() for run in each)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        (None, "holds no steps"),
        ([], "holds no steps"),
        ([{"sql": "SELECT 1"}] * (MOST_STEPS + 1), "5 steps, 4 is the most"),
        (["SELECT 1"], "step 1 is 'SELECT 1', wanted sql:"),
        ([{"sgl": "SELECT 1"}], 'did you mean "sql"?'),
        ([{"sql": " "}], "step 1 has no sql"),
        ([{"sql": "SELECT 1", "no_row": "stop"}], "wanted go on or refuse"),
        ([{"sql": "SELECT 1", "keep": "version"}], "wanted a name and a column"),
        ([{"sql": "SELECT 1 AS one", "keep": {"user_id": "one"}}], "which is given"),
        ([{"sql": "SELECT 1 AS one", "keep": {"seen": "version"}}], "it has one"),
        ([WRITE | {"keep": {"seen": "version"}}], "RETURNING"),
        ([{"sql": " begin immediate"}], "step 1 is BEGIN: each step commits by itself"),
        ([{"sql": "SELECT 1; SELECT 2"}], "several statements"),
        ([{"sql": "SELECT :who"}], ":who is not known here, wanted one of :driver_id, :user_id"),
        ([{"sql": "SELECT * FROM rides"}], "there is no table rides: a step reads cars"),
        ([{"sql": "SELECT free FROM cars"}], "no column free: cars has driver_id, zone_code, st"),
        ([{"sql": "SELECT version FROM cars FOR UPDATE"}], "wanted one SELECT or UPDATE as SQLite"),
        ([{"sql": "UPDATE cars SET state = 'x'"}], "wanted available, on_trip or offline"),
        ([{"sql": "SELECT * FROM sqlite_master"}], "reads sqlite_master"),
        ([{"sql": "DELETE FROM cars"}], "does what no assignment needs"),
        ([{"sql": "DROP TABLE cars"}], "does what no assignment needs"),
        ([{"sql": "ATTACH 'x.db' AS other"}], "does what no assignment needs"),
        ([{"sql": "PRAGMA user_version = 3"}], "does what no assignment needs"),
        ([{"sql": "UPDATE cars SET driver_id = 3"}], "changes driver_id of cars"),
        ([{"sql": "SELECT randomblob(9)"}], "calls randomblob()"),
        ([{"sql": "SELECT changes()"}], "calls changes()"),
        (
            [{"sql": "SELECT count(*) FROM " + ", ".join(f"cars AS c{n}" for n in range(14))}],
            "far more work than an assignment",
        ),
        ([{"sql": "SELECT '" + "x" * 2_000 + "'"}], "2,009 characters"),
    ],
)
def test_what_cannot_be_run_is_told_in_one_line(steps: Any, says: str) -> None:
    with pytest.raises(StepsError) as caught:
        read(steps)

    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_statement_of_ours_gives_no_step_its_rights() -> None:
    """A prepared statement is not asked about again: the text alone must not open the door."""
    list(runs(read([IF_FREE])))

    with pytest.raises(StepsError):
        read([{"sql": "DELETE FROM cars"}])


def test_work_that_only_a_case_shows_ends_too() -> None:
    far = "SELECT count(*) FROM " + ", ".join(f"cars AS c{n}" for n in range(14))
    with pytest.raises(StepsError, match="on another trip"):
        list(
            runs(
                read(
                    [
                        {
                            "sql": "SELECT CASE WHEN state = 'on_trip' AND user_id = 400"
                            f" THEN ({far}) END FROM cars WHERE driver_id = :driver_id"
                        }
                    ]
                )
            )
        )
