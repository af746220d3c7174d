"""What the service begins with is an extract of the company's data, and nothing else."""

import json
from pathlib import Path

import pytest

import ridealong.service
from ridealong.dataset import connect

FOLDER = Path(ridealong.service.__file__).parent
SEED = json.loads((FOLDER / "seed.json").read_text("utf-8"))


@pytest.mark.usefixtures("databases")
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("cities", "city_id"),
        ("zones", "zone_code"),
        ("riders", "user_id"),
        ("drivers", "driver_id"),
        ("rides", "ride_id"),
    ],
)
def test_seed_is_what_its_query_gives(name: str, key: str) -> None:
    with connect() as connection:
        connection.execute((FOLDER / "seed.sql").read_text("utf-8"))
        found = connection.execute(f"SELECT * FROM seed_{name} ORDER BY {key}")
        columns = [column[0] for column in found.description or []]
        rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    assert rows == SEED[name]


def test_seed_holds_together() -> None:
    assert len(SEED["cities"]) == 5 and len(SEED["zones"]) == 60
    people = (
        {row["user_id"] for row in SEED["riders"]},
        {row["driver_id"] for row in SEED["drivers"]},
    )
    for ride in SEED["rides"]:
        assert ride["user_id"] in people[0] and (ride["driver_id"] or 1) in people[1]
    assert 123 in people[0] and {1, 57} <= people[1]
