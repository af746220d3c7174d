from ridealong.dataset.dictionary import dictionary

from .conftest import Built


def test_it_names_exactly_the_columns_of_a_build(small: Built) -> None:
    found = small.con.execute(
        """
        SELECT CASE table_schema WHEN 'main' THEN '' ELSE table_schema || '.' END || table_name,
               column_name
        FROM information_schema.columns
        WHERE table_schema IN ('main', 'basic', 'staging')
        ORDER BY ALL
        """
    ).fetchall()
    named = [
        (entry.name, column.name) for entry in dictionary().values() for column in entry.columns
    ]

    assert sorted(named) == found


def test_listed_values_are_those_that_occur(small: Built) -> None:
    for entry in dictionary().values():
        for column in entry.columns:
            if column.values:
                seen = small.con.execute(
                    f'SELECT DISTINCT CAST("{column.name}" AS VARCHAR) FROM {entry.name} '
                    f'WHERE "{column.name}" IS NOT NULL'
                ).fetchall()
                assert {value for (value,) in seen} <= set(column.values), (entry.name, column.name)


def test_what_is_never_null_is_never_null(small: Built) -> None:
    for entry in dictionary().values():
        for column in entry.columns:
            if column.null is None:
                (missing,) = small.con.execute(
                    f'SELECT count(*) - count("{column.name}") FROM {entry.name}'
                ).fetchall()
                assert missing == (0,), (entry.name, column.name)
