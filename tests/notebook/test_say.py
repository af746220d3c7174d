import pandas as pd
import pytest

from ridealong.answers.texts import SqlAnswer
from ridealong.engine.statement import QueryFailed
from ridealong.notebook.say import say


class Fixed(SqlAnswer):
    """An answer whose result is given instead of asked for."""

    def df(self) -> pd.DataFrame:
        return pd.DataFrame({"city": ["Lakemont", "Drymesa"], "Total": [1234.5, 10.0]})


class Failing(SqlAnswer):
    """An answer that does not run."""

    def df(self) -> pd.DataFrame:
        raise QueryFailed("no such table")


def test_numbers_come_from_the_first_row_and_the_row_count() -> None:
    shown = say(
        "{spend.rows} cities, first {spend.city} with {spend.total:,.2f}, rider {rider_id}.",
        names={"spend": Fixed("SELECT 1"), "rider_id": 123},
    )

    assert str(shown) == "2 cities, first Lakemont with 1,234.50, rider 123."


def test_data_of_a_yaml_answer_is_asked_by_its_keys() -> None:
    limits = {"rider": {"burst": 15, "per": "caller"}, "empty": None}
    names = {"limits": limits, "screen": [{"as": "rider"}] * 3}
    shown = say(
        "{limits.rider.burst} per {limits.rider.per}, {screen.rows} requests, {limits.empty}, "
        "{limits.rider.rate}, {limits.rider.burst.x}",
        names=names,
    )

    assert str(shown) == (
        "15 per caller, 3 requests, None, [limits has no rate], [limits has no x]"
    )


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({}, "[answer spend first]"),
        ({"spend": SqlAnswer("")}, "[answer spend first]"),
        ({"spend": ...}, "[answer spend first]"),
        ({"spend": Failing("SELECT")}, "[spend does not run yet]"),
    ],
)
def test_what_is_missing_is_named_instead_of_failing(names: dict[str, object], words: str) -> None:
    assert str(say("{spend.total:,.2f} dollars", names=names)) == f"{words} dollars"


def test_a_missing_column_is_named() -> None:
    assert (
        str(say("{spend.sum}", names={"spend": Fixed("SELECT 1")})) == "[spend has no column sum]"
    )


def test_the_sentence_is_escaped_in_html() -> None:
    bundle = say("fewer than {n} & more", names={"n": "<b>"})._repr_mimebundle_()

    assert "&lt;b&gt; &amp; more" in bundle["text/html"]
    assert bundle["text/plain"] == "fewer than <b> & more"


def test_the_answers_of_a_contract_are_counted() -> None:
    refused = {"400": {}, "404": {}}
    contract = {
        "openapi": "3.1.0",
        "paths": {
            "/rides/{ride_id}": {"get": {"responses": {"200": {}, **refused}}, "parameters": []},
            "/rides": {"post": {"responses": {"201": {}}}},
        },
    }

    assert str(say("{contract.answers} answers", names={"contract": contract})) == "4 answers"


@pytest.mark.parametrize("paths", [None, {}, {"/rides": None}, {"/rides": {"get": {}}}, "text"])
def test_a_contract_without_an_operation_is_not_answered_yet(paths: object) -> None:
    names = {"contract": {"openapi": "3.1.0", "paths": paths}}

    assert str(say("{contract.answers}", names=names)) == "[answer contract first]"


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("{scopes.rows} rows", "2 rows"),
        ("{steps.rows} steps", "3 steps"),
        ("{scopes.see_ride}", "rides:read, rides:write"),
        ("{scopes.choice}", "PATCH"),
        ("{scopes.nothing}", "[scopes has no nothing]"),
        ("{steps.add}", "[steps has no add]"),
        ("{missing.rows}", "[answer missing first]"),
    ],
)
def test_parts_of_a_yaml_answer_are_named_by_their_keys(sentence: str, words: str) -> None:
    names = {
        "scopes": {"see-ride": ["rides:read", "rides:write"], "choice": "PATCH"},
        "steps": [1, 2, 3],
    }
    assert str(say(sentence, names=names)) == words


def test_a_thing_is_asked_for_what_it_has_under_a_name():
    spoken = str(say("{made.real} and {made.fares}", names={"made": 3}))

    assert spoken == "3 and [made has no fares]"
