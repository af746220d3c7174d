import pytest

from ridealong.dataset.connection import edge_connection
from ridealong.judging import Worker
from ridealong.notebook.check import check, hint
from ridealong.verdict import CheckFailed


@pytest.fixture
def answer(course, notebook_shell, monkeypatch):
    """Put the text of a query into its answer cell and run it, without showing the result."""
    from ridealong.notebook import running

    con = edge_connection()
    monkeypatch.setattr(running, "current_connection", lambda: con)

    def put(text, name="completed_by_city"):
        notebook_shell.run_cell(f"%%sql {name}\n{text};", silent=True)

    return put


def test_a_check_prints_what_holds_and_returns_nothing(course, answer, capsys):
    answer(course["completed-by-city"])
    capsys.readouterr()

    assert check("completed-by-city") is None

    shown = capsys.readouterr()
    assert shown.out.startswith("completed-by-city holds: 6 rows and 2 columns, their order;")
    assert shown.out.count("\n") == 1
    assert shown.err == ""


def test_a_failed_check_is_one_line(notebook_shell, course, answer, capsys):
    answer("SELECT 1 AS city")
    capsys.readouterr()

    result = notebook_shell.run_cell("check('completed-by-city')")

    shown = capsys.readouterr()
    assert isinstance(result.error_in_exec, CheckFailed)
    assert shown.out.startswith("CheckFailed: On the public data:")
    assert shown.out.strip().count("\n") == 0
    assert shown.err == ""


def test_the_second_failure_offers_a_hint(course, answer):
    answer("SELECT 1 AS city")

    for offered in (False, True, True):
        with pytest.raises(CheckFailed) as failure:
            check("completed-by-city")
        assert ('run hint("completed-by-city")' in str(failure.value)) is offered


def test_an_empty_cell_is_no_failed_attempt(course, notebook_shell):
    for _ in range(3):
        with pytest.raises(CheckFailed, match="no answer yet") as failure:
            check("completed-by-city")
        assert "hint" not in str(failure.value)


def test_an_answer_whose_cell_failed_is_judged_by_its_text(course, answer):
    answer("SELECT citi FROM rides")

    with pytest.raises(CheckFailed, match="the nearest column is rides.city_id"):
        check("completed-by-city")


def test_hints_go_from_one_to_three_and_stay(course, capsys):
    for wanted in ["1 of 3: What", "2 of 3: Look", "3 of 3: WHERE", "3 of 3: WHERE"]:
        assert hint("completed-by-city") is None
        assert capsys.readouterr().out.startswith(f"Hint {wanted}")

    hint("completed-by-city", level=1)
    assert capsys.readouterr().out.startswith("Hint 1 of 3")


@pytest.mark.parametrize("level", [0, 4, "1", True, 1.0])
def test_a_hint_of_no_level_is_an_error_that_names_the_levels(course, level):
    with pytest.raises(CheckFailed, match="levels are 1 to 3"):
        hint("completed-by-city", level=level)


@pytest.mark.parametrize("function", [check, hint])
def test_an_unknown_id_names_the_nearest(course, notebook_shell, function):
    with pytest.raises(CheckFailed, match='did you mean "completed-by-city"'):
        function("completed_by_citty")
    with pytest.raises(CheckFailed, match="int is no id"):
        function(3)


def test_what_breaks_inside_is_a_failed_check_too(course, answer, monkeypatch):
    answer(course["completed-by-city"])

    def broken(*args, **options):
        raise RuntimeError("the disk\nis gone")

    monkeypatch.setattr(Worker, "ask", broken)

    with pytest.raises(
        CheckFailed, match="the check could not run: RuntimeError: the disk is gone"
    ):
        check("completed-by-city")


def test_an_interrupted_check_is_a_failed_check(course, answer, monkeypatch):
    answer(course["completed-by-city"])

    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Worker, "ask", interrupted)

    with pytest.raises(CheckFailed, match="you stopped this check"):
        check("completed-by-city")


def test_outside_of_a_notebook_the_way_out_is_named(course):
    with pytest.raises(CheckFailed, match="ridealong.judging.judge"):
        check("completed-by-city")
