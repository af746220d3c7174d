"""What is in the company's data, as a learner asks for it."""

import pandas as pd
import pytest

from ridealong.dataset.dictionary import dictionary
from ridealong.dataset.storage import DatasetArgumentError
from ridealong.show.overview import describe, tables


def test_it_reads_as_a_data_frame_without_its_own_row_for_the_index() -> None:
    shown = describe("rides")
    plain = pd.DataFrame(shown)
    plain.columns.name, plain.index.name = plain.index.name, None
    with pd.option_context("display.max_colwidth", None):
        assert repr(shown) == plain.to_string()


def test_describe_says_meaning_and_unit() -> None:
    shown = describe("rides")

    assert shown.loc["distance_mi", "unit"] == "miles"
    assert "<th></th>" not in shown._repr_html_()


@pytest.mark.parametrize(("name", "nearest"), [("ride", "rides"), ("basic.user", "basic.users")])
def test_an_unknown_table_names_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(DatasetArgumentError, match=nearest):
        describe(name)


def test_tables_lists_every_table_once() -> None:
    shown = tables()

    assert list(shown.index) == list(dictionary())
    assert shown.loc["rides", "rows"] > 5_000
