"""YAML that cannot be read is told in plain words, with line, column and the next step."""

import re

import pytest

from ridealong.judging.yaml_text import read_yaml

# A reader's own words, which nobody who writes the first YAML knows.
INNER = re.compile(
    r"block end|block mapping|<scalar>|any token|mapping values|expected|stream|indicator|flow"
    r"|simple key|unhashable|alias|literal|constructor|recursion|context|scann|pars"
)

FAULTS = {
    "further in": ("a: 1\n  b: 2", "line 2, column 4", "indented further than the line above", "move the line"),
    "further out": ("a:\n    b: 1\n  c: 2", "line 3, column 3", "indented by 2 spaces", "indent it like"),
    "left of the first": ("  a: 1\nb: 2", "line 2, column 1", "the nearest level is 2 spaces", "indent it like"),
    "a tab in front": ("a:\n\tb: 1", "line 2, column 1", "a tab stands", "replace the tab"),
    "a tab behind a colon": ("a: \tb", "line 1, column 4", "a tab stands", "replace the tab"),
    "a second colon": ("a: note: b", "line 1, column 8", "a second colon", "quotation marks"),
    "no colon": ("a: 1\nb\nc: 2", "line 2, column 1", "no colon", "write a colon"),
    "no blank": ("a:1\nb: 2", "line 1", "no space stands after the colon of `a`", "with a space"),
    "an open quotation": ("a: 'x\nb: 2", "line 1, column 4", "a quotation mark opens", "close it"),
    "an open quotation before others": ("a: 'x\nb: 'y'", "line 1", "a quotation mark opens", "close it"),
    "an apostrophe above is none": ("a: it's\nb: 'y' z", "line 2, column 8", "behind its closing quotation", "twice"),
    "an apostrophe": ("a: 'it's late'", "line 1, column 8", "behind its closing quotation", "twice"),
    "an open bracket": ("a: [1, 2\nb: 2", "line 1, column 4", "what stands in line 2, column 2 neither", "close the bracket"),
    "an open brace at the end": ("a: {b: 1", "line 1, column 4", "a bracket opens here and is not closed", "close the bracket"),
    "no comma": ("a: {b: 1 c: 2}", "line 1, column 4", "what stands in line 1, column 11 neither closes it nor follows a comma", "write the comma"),
    "a bracket too many": ("a: [1]]", "line 1, column 7", "`]` closes here", "delete it"),
    "a text behind a bracket": ("a: [1] x", "line 1, column 8", "behind the closing `]`", "quotation marks"),
    "a sign of its own": ("a: @x", "line 1, column 4", 'begins with "@"', "quotation marks"),
    "a star": ("a: *x", "line 1, column 4", "begins with *", "quotation marks"),
    "a star alone": ("a: * x", "line 1, column 5", "begins with & or *", "quotation marks"),
    "an exclamation mark": ("a: !x y", "line 1, column 4", "begins with !", "quotation marks"),
    "a comparison": ("a: >= 5", "line 1, column 5", "begins with | or >", "quotation marks"),
    "a comma": ("a: , x", "line 1, column 4", "a comma stands", "quotation marks"),
    "a list behind a colon": ("a: - b", "line 1, column 4", "begins a list behind a colon", "next line"),
    "a key among entries": ("- a\nb: 2", "line 2, column 1", "no entry of the list", "begin it with `- `"),
    "an entry among keys": ("a: 1\n- b", "line 2, column 1", "begins an entry of a list", "delete"),
    "two documents": ("a: 1\n---\nb: 2", "line 2, column 1", "a second document", "merge"),
    "a backslash": (r'a: "\d+"', "line 1, column 6", "a backslash", "single quotation marks"),
    "no key": (": a", "line 1, column 1", "no key", "write the key"),
    "a bracket for a key": ("{a}: b", "line 1, column 1", "begins with a bracket", "quotation marks"),
    "no date": ("a: 2026-02-31", "line 1, column 4", "`2026-02-31` looks like a date", "quotation marks"),
    "no number": ("a: !!int x", "line 1, column 4", "`x` looks like", "correct it"),
    "a control character": ("a: 1\nb: \x00", "line 2", "the number 0", "delete it"),
    "too deep": ("[" * 5000, "this is no YAML", "nested too deep", "leave out"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "where", "seen", "step"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_yaml_is_told_in_plain_words_with_its_place_and_the_next_step(
    text: str, where: str, seen: str, step: str
) -> None:
    with pytest.raises(ValueError, match="this is no YAML: ") as caught:
        read_yaml(text)

    told = str(caught.value)
    assert where in told and seen in told and step in told, told
    assert "\n" not in told and "\t" not in told and not INNER.search(told), told


def test_a_key_that_stands_twice_is_told() -> None:
    with pytest.raises(ValueError, match=r"`a` stands twice, again in line 2"):
        read_yaml("a: 1\na: 2")


def test_entries_of_a_list_without_dashes_are_told() -> None:
    with pytest.raises(
        ValueError, match=r"`a` stands twice, again in line 3: keep one of each, or"
    ) as caught:
        read_yaml("a: 1\nb: 2\na: 3\nb: 4")

    assert "begin each entry of a list with `- `" in str(caught.value)
    with pytest.raises(ValueError, match="again in line 2: keep one$"):
        read_yaml("a: 1\na: 2\nb: 3")
