"""An old app on the running back end, and what three readers make of a new word."""

from collections.abc import Iterator

import pytest

from ridealong.labs import versions
from ridealong.labs.sql.database import LabError
from ridealong.service import Service, Settings


@pytest.fixture(scope="module")
def company() -> Iterator[Service]:
    with Service(Settings()) as running:
        yield running


def test_the_old_app_works_on_version_1_and_fails_on_three_screens_of_version_2(
    company: Service,
) -> None:
    seen = versions.old_app(company)

    assert seen.summary == "Of 4 screens 0 fail on version 1 and 3 on version 2."
    assert "no words for the state 'driver_assigned'" in str(seen)


def test_who_wins_depends_on_what_the_client_does_with_a_state(company: Service) -> None:
    strict, tolerant, careless = versions.readers(company).table.itertuples(index=False, name=None)

    assert strict[1:] == (0, 0, 0, "yes")
    assert tolerant[1] == careless[1] == versions.PAGE
    assert (tolerant[3:], careless[3:]) == ((0, "no"), (1, "no"))
    assert careless[2] == tolerant[2] + 1


def test_reading_twice_shows_the_same_page_size(company: Service) -> None:
    assert versions.readers(company).title == versions.readers(company).title


def test_the_fifteen_are_shown_with_their_lines() -> None:
    shown = versions.proposals()

    assert repr(shown) == "15 changes to the rides contract, each one alone."
    assert "fifty-at-most: A `limit` for the history may be 50" in str(shown)
    assert "<caption" in shown._repr_html_()
    assert shown._repr_html_().count('scope="row"') == 15
    assert "A <code>limit</code> for the history" in shown._repr_html_()


def test_the_contract_is_folded_in_a_notebook_and_whole_in_print() -> None:
    shown = versions.rides_contract()

    assert repr(shown) == f"The rides contract, {len(str(shown).splitlines())} lines."
    assert shown._repr_html_().startswith("<details>")


def test_names_between_backticks_are_code_in_a_table() -> None:
    fare = {"components": {"schemas": {"Ride": {"properties": {"fare": {"type": "string"}}}}}}
    shown = versions.compared(fare)

    assert "<code>fare</code> of <code>Ride</code>" in shown._repr_mimebundle_()["text/html"]
    assert "`fare` of `Ride`" in str(shown)


def test_three_of_the_fifteen_are_more_than_a_comparison_sees() -> None:
    assert "of 3 of them the contract says too little" in versions.settled().summary


def test_a_proposal_is_compared_by_its_name() -> None:
    assert "a client that calls without credentials" in str(versions.proposal("token-everywhere"))
    with pytest.raises(LabError, match="no proposal is called 'pages'"):
        versions.proposal("pages")


@pytest.mark.parametrize("form", ["text", "data"])
def test_an_answer_is_compared_with_the_contract(form: str) -> None:
    data = {"components": {"schemas": {"Ride": {"properties": {"fare": {"type": "string"}}}}}}
    text = "components: {schemas: {Ride: {properties: {fare: {type: string}}}}}"

    seen = versions.compared(text if form == "text" else data)

    assert "`fare` of `Ride` in the answer is now a text" in str(seen)


def test_an_answer_that_is_no_contract_says_why() -> None:
    with pytest.raises(LabError, match="a mapping is wanted"):
        versions.compared("- a list")
