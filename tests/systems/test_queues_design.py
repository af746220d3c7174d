"""A design is data, and what cannot be followed costs one clear line."""

from typing import Any

import pytest

from ridealong.systems.queues.design import STEPS, Design, DesignError, read_design


def test_what_is_left_out_is_plain() -> None:
    assert read_design({}) == Design()
    assert read_design({"in_request": ["charge"]}).queued == ("receipt", "rating_prompt")


def test_backoff_doubles_up_to_the_longest() -> None:
    design = read_design({"backoff_seconds": 0.5, "longest_backoff_seconds": 3})
    assert [design.backoff(attempt) for attempt in range(1, 6)] == [0.5, 1, 2, 3, 3]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "the design is empty, wanted lines such as key: ride"),
        ([], r"the design is \[\], wanted lines"),
        ({"keys": "ride"}, "the design has the line 'keys', not known: did you mean key"),
        ({1: 2}, "the design has the line '1', not known: there are in_request"),
        ({"key": "rider"}, "key is 'rider', wanted one of ride, city, none"),
        ({"key": ["ride"]}, r"key is \['ride'\], wanted one of"),
        ({"commit": "before"}, "commit is 'before', wanted one of after_work, before_work"),
        ({"partitions": 0}, "partitions is 0, wanted a whole number from 1 to 16"),
        ({"partitions": 10**12}, "partitions is 1000000000000, wanted a whole number"),
        ({"consumers": 2.5}, "consumers is 2.5, wanted a whole number from 1 to 16"),
        ({"attempts": True}, "attempts is True, wanted a whole number"),
        ({"attempts": "5"}, "attempts is '5', wanted a whole number from 1 to 20"),
        ({"backoff_seconds": "2 s"}, "backoff_seconds is '2 s': leave the unit away"),
        ({"backoff_seconds": -1}, "backoff_seconds is -1, wanted seconds from 0 up to 3,600"),
        ({"freshness_seconds": 0}, "freshness_seconds is 0, wanted seconds above 0"),
        ({"freshness_seconds": 1e12}, "freshness_seconds is 1000000000000.0, wanted seconds"),
        ({"backoff_seconds": 40}, "the first wait cannot be longer than the longest"),
        ({"in_request": "charge"}, "in_request is 'charge', wanted a list of charge, receipt"),
        ({"in_request": ["charges"]}, "in_request names 'charges', not known: did you mean charge"),
        ({"in_request": [["charge"]]}, "in_request is .*, wanted a list"),
        ({"groups": {"charge": "a"}}, "groups lacks receipt, rating_prompt: who reads no events"),
        ({"groups": dict.fromkeys(STEPS, "")}, "the group of charge is '', wanted a name"),
        ({"groups": dict.fromkeys(STEPS, "a b")}, "wanted letters, digits"),
        ({"groups": dict.fromkeys(STEPS, 7)}, "the group of charge is 7, wanted a name"),
        ({"groups": {"recipt": "a"}}, "groups names 'recipt', not known: did you mean receipt"),
        ({"groups": ["a"]}, r"groups is \['a'\], wanted a name for each step"),
        (
            {"in_request": ["charge"], "groups": dict.fromkeys(STEPS, "a")},
            "groups names charge, which stands in in_request: take one of them",
        ),
    ],
)
def test_what_cannot_be_followed_is_told_in_one_line(value: Any, words: str) -> None:
    with pytest.raises(DesignError, match=words) as found:
        read_design(value)
    assert "\n" not in str(found.value) and len(str(found.value)) < 300
