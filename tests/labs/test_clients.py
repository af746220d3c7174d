"""An old client meets new contracts."""

from typing import Any

import httpx
import pytest

from ridealong.labs.clients import CHANGES, SUPPLY, old_client
from ridealong.labs.sql.database import LabError


def planner(client: httpx.Client) -> str:
    answer: dict[str, Any] = client.get("/cities/1/available-drivers").raise_for_status().json()
    return f"about {round(answer['available_drivers'] / answer['zones'])} free drivers in each zone"


def test_the_client_works_with_the_contract_that_it_was_written_for() -> None:
    seen = old_client(planner, {"nothing": SUPPLY})

    assert list(seen.table["what its user reads"]) == ["about 2 free drivers in each zone"]
    assert list(seen.table["contracts compared"]) == ["same"]
    assert seen.broken == ()


def test_what_breaks_it_is_what_a_comparison_calls_breaking() -> None:
    seen = old_client(planner, CHANGES)

    assert seen.broken == (
        "a field gets a clearer name",
        "a number comes as a text",
        "a parameter is added that one must send",
    )
    told = dict(zip(seen.table["what is different"], seen.table["contracts compared"], strict=True))
    assert {name for name, level in told.items() if level == "breaking"} == set(seen.broken)
    read = list(seen.table["what its user reads"])
    assert read[1] == "nothing: the answer has no available_drivers"
    assert read[2] == "nothing: it cannot calculate with what came"
    assert read[4] == "nothing: the request is refused with 400"
    assert seen.summary == "3 of 5 versions broke it."


def test_whatever_a_program_does_is_shown() -> None:
    def app(client: httpx.Client) -> str:
        raise OSError("no paper")

    seen = old_client(app, {"nothing": SUPPLY})

    assert list(seen.table["what its user reads"]) == ["nothing: OSError, no paper"]


def test_what_is_no_contract_is_told() -> None:
    with pytest.raises(LabError, match="reponses"):
        old_client(planner, {"a slip": SUPPLY.replace("responses", "reponses")})
