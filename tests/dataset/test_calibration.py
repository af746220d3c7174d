"""The invented data stay inside the published figures' ranges."""

import pytest

from ridealong.dataset.calibration import CALIBRATIONS


@pytest.mark.parametrize("row", CALIBRATIONS, ids=lambda row: row.quantity)
def test_quantity_is_inside_its_range(standard, row):
    assert row.low <= row.measured(standard.con) <= row.high


@pytest.mark.parametrize("row", CALIBRATIONS, ids=lambda row: row.quantity)
def test_the_measured_figure_that_is_shown_is_the_measured_one(standard, row):
    """The public data at scale 1, rounded to the places that `data/README.md` shows."""
    number, *percent = row.found.split()
    places = len(number.partition(".")[2])
    factor = 100 if percent == ["%"] else 1
    assert percent in ([], ["%"])
    assert f"{factor * row.measured(standard.con):.{places}f}" == number


@pytest.mark.parametrize("row", CALIBRATIONS, ids=lambda row: row.quantity)
def test_figure_names_its_source_or_says_that_there_is_none(row):
    assert (row.source == "") == (row.published == "no citable figure found")


def test_quantities_are_named_once():
    names = [row.quantity for row in CALIBRATIONS]
    assert len(names) == len(set(names))


def test_long_trips_are_faster(standard):
    """Speed must rise with distance: otherwise the longest trips take hours."""
    slow, fast = standard.con.execute(
        "SELECT median(speed) FILTER (WHERE distance_mi < 2), "
        "median(speed) FILTER (WHERE distance_mi > 10) FROM (SELECT distance_mi, distance_mi "
        "/ (date_diff('second', picked_up_at, completed_at) / 3600) AS speed FROM rides "
        "WHERE status = 'completed')"
    ).fetchall()[0]
    assert fast > 1.5 * slow
