"""The pages about the company's data follow from its dictionary."""

import re

from ridealong.authoring import data_pages
from ridealong.dataset.dictionary import dictionary


def test_the_diagram_shows_every_table_and_a_line_for_every_reference() -> None:
    svg = data_pages.entity_relationship_svg()

    main = [entry for entry in dictionary().values() if entry.schema == "main"]
    names = re.findall(r'<text class="name"[^>]*>(\w+)</text>', svg)
    references = [column for entry in main for column in entry.columns if column.references]
    assert sorted(names) == sorted(entry.name for entry in main)
    assert svg.count("<path ") == len(references)
    assert svg.count('<text class="many"') == len(references)
    assert 'role="img"' in svg
    assert f'<title id="title">{data_pages.ALT_TEXT}</title>' in svg


def test_every_column_of_the_company_stands_in_the_diagram() -> None:
    svg = data_pages.entity_relationship_svg()

    words = set(re.findall(r"\w+", re.sub(r"<[^>]*>", " ", svg)))
    for entry in dictionary().values():
        if entry.schema == "main":
            assert {column.name for column in entry.columns} <= words, entry.name


def test_the_dictionary_has_a_row_for_every_column() -> None:
    pages = data_pages.dictionary_tables()

    for entry in dictionary().values():
        assert f"#### `{entry.name}`" in pages
        for column in entry.columns:
            assert f"| `{column.name}` |" in pages
