"""What a learner does with a contract: serve it, compare it, hold it to a guide."""

from pathlib import Path

import httpx
import pytest
import yaml

from ridealong.answers.texts import with_text
from ridealong.labs import api
from ridealong.labs.sql.database import LabError

CONTRACT = (Path(__file__).parents[1] / "judging/contracts/four_operations.yaml").read_text("utf-8")


def test_a_contract_is_served_and_shows_its_documentation() -> None:
    running = api.serve(CONTRACT)
    with running.client(headers={"Authorization": "Bearer x"}) as client:
        made = client.post("/rides", json={"pickup_location": "A", "dropoff_location": "B"})
        assert made.status_code == 201
        assert client.get(f"/rides/{made.json()['ride_id']}").json()["pickup_location"] == "A"
        assert client.post("/rides", json={"pickup_location": "A"}).status_code == 422
        page = client.get(running.documentation().address)
    assert "<title>Your contract, served</title>" in page.text
    assert (
        'title="Interactive documentation of your contract"'
        in running.documentation()._repr_html_()
    )
    assert running.url not in str(running) + running._repr_mimebundle_()["text/html"]
    assert "POST" in str(running)
    assert "/users/{user_id}/rides" in str(running)
    running.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(running.url, trust_env=False)


def test_serving_again_ends_the_one_before() -> None:
    first = api.serve(CONTRACT)
    second = api.serve(CONTRACT)
    with pytest.raises(httpx.ConnectError):
        httpx.get(first.url, trust_env=False)
    assert httpx.get(second.url + "/rides/1", trust_env=False).status_code == 401
    second.stop()


def test_what_is_no_contract_is_told_line_by_line() -> None:
    wrong = CONTRACT.replace("responses:", "reponses:", 1).replace("in: path", "in: pat", 1)

    with pytest.raises(LabError) as told:
        api.serve(wrong)
    first, second = str(told.value).split("\n")
    assert first.startswith("line 16: `reponses` is no key of the operation POST /rides")
    assert second.startswith("line 30: the parameter `ride_id` of /rides/{ride_id}")


def test_changes_are_shown_with_who_breaks() -> None:
    new = CONTRACT.replace(
        "required: [pickup_location, dropoff_location]",
        "required: [pickup_location, dropoff_location, quote_id]",
    )
    shown = api.breaking_changes(CONTRACT, new)

    assert list(shown.table["level"]) == ["breaking"]
    assert "quote_id" in shown.table["what changed"][0]
    assert shown.summary == "1 change: 1 breaking."
    assert api.breaking_changes(CONTRACT, CONTRACT).summary == "Nothing changed."


def test_a_table_names_what_concerns_no_single_operation_and_shows_names_as_code() -> None:
    shown = api.breaking_changes(CONTRACT, CONTRACT.replace("info:", "x-style-guide: azure\ninfo:"))

    assert list(shown.table["operation"]) == ["no single one"]
    assert "<code>x-style-guide</code> of the contract changed" in shown._html()
    assert "`" not in api.judged_by(CONTRACT, "azure")._html()


def test_three_guides_see_other_things() -> None:
    seen = {guide: api.judged_by(CONTRACT, guide) for guide in ("google", "azure", "zalando")}

    assert len({tuple(view.table["rule"]) for view in seen.values()}) == 3
    for view in seen.values():
        assert all(link.startswith("https://") for link in view.table["read more"])
    with pytest.raises(LabError, match="no guide is called 'stripe'"):
        api.judged_by(CONTRACT, "stripe")


def test_a_yaml_answer_names_its_own_lines() -> None:
    wrong = CONTRACT.replace("responses:", "reponses:", 1)
    answer = with_text(yaml.safe_load(wrong), wrong)

    with pytest.raises(LabError, match=r"line 16: `reponses`"):
        api.serve(answer)
    assert api.breaking_changes(
        with_text(yaml.safe_load(CONTRACT), CONTRACT), CONTRACT
    ).summary == ("Nothing changed.")


def test_an_answer_that_was_changed_since_is_taken_as_it_is_now() -> None:
    answer = with_text(yaml.safe_load(CONTRACT), CONTRACT)
    del answer["paths"]["/users/{user_id}/rides"]

    assert "breaking" in api.breaking_changes(CONTRACT, answer).summary
