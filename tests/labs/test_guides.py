"""Guides in the notebook: one contract under three, one question to three."""

import pytest

from ridealong.labs import guides
from ridealong.labs.sql.database import LabError
from ridealong.service import Service


def test_a_draft_is_judged_where_the_guides_disagree() -> None:
    view = guides.side_by_side(guides.three_hands())

    rows = {row[0]: row[1:] for row in view.table.itertuples(index=False, name=None)}
    assert list(view.table.columns) == ["question", "Google AIP", "Azure", "Zalando"]
    assert rows["Where does the version stand?"][0] == "first in the path: kept"
    assert rows["Where does the version stand?"][1].endswith("api-version: not kept")
    assert view.summary.endswith("Google AIP 9, Azure 16, Zalando 14.")


def test_a_question_is_answered_by_each_guide_or_not_at_all() -> None:
    view = guides.answers_of_guides("action-path", "illegal-transition")

    (_, *action), (_, google, azure, zalando) = view.table.itertuples(index=False, name=None)
    assert all(word in said for word, said in zip(("136", "actions", "#141"), action, strict=True))
    assert "400" in google
    assert azure == "says nothing"
    assert "409" in zalando
    with pytest.raises(LabError, match='did you mean "action-path"'):
        guides.answers_of_guides("action-pat")


def test_what_is_no_contract_is_told() -> None:
    with pytest.raises(LabError, match="openapi"):
        guides.side_by_side("paths: {}")


def test_a_ticket_is_done_while_the_driver_drives_on() -> None:
    with Service() as company:
        seen = guides.ticket_and_outcome(company, rider=123, driver=57).table

    assert list(seen["seen"]) == ["200", "cancelled", "accepted", "cancelled"]
