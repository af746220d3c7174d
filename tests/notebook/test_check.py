import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from ridealong import catalogue
from ridealong.dataset.connection import edge_connection
from ridealong.judging import Worker
from ridealong.notebook import check as notebook
from ridealong.notebook import magics
from ridealong.notebook.check import check, hint
from ridealong.verdict import CheckFailed, Property, Verdict


def run(shell, source):
    """Run a cell; give what it displayed, its value as the last, and the result.

    Nothing may be written to stderr: nbgrader takes all points for that.
    """
    with capture_output() as captured:
        result = shell.run_cell(source)
    assert captured.stderr == ""
    shown = [each.data for each in captured.outputs]
    if result.result is not None:
        shown.append(shell.display_formatter.format(result.result)[0])
    return shown, result


@pytest.fixture
def answer(course, notebook_shell, monkeypatch):
    """Put the text of a query into its answer cell and run it, without showing the result."""
    from ridealong.notebook import running

    con = edge_connection()
    monkeypatch.setattr(running, "current_connection", lambda: con)

    def put(text, name="completed_by_city"):
        notebook_shell.run_cell(f"%%sql {name}\n{text};", silent=True)

    return put


def test_a_passed_check_is_a_card_whose_text_is_the_points(course, answer, notebook_shell):
    answer(course["completed-by-city"])

    outputs, result = run(notebook_shell, "check('completed-by-city')")

    assert result.success
    words, card = outputs
    assert card["text/plain"] == "2"
    for said in ("Passed", "2 of 2 points", "6 rows and 2 columns", "1 of 8 passed"):
        assert said in card["text/html"]
        assert said in words["text/plain"]
    assert "Next: rider-history." in card["text/html"]
    assert words["text/html"] == ""


def test_a_failed_check_stops_nothing_and_is_worth_nothing(answer, notebook_shell):
    answer("SELECT 1 AS city")

    outputs, result = run(notebook_shell, "check('completed-by-city')")

    assert result.success
    words, card = outputs
    assert card["text/plain"] == "0"
    for said in ("Not yet", "0 of 2 points", "On the public data:", "0 of 8 passed"):
        assert said in card["text/html"]
        assert said in words["text/plain"]


def test_a_card_that_is_not_the_value_of_its_cell_is_shown_all_the_same(answer, notebook_shell):
    answer("SELECT 1 AS city")

    outputs, _ = run(notebook_shell, "check('completed-by-city')\ncheck('riders')\nprint('done')")

    shown = [each["text/html"] for each in outputs]
    assert [html.count("Check of") for html in shown] == [0, 0, 1, 1]
    outputs, _ = run(notebook_shell, "check('riders')")
    assert len(outputs) == 2  # the words, and the card as the value


def test_a_share_of_the_points_is_a_number_too(notebook_shell, course, monkeypatch):
    looked = (
        Property("ride of nobody", False, "let it in", "rides that nobody pays"),
        Property("ride without a rider", True, "refused it", "the same"),
    )
    partly = Verdict("riders", False, "Let in: ride of nobody.", looked, share=0.8)
    monkeypatch.setattr(notebook, "_verdict", lambda exercise_id: partly)

    (words, card), _ = run(notebook_shell, "check('riders')")

    assert card["text/plain"] == "1.5"
    assert "Partly right" in card["text/html"]
    assert "1.5 of 2 points" in words["text/plain"]
    assert "WRONG: ride of nobody: let it in - rides that nobody pays" in words["text/plain"]
    shown, folded = card["text/html"].split("<details", 1)
    assert "ride of nobody" in shown and "1 of 2 not as it should be" in shown
    assert "ride without a rider" not in shown
    assert "ride without a rider" in folded and "Show the 1 as it should be" in folded


def test_the_second_failure_offers_the_hints_folded(course, answer):
    answer("SELECT 1 AS city")

    for offered in (False, True, True):
        card = check("completed-by-city")
        assert ('run hint("completed-by-city")' in card.words()) is offered
        shown = card._repr_html_()
        assert [f"Show hint {n} of 3</summary>" in shown for n in (1, 2, 3)] == [offered] * 3
    first, second, third = (shown.index(f"Show hint {n}") for n in (1, 2, 3))
    assert first < second < third
    assert "</details>" not in shown[first:third]  # each one inside the one before
    answer(course["completed-by-city"])
    assert "hint" not in check("completed-by-city").words()
    answer("SELECT 1 AS city")
    assert "hint" not in check("completed-by-city").words()


def test_an_empty_cell_is_no_failed_attempt(course, notebook_shell):
    for _ in range(3):
        card = check("completed-by-city")
        assert card.points == 0
        assert card.words().startswith("No answer yet: completed-by-city, 0 of 2 points.")
        assert "hint" not in card.words()


def test_an_answer_whose_cell_failed_is_judged_by_its_text(course, answer):
    answer("SELECT citi FROM rides")

    said = check("completed-by-city").words()

    assert "the nearest column is rides.city_id" in said


def test_what_comes_next_is_the_next_that_is_open_then_an_earlier_one(course, answer):
    answer(course["every-rider"], "every_rider")
    answer(course["riders"], "riders")

    assert "Next: riders." in check("every-rider").words()
    last = check("riders")
    assert (last.done, last.asked, last.next_title) == (2, 8, "completed-by-city")


def test_what_passed_counts_until_it_fails_and_as_long_as_the_kernel_lives(
    course, answer, notebook_shell
):
    answer(course["every-rider"], "every_rider")
    assert [check("every-rider").done, check("every-rider").done] == [1, 1]
    answer("SELECT 1 AS name", "every_rider")
    assert check("every-rider").done == 0
    answer(course["every-rider"], "every_rider")
    assert check("every-rider").done == 1

    InteractiveShell.clear_instance()
    magics.register(InteractiveShell.instance())

    assert check("every-rider").done == 0


def test_all_done_is_said(course, answer, monkeypatch):
    monkeypatch.setattr(catalogue, "beside", lambda identity: ("every-rider",))
    answer(course["every-rider"], "every_rider")

    said = check("every-rider").words()

    assert "1 of 1 passed in this notebook since the kernel started.\nAll done here." in said


def test_what_a_learner_wrote_is_text_in_the_card(course, notebook_shell, monkeypatch):
    verdict = Verdict("riders", False, "there is no column `<b>x</b>`")
    monkeypatch.setattr(notebook, "_verdict", lambda exercise_id: verdict)

    assert "<code>&lt;b&gt;x&lt;/b&gt;</code>" in check("riders")._repr_html_()


def test_hints_go_from_one_to_three_and_stay(course, notebook_shell, capsys):
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
