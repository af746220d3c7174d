import _thread
import keyword
import signal
import threading
import time

import pytest

from ridealong.answer import Answer
from ridealong.answers.texts import DdlAnswer, SqlAnswer
from ridealong.engine.statement import QueryFailed, QueryRefused, QueryStopped
from ridealong.labs.sql.database import LabError
from ridealong.notebook.magics import CellError, bound
from ridealong.quizzes import cell as quiz_cell
from ridealong.show.table import ROWS_SHOWN


def failed(run, source, kind=QueryFailed):
    """Run a cell that fails; give its one line."""
    result = run(source)

    assert isinstance(result.error_in_exec, kind), result.error_in_exec
    assert not result.stderr
    (line,) = result.error_in_exec._render_traceback_()
    assert line in result.stdout
    assert "Traceback" not in result.stdout
    return line


def test_a_query_shows_its_result(run):
    result = run("%%sql\nSELECT city_id, name FROM cities WHERE city_id < 3 ORDER BY city_id")

    assert repr(result.result).splitlines() == [
        "city_id  name",
        "-------  ----------",
        "      1  Harborview",
        "      2  Brookfall",
        "2 rows",
    ]


def test_a_named_query_is_bound_as_its_text(run, shell):
    run("%%sql first_city\n-- BEGIN SOLUTION\nSELECT 1 AS city_id\n-- END SOLUTION\n")

    answer = shell.user_ns["first_city"]
    assert isinstance(answer, SqlAnswer)
    assert answer == "SELECT 1 AS city_id"
    assert answer.df().to_dict("list") == {"city_id": [1]}
    assert bound(shell, "first_city") == Answer("first_city", "sql", "SELECT 1 AS city_id")


def test_long_results_are_cut_with_the_count_of_all_rows(run):
    result = run("%%sql\nSELECT range AS n FROM range(12345)").result

    assert len(result.rows) == ROWS_SHOWN
    assert repr(result).endswith(f"12,345 rows, the first {ROWS_SHOWN} are shown")
    assert f"<p>12,345 rows, the first {ROWS_SHOWN} are shown</p>" in result._repr_html_()


def test_the_stub_gives_no_result_and_no_error(run, shell):
    result = run("%%sql first_city\n-- Write your query here.")

    assert result.success
    assert "No query yet" in result.stdout
    assert bound(shell, "first_city") is None


def test_an_error_is_one_line_and_drops_the_old_result(run, shell):
    run("%%sql first_city\nSELECT 1 AS a")

    line = failed(run, "%%sql first_city\nSELECT nam FROM cities")

    assert line.endswith("the nearest column is cities.name")
    assert "first_city" not in shell.user_ns
    assert bound(shell, "first_city") == Answer("first_city", "sql", "SELECT nam FROM cities")


@pytest.mark.parametrize(
    ("query", "advice"),
    [
        ("SELECT * FROM citys", "the nearest table is cities"),
        ("SELECT * FROM basic.ride", "the nearest table is basic.rides"),
        ('SELECT * FROM rides WHERE status = "completed"', "text stands in single quotes"),
        ("SELECT *\nFROM rides\nWHER fare > 3", '"fare" (line 3): did you mean WHERE?'),
        ("SELECT cuont(*) FROM rides", "did you mean count?"),
        ("SELECT status, count(*) FROM rides", "add it to GROUP BY"),
        ("SELECT 'never closed", "a quote is opened there and not closed"),
    ],
)
def test_errors_come_with_the_remedy(run, query, advice):
    assert advice in failed(run, f"%%sql\n{query}")


def test_a_variable_without_its_sign_is_told_as_a_parameter(run, shell):
    shell.user_ns["wanted_city"] = 3
    run("%%sql name_of_city\nSELECT 1 AS a")

    line = failed(run, "%%sql\nSELECT name FROM cities WHERE city_id = wanted_city")
    assert line.endswith("wanted_city is a parameter, not a column: write $wanted_city")
    assert "parameter" not in failed(run, "%%sql\nSELECT name_of_city FROM cities")


def test_a_parameter_is_the_variable_of_its_name(run, shell):
    shell.user_ns["wanted_city"] = 3

    result = run("%%sql one_city\nSELECT name FROM cities WHERE city_id = $wanted_city").result

    assert result.rows == [("Lakemont",)]
    assert shell.user_ns["one_city"].df()["name"].tolist() == ["Lakemont"]


def test_a_missing_parameter_is_named(run):
    line = failed(run, "%%sql\nSELECT $wanted_city")

    assert "no variable wanted_city" in line
    assert "`wanted_city = 123`" in line


def test_a_parameter_of_another_type_is_refused(run, shell):
    shell.user_ns["wanted_city"] = object()

    assert "is a object" in failed(run, "%%sql\nSELECT $wanted_city")


def test_a_question_mark_is_told_to_take_a_name(run):
    assert "such as $rider_id" in failed(run, "%%sql\nSELECT ?")


def test_an_answer_is_one_select(run):
    assert "holds 2 statements" in failed(run, "%%sql x\nSELECT 1; SELECT 2", QueryRefused)
    assert "DROP statement" in failed(run, "%%sql x\nDROP TABLE rides", QueryRefused)


def test_without_a_name_several_statements_run(run):
    result = run("%%sql\nCREATE TEMP TABLE t AS SELECT 7 AS a; SELECT a FROM t")

    assert result.result.rows == [(7,)]
    assert run("%%sql\nDROP TABLE t").stdout == "DROP done.\n"


def test_a_plan_is_printed_as_text(run):
    result = run("%%sql\nEXPLAIN SELECT * FROM rides")

    assert result.result is None
    assert "rides" in result.stdout


def test_types_that_python_cannot_fetch_are_shown_as_text(run):
    result = run(
        "%%sql zones\nSELECT TIMESTAMP '2026-03-30' AT TIME ZONE 'UTC' AS at_utc, INTERVAL 1 DAY AS d"
    )

    assert result.result.rows == [("2026-03-30 00:00:00+00", "1 day")]


def test_a_query_past_the_limit_is_stopped_and_the_connection_lives(run, monkeypatch):
    monkeypatch.setenv("RIDEALONG_QUERY_LIMIT_SECONDS", "0.3")

    line = failed(
        run,
        "%%sql slow\nSELECT count(*) FROM range(1000000) a, range(1000000) b "
        "WHERE a.range * b.range % 7 = 3",
        QueryStopped,
    )

    assert "longer than 0.3 s and was stopped" in line
    assert run("%%sql\nSELECT 1 AS a").result.rows == [(1,)]


def interrupt_once_it_runs(before: int) -> None:
    """Press Ctrl-C as soon as there is one thread more, the query's, however busy the machine."""
    while threading.active_count() <= before:
        time.sleep(0.01)
    time.sleep(0.2)
    _thread.interrupt_main()


@pytest.fixture
def interruptible():
    """Let Ctrl-C interrupt: whoever starts the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_stops_the_query_each_time(run, interruptible):
    for _ in range(3):
        before = threading.active_count() + 1  # with the thread that presses
        learner = threading.Thread(target=interrupt_once_it_runs, args=[before])
        learner.start()

        line = failed(
            run,
            "%%sql\nSELECT count(*) FROM range(1000000) a, range(1000000) b "
            "WHERE a.range * b.range % 7 = 3",
            QueryStopped,
        )

        learner.join()
        assert line == "you stopped the query"
    assert run("%%sql\nSELECT 1 AS a").result.rows == [(1,)]


@pytest.mark.parametrize("limit", ["", "soon", "-1", "nan"])
def test_a_limit_that_is_no_number_leaves_the_usual_one(run, monkeypatch, limit):
    monkeypatch.setenv("RIDEALONG_QUERY_LIMIT_SECONDS", limit)

    assert run("%%sql\nSELECT 1 AS a").success


@pytest.mark.parametrize("name", ["two words", "1st", "a-b", keyword.kwlist[0], "a.b"])
def test_a_name_that_cannot_be_bound_is_refused(run, name):
    assert f"`{name}`, wanted one name" in failed(run, f"%%sql {name}\nSELECT 1", CellError)


def test_ddl_shows_what_was_made_and_binds_the_text(run, shell):
    text = "CREATE TABLE riders (rider_id INTEGER PRIMARY KEY, name VARCHAR NOT NULL)"

    result = run(f"%%ddl rider_tables\n{text}").result

    assert repr(result).splitlines() == [
        "riders",
        "    rider_id INTEGER: key",
        "    name VARCHAR: required",
    ]
    assert "Entity-relationship diagram" in result.alt
    assert isinstance(shell.user_ns["rider_tables"], DdlAnswer)
    assert bound(shell, "rider_tables") == Answer("rider_tables", "ddl", text)


def test_ddl_runs_in_an_empty_database_without_files(run, tmp_path, con):
    copied = f"%%ddl t\nCREATE TABLE a (b INT); COPY a TO '{tmp_path.as_posix()}/a.csv'"

    assert "COPY statement" in failed(run, copied, LabError)
    assert not list(tmp_path.iterdir())
    assert "ridez" in failed(run, "%%ddl t\nCREATE TABLE a AS SELECT * FROM ridez", LabError)


def test_a_yaml_answer_knows_its_text(run, shell):
    run("%%yaml policy\n# BEGIN SOLUTION\nretries: 3\n# END SOLUTION")

    assert shell.user_ns["policy"] == {"retries": 3}
    assert shell.user_ns["policy"].text == "retries: 3"
    run("%%yaml steps\n- add: column")
    assert shell.user_ns["steps"].text == "- add: column"


def test_of_a_contract_its_operations_are_shown(run):
    paths = "{/rides: {post: {responses: {'201': {}, '422': {}}}}}"

    shown = run(f"%%yaml c\nopenapi: 3.1.0\npaths: {paths}").stdout
    assert shown == "A contract with\nPOST /rides: 201, 422\n"
    for nothing in ("", "text", "{/rides: }", "{/rides: {post: }}"):
        shown = run(f"%%yaml c\nopenapi: 3.1.0\npaths: {nothing}").stdout
        assert shown.startswith("A contract with"), nothing
    assert run("%%yaml c\nopenapi: 3.1.0").stdout == (
        "A contract without an operation: write one under paths and run this cell again.\n"
    )


def test_a_change_to_a_contract_is_told_by_what_it_adds(run):
    tips = "paths: {/tips: {post: {responses: {'201': {}, '401': {}}}}}"
    schemas = "components: {schemas: {NewRide: {}, Money: {type: object}}}"

    assert run(f"%%yaml c\n{tips}\n{schemas}").stdout == (
        "A change to a contract with\nPOST /tips: 201, 401\nschemas: NewRide, Money\n"
    )
    nothing = "A change to a contract without an operation or a schema: write one and run this cell again.\n"
    assert run("%%yaml c\npaths: {/tips: 7}\ncomponents: {schemas: 7}").stdout == nothing


def test_of_much_data_the_first_lines_are_shown(run):
    entries = "\n".join(f"- entry_with_a_long_name_{n}: {n}" for n in range(60))

    assert run("%%yaml many\n" + entries).stdout.endswith("\nand 20 more lines\n")


def test_yaml_is_read_by_the_safe_loader(run, shell):
    run("%%yaml policy\nretries: 3\nbackoff: [1, 2, 4]")

    assert shell.user_ns["policy"] == {"retries": 3, "backoff": [1, 2, 4]}
    assert "line 1, column 4: a bracket opens" in failed(
        run, "%%yaml policy\na: [1\nb: 2", CellError
    )
    assert "policy" not in shell.user_ns
    assert "no YAML" in failed(run, "%%yaml policy\na: !!python/object:os.system x", CellError)


def test_a_quiz_cell_is_recorded_by_the_quiz(run, shell, monkeypatch):
    calls = []

    def record_cell(name, body):
        calls.append((name, body))
        return {"choice": "b"}

    monkeypatch.setattr(quiz_cell, "record_cell", record_cell)

    run('%%quiz clause_order\n{"choice": "b"}')

    assert calls == [("clause_order", '{"choice": "b"}\n')]
    assert shell.user_ns["clause_order"] == {"choice": "b"}
    assert bound(shell, "clause_order").kind == "quiz"


def test_a_name_that_holds_something_else_is_told_apart(shell):
    shell.user_ns.update(number=3, function=len, nothing=None, dots=...)

    assert bound(shell, "number") == Answer("number", "value", "3", 3)
    assert bound(shell, "function").kind == "function"
    assert bound(shell, "nothing") is None
    assert bound(shell, "dots") is None
