"""A learner's schema is drawn and attacked in the notebook."""

import base64
import re
from pathlib import Path

import pytest

from ridealong.judging.ddl import tables as ddl
from ridealong.labs.schema import attack, schema
from ridealong.labs.sql.database import LabError
from ridealong.show.diagrams import cardinality, diagram, in_words

REFERENCE = Path(__file__).parents[1] / "judging" / "schemas" / "reference.sql"
TWO_TABLES = """
    CREATE TABLE drivers (driver_id BIGINT PRIMARY KEY, license_number VARCHAR UNIQUE);
    CREATE TABLE vehicles (
        vehicle_id BIGINT PRIMARY KEY,
        driver_id BIGINT NOT NULL UNIQUE REFERENCES drivers (driver_id),
        previous_id BIGINT REFERENCES drivers (driver_id));"""
SKETCH = "CREATE TABLE users (user_id BIGINT, name VARCHAR, email VARCHAR, created_at TIMESTAMP)"


def drawn(statements: str) -> str:
    """The text of the drawing that a notebook gets."""
    found = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', schema(statements).html())
    assert found
    return base64.b64decode(found[1]).decode()


def test_cardinality_follows_from_keys_and_required_columns() -> None:
    tables = ddl.Tables(TWO_TABLES)
    vehicles = tables.structure.table("VEHICLES")
    tables.close()

    assert vehicles is not None
    assert [cardinality(vehicles, each) for each in vehicles.references] == [
        ("0..1", "1"),
        ("0..n", "0..1"),
    ]


def test_drawing_shows_tables_keys_and_numbers() -> None:
    svg = drawn(TWO_TABLES)

    for text in ("vehicles", "→ drivers, unique, required", "0..1 : 1", "0..n : 0..1", ">key<"):
        assert text in svg


def test_drawing_has_room_for_a_table_that_points_to_itself() -> None:
    columns = "payment_id BIGINT PRIMARY KEY, refund_of BIGINT"
    alone = schema(f"CREATE TABLE payments ({columns})")
    bent = schema(f"CREATE TABLE payments ({columns} REFERENCES payments (payment_id))")

    assert bent.width >= alone.width + 70


def test_drawing_says_in_words_what_it_shows() -> None:
    alt = schema(TWO_TABLES).alt

    assert "A row of vehicles points to exactly one of drivers" in alt
    assert "a row of drivers has at most one row of vehicles" in alt
    assert repr(schema(TWO_TABLES)).splitlines()[:3] == [
        "drivers",
        "    driver_id BIGINT: key",
        "    license_number VARCHAR: unique, optional",
    ]


def test_rules_are_written_as_people_write_them() -> None:
    tables = ddl.Tables(REFERENCE.read_text(encoding="utf-8"))
    words = in_words(tables.structure)
    tables.close()

    assert "rule: unique ride_id where (kind = 'capture') AND (status = 'succeeded')" in words
    assert "rule: unique lower(email)" in words
    assert "rule: stars BETWEEN 1 AND 5" in words


def test_drawing_is_the_same_every_time_and_survives_odd_schemas() -> None:
    assert drawn(TWO_TABLES) == drawn(TWO_TABLES)
    itself = (
        "CREATE TABLE users (user_id INT PRIMARY KEY, referred_by INT REFERENCES users (user_id))"
    )
    assert "0..n : 0..1" in drawn(itself)
    odd = 'CREATE TABLE "a <b>" ("c & d" INT); CREATE VIEW v AS SELECT 1 AS x'
    assert "a &lt;b&gt;" in drawn(odd)
    tables = ddl.Tables("CREATE TYPE t AS ENUM ('a')")
    assert "without a table" in diagram(tables.structure).alt
    tables.close()


def test_attack_counts_what_the_schema_does() -> None:
    seen = attack(SKETCH)

    assert seen.refused == 0
    assert seen.let_in >= 6 > seen.bounced
    assert "ride-of-nobody" in seen.no_place
    assert "welcome discount" in repr(seen)
    tried = seen.bounced + seen.let_in + seen.passed + seen.refused
    shown = seen._repr_html_()
    assert shown.count("<tr>") == tried + 1
    assert "What the schema did</th>" in shown


def test_whole_attack_of_a_good_schema() -> None:
    seen = attack(REFERENCE.read_text(encoding="utf-8"))

    assert (seen.let_in, seen.refused, seen.no_place) == (0, 0, ())
    assert seen.bounced >= 30
    assert seen.passed >= 20


def test_attack_takes_other_names() -> None:
    people = SKETCH.replace("users", "people")

    assert attack(people, ["rider-joins"]).no_place == ("rider-joins",)
    assert attack(people, ["rider-joins"], names={"users": "people"}).passed == 1


@pytest.mark.parametrize(
    ("statements", "only", "names", "wanted"),
    [
        (SKETCH, ["rider-join"], None, "no attack is called 'rider-join'"),
        (SKETCH, [], {"users": "peple"}, "there is none of that name"),
        ("CREATE TABEL users (i INT)", [], None, "syntax error"),
        ("COPY users TO 'x'", [], None, "COPY statement"),
        (
            SKETCH + "; ALTER TABLE users ADD COLUMN p INT; DROP TABLE users",
            ["x"],
            None,
            "no attack",
        ),
    ],
)
def test_what_cannot_be_attacked_is_told_in_one_line(
    statements: str, only: list[str], names: dict[str, str] | None, wanted: str
) -> None:
    with pytest.raises(LabError, match=wanted) as error:
        attack(statements, only, names=names)

    assert "\n" not in str(error.value)


def test_a_table_that_no_attack_touches_blocks_none() -> None:
    kept = "CREATE TABLE vehicles (vehicle_id BIGINT, colour VARCHAR NOT NULL);"

    seen = attack(f"{SKETCH}; {kept}", ["rider-joins", "rider-without-name"])

    assert (seen.let_in, seen.passed) == (1, 1)
    with pytest.raises(LabError, match="a value in colour"):
        attack(f"{SKETCH}; {kept}", ["rider-joins", "vehicle-without-plate"])


def test_what_could_not_be_tried_is_neither_let_in_nor_bounced() -> None:
    seen = attack(
        "CREATE TABLE users (user_id UUID, name VARCHAR NOT NULL, email VARCHAR UNIQUE, "
        "created_at TIMESTAMP)",
        ["rider-without-name", "email-twice", "rider-joins"],
    )

    assert (seen.bounced, seen.let_in, seen.passed, seen.refused) == (0, 0, 0, 1)
    assert seen.not_tried == ("rider-without-name", "email-twice")
    text = repr(seen)
    assert text.startswith(
        "No ordinary row that was tried gets into users. What refuses them: user_id is UUID"
    )
    assert "0 of 2 hostile rows bounce, 0 of 1 ordinary cases pass, 2 could not be tried." in text
    assert "right:" not in text
    assert text.count("not tried: ") == 2
