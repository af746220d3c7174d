"""A design is data, and what cannot be followed costs one clear line."""

from dataclasses import replace
from typing import Any

import pytest

from ridealong.judging.yaml_text import read_yaml
from ridealong.systems.queues.design import Design, DesignError, read_design


def test_what_is_left_out_is_plain() -> None:
    assert read_design({}) == Design()
    assert read_design({"in_request": ["charge"]}).queued == ("receipt", "rating_prompt")


def test_backoff_doubles_up_to_the_longest() -> None:
    design = read_design({"backoff_seconds": 0.5, "longest_backoff_seconds": 3})
    assert [design.backoff(attempt) for attempt in range(1, 6)] == [0.5, 1, 2, 3, 3]


NUMBER = "wanted a whole number from 1 to"
SECONDS = "up to 3,600, which is an hour"
YES = "YAML makes true and false of yes, no, on and off"
ALL = "{charge: %s, receipt: b, rating_prompt: c}"

WRONG = {
    "": "the design is empty, wanted lines such as key: ride",
    "[]": "the design is [], wanted lines",
    "key ride": "the design is 'key ride', wanted lines such as key: ride: write a name, a colon",
    "- key: ride": "leave the dash away",
    "yes": "the design is true, wanted lines",
    "keys: ride": "the design has the line 'keys', not known: did you mean key?",
    "KEY: ride": "the design has the line 'KEY', not known: did you mean key?",
    "max-attempts: 3": "not known: did you mean attempts?",
    "design: {key: ride}": "'design', not known: leave it away, and begin its lines at the left",
    "yes: ride": "the line true, not known: a line begins with a name",
    "~: ride": "the line empty, not known: a line begins with a name",
    "1: 2": "the line 1, not known: a line begins with a name",
    "key: rider": "key is 'rider', wanted one of ride, city, none: did you mean ride?",
    "key: Ride": "key is 'Ride', wanted one of ride, city, none: did you mean ride?",
    "key: [ride]": "key is ['ride'], wanted one of ride, city, none: write one word, without",
    "key:": "key is empty, wanted one of ride, city, none: write one of them, or leave the line",
    "key: yes": f"key is true, wanted one of ride, city, none: {YES}; write one of the words",
    "remember: off": f"remember is false, wanted one of nothing, before_work, with_work, after_work: {YES}",
    "remember: with work": "did you mean with_work?",
    "commit: AFTER-WORK": "did you mean after_work?",
    "commit: before": "commit is 'before', wanted one of after_work, before_work: did you mean",
    "event: kafka": "event is 'kafka', wanted one of outbox, after_commit, before_commit: write one",
    "event: {outbox: yes}": "event is {'outbox': True}, wanted one of outbox, after_commit",
    "unreadable: dead letter": "did you mean dead_letter?",
    "when_attempts_end: retry": "when_attempts_end is 'retry', wanted one of dead_letter, skip, stop",
    f"key: {'x' * 500}": "wanted one of ride, city, none",
    "partitions: 0": f"partitions is 0, {NUMBER} 16: write a larger one",
    "partitions: -3": f"partitions is -3, {NUMBER} 16: write a larger one",
    "partitions: 1_000_000_000_000": f"partitions is 1000000000000, {NUMBER} 16: write a smaller",
    f"partitions: 0x{'f' * 5000}": f"partitions is a number of more than 30 digits, {NUMBER} 16",
    "partitions: '4'": f"partitions is '4', {NUMBER} 16: leave the quotation marks away",
    "partitions: 4.0": f"partitions is 4.0, {NUMBER} 16: write 4, without a point",
    "partitions: four": f"partitions is 'four', {NUMBER} 16: write it in digits",
    "partitions: 1e1": f"partitions is '1e1', {NUMBER} 16: write it in digits",
    "consumers: 2.5": f"consumers is 2.5, {NUMBER} 16: write a number",
    "consumers: {charge: 2}": "write one number, without brackets",
    "consumers: ~": f"consumers is empty, {NUMBER} 16: write one, or leave the line away",
    "attempts: yes": f"attempts is true, {NUMBER} 20: {YES}; write a number",
    "attempts: 5 times": f"attempts is '5 times', {NUMBER} 20: the number alone",
    "attempts: .inf": f"attempts is inf, {NUMBER} 20: write a smaller one",
    "attempts: .nan": f"attempts is nan, {NUMBER} 20: write a number",
    "backoff_seconds: 2 s": f"is '2 s', wanted seconds from 0 {SECONDS}: leave the unit away",
    "backoff_seconds: 500ms": f"wanted seconds from 0 {SECONDS}: leave the unit away",
    "backoff_seconds: '0.5'": "is '0.5', wanted seconds from 0 up to 3,600, which is an hour: leave "
    "the quotation marks away",
    "backoff_seconds: 0,5": "write a point for the comma, as in 0.5",
    "backoff_seconds: -1": f"is -1, wanted seconds from 0 {SECONDS}: write a larger one",
    "backoff_seconds: [1, 2, 4]": "write one number, without brackets",
    "backoff_seconds: 40": "backoff_seconds is 40 and longest_backoff_seconds 30: the first wait "
    "cannot be longer than the longest; lower the one or raise the other",
    "freshness_seconds: 0": f"is 0, wanted seconds above 0 {SECONDS}: write a larger one",
    "freshness_seconds: 1.0e+12": f"is 1000000000000.0, wanted seconds above 0 {SECONDS}: write a s",
    "freshness_seconds: 2026-01-01": "freshness_seconds is 2026-01-01, a date, wanted seconds",
    "in_request: charge": "is 'charge', wanted a list of charge, receipt, rating_prompt: write [charge]",
    "in_request: charge, receipt": "rating_prompt: write [charge, receipt]",
    "in_request: no": "in_request is false, wanted a list of charge, receipt, rating_prompt: write []",
    "in_request:": "in_request is empty, wanted a list",
    "in_request: {charge: yes}": "rating_prompt: write [charge]",
    "in_request: [none]": "in_request names 'none', not known: for no step write []",
    "in_request: [charges]": "in_request names 'charges', not known: did you mean charge?",
    "in_request: [rating prompt]": "did you mean rating_prompt?",
    "in_request: [[charge]]": "in_request is [['charge']], wanted a list",
    "in_request: [charge, charge]": "in_request names charge twice, wanted once: keep one",
    "groups: [a]": "groups is ['a'], wanted a name for each step, such as {charge: charge, receipt",
    "groups: {}": "groups lacks charge, receipt, rating_prompt: who reads no events does nothing",
    "groups: {charge: a}": "groups lacks receipt, rating_prompt: who reads no events does nothing",
    "groups: {recipt: a}": "groups names 'recipt', not known: did you mean receipt?",
    "groups: {money: [charge], mail: [receipt]}": "groups names 'money', not known: the step comes "
    "before the colon, write charge: money",
    f"groups: {ALL % '7'}": "the group of charge is 7, wanted a name of up to 40 characters: write",
    f"groups: {ALL % 'yes'}": "the group of charge is true, wanted a name",
    f"groups: {ALL % '[a]'}": "the group of charge is ['a'], wanted a name",
    "groups: {charge: ' ', receipt: b, rating_prompt: c}": "the group of charge is ' ', wanted a name",
    f"groups: {ALL % 'a b'}": "the group of charge is 'a b', wanted letters from a to z, digits",
    f"groups: {ALL % 'é'}": "wanted letters from a to z, digits and . _ - alone: write a dash for",
    f"in_request: [charge]\ngroups: {ALL % 'a'}": "groups names charge, which stands in in_request: "
    "take one of them",
    "in_request: &a [*a]": "in_request is [[[...]]], wanted a list",
    "a: &a [1,1,1,1,1,1]\nin_request: &b [*a]": "the design has the line 'a', not known: there are",
}
"""Texts of answers, with what their one line says."""

RIGHT = {
    "{}": {},
    "# all as it is\n{}": {},
    "key: ride": {},
    "'key': \"ride\"": {},
    "{key: city, partitions: 8}": {"key": "city", "partitions": 8},
    "key: none  # in turn": {"key": "none"},
    "? commit\n: before_work": {"commit": "before_work"},
    "partitions: 0x10": {"partitions": 16},
    "partitions: +6": {"partitions": 6},
    "backoff_seconds: 0": {"backoff_seconds": 0.0},
    "backoff_seconds: 1\nlongest_backoff_seconds: 1": {
        "backoff_seconds": 1.0,
        "longest_backoff_seconds": 1.0,
    },
    "longest_backoff_seconds: 1:30": {"longest_backoff_seconds": 90.0},
    "freshness_seconds: 1.5e+1": {"freshness_seconds": 15.0},
    "in_request:\n- receipt\n- charge": {
        "in_request": frozenset({"charge", "receipt"}),
        "groups": {"rating_prompt": "rating_prompt"},
    },
    "groups:": {},
    "groups:\n  rating_prompt: all-3.x\n  receipt: all-3.x\n  charge: '7'": {
        "groups": {"charge": "7", "receipt": "all-3.x", "rating_prompt": "all-3.x"}
    },
    "remember: &when after_work\ncommit: *when": {"remember": "after_work"},
}
"""The same said in other ways, with what it differs in from the plain design."""


@pytest.mark.parametrize(("text", "words"), WRONG.items())
def test_what_cannot_be_followed_is_told_in_one_line(text: str, words: str) -> None:
    with pytest.raises(DesignError) as found:
        read_design(read_yaml(text))
    told = str(found.value)
    assert words in told and "\n" not in told and len(told) < 300


@pytest.mark.parametrize(("text", "differs"), RIGHT.items())
def test_a_design_may_be_written_in_many_ways(text: str, differs: dict[str, Any]) -> None:
    assert read_design(read_yaml(text)) == replace(Design(), **differs)


def test_an_answer_that_grows_without_end_is_told_at_once() -> None:
    grows = ["x"]
    for _ in range(60):
        grows = [grows, grows]  # type: ignore[list-item]
    for line in ("key", "partitions", "in_request", "groups", "freshness_seconds"):
        with pytest.raises(DesignError, match="wanted") as found:
            read_design({line: grows})
        assert len(str(found.value)) < 300
