"""A small course of its own, so that these tests do not depend on what the real one asks."""

import json
from collections.abc import Iterator

import pytest

from ridealong import catalogue, judging
from ridealong.answer import Answer
from ridealong.judging.sql.query import fingerprints
from ridealong.judging.sql.signs import sign_of
from ridealong.notebook import check as notebook
from ridealong.notebook import session
from ridealong.verdict import Verdict

WORKER = judging.Worker()


def judge(exercise_id: str, content: object) -> Verdict:
    """Judge the text of an answer, a quiz's literal, or whatever else a learner binds."""
    if content is None or isinstance(content, Answer):
        return judging.judge(exercise_id, content, WORKER)
    name = exercise_id.replace("-", "_")
    if exercise_id in catalogue.quizzes():
        return judging.judge(exercise_id, Answer(name, "quiz", repr(content), content), WORKER)
    kind = catalogue.exercise(exercise_id)[1].get("kind", "sql")
    if kind == "yaml":
        answer = Answer(name, kind, repr(content), None if content is ... else content)
    elif isinstance(content, str):
        answer = Answer(name, kind, content)
    else:
        answer = Answer(name, "value", repr(content), content)
    return judging.judge(exercise_id, answer, WORKER)


COMPLETED_BY_CITY = """
    SELECT c.name AS city, count(*) AS completed_rides
    FROM rides AS r JOIN cities AS c USING (city_id)
    WHERE r.status = 'completed'
    GROUP BY c.name
    ORDER BY completed_rides DESC, city"""

EXERCISES = {
    "completed-by-city": {
        "answer": COMPLETED_BY_CITY,
        "order": ["completed_rides DESC", "city"],
        "mistakes": {
            "every-status": (
                COMPLETED_BY_CITY.replace("WHERE r.status = 'completed'", ""),
                "Rides of every status are counted.",
            ),
            "fewest-first": (
                COMPLETED_BY_CITY.replace("completed_rides DESC", "completed_rides"),
                "The city with the fewest rides comes first.",
            ),
        },
    },
    "rider-history": {
        "answer": """
            SELECT ride_id, completed_at FROM rides
            WHERE user_id = $rider_id AND status = 'completed'
              AND completed_at >= as_of() - INTERVAL 30 DAY
            ORDER BY completed_at DESC""",
        "order": ["completed_at DESC"],
        "parameters": [{"rider_id": 123}, {"rider_id": 77}],
        "mistakes": {
            "all-time": (
                """SELECT ride_id, completed_at FROM rides
                   WHERE user_id = $rider_id AND status = 'completed'
                   ORDER BY completed_at DESC""",
                "Rides older than 30 days are there too.",
            ),
        },
    },
    "fares-by-city": {
        "answer": """
            SELECT city_id, avg(fare) AS average_fare, sum(fare) AS bookings,
                   max(completed_at) AS last_completed_at, count(driver_id) AS with_driver
            FROM rides GROUP BY city_id""",
    },
    "short-rides": {
        "answer": "SELECT ride_id FROM rides WHERE distance_mi < 900",
        "cases": "UPDATE rides SET distance_mi = 900 WHERE ride_id = 1",
    },
    "every-completed-ride": {
        "answer": "SELECT ride_id, fare, distance_mi / 3 AS third FROM rides "
        "WHERE status = 'completed'",
    },
    "five-latest-rides": {
        "answer": "SELECT ride_id, fare FROM rides ORDER BY ride_id DESC LIMIT 5",
        "order": ["ride_id DESC"],
        "mistakes": {
            "oldest": (
                "SELECT ride_id, fare FROM rides ORDER BY ride_id LIMIT 5",
                "These are the oldest rides.",
            ),
        },
    },
    "every-rider": {"answer": "SELECT user_id, name FROM users"},
    "riders": {
        "answer": "SELECT user_id, name, signup_channel FROM users WHERE user_id < 200",
        "mistakes": {
            "two-letters-swapped": (
                "SELECT user_id, nmae, signup_channel FROM users WHERE user_id < 200",
                "The column is called name.",
            ),
        },
    },
}


def _entry(answer, order=(), parameters=(), mistakes=(), cases=""):
    wanted = fingerprints(answer, parameters, order, cases=cases)
    return {
        "points": 2,
        "order": list(order),
        "cases": cases,
        "parameters": list(parameters),
        "hints": ["What is one row?", "Look at WHERE.", "WHERE status = ..."],
        "expected": _stored(wanted, "to_catalogue"),
        "mistakes": [
            {
                "name": name,
                "message": message,
                "sign": sign_of(text, answer, ordered=bool(order)),
                "results": _stored(
                    fingerprints(text, parameters, order, like=wanted, cases=cases),
                    "recognised_by",
                ),
            }
            for name, (text, message) in dict(mistakes).items()
        ],
    }


def _stored(results, form):
    return {
        variant: [getattr(each, form)() for each in found] for variant, found in results.items()
    }


@pytest.fixture(scope="session")
def exercises(databases):
    """The exercises as a catalogue file holds them."""
    return json.loads(json.dumps({name: _entry(**each) for name, each in EXERCISES.items()}))


@pytest.fixture
def course(exercises, monkeypatch) -> Iterator[dict[str, str]]:
    """The course with these exercises alone; gives the right answer to each."""
    module = catalogue.Module(
        "04_sql_one", 7919, 1.0, exercises, notebooks={"01_rows": list(EXERCISES)}
    )
    monkeypatch.setattr(catalogue, "modules", lambda: (module,))
    return {name: each["answer"] for name, each in EXERCISES.items()}


@pytest.fixture(scope="session", autouse=True)
def _end_worker() -> Iterator[None]:
    yield
    WORKER.close()
    session.worker().close()


@pytest.fixture
def notebook_shell():
    """An IPython shell with the cell magics, as a notebook has it."""
    from IPython.core.interactiveshell import InteractiveShell

    from ridealong.notebook import magics

    shell = InteractiveShell.instance()
    magics.register(shell)
    shell.user_ns.update(check=notebook.check, hint=notebook.hint)
    yield shell
    InteractiveShell.clear_instance()
