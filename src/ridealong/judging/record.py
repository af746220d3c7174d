"""Judge a record, such as a decision or a ticket: fields of text that keep rules and fit together.

No check can tell whether a reason is good. It can tell whether a number stands where one is asked
for, whether a field repeats another, and whether what follows from a choice is what does follow.

The rules of each field are in `exercises.toml`:

    [exercise.record.review]
    words = [6, 40]
    needs_number = true
    said.needs_number = "says no number: from which count on would you decide anew?"
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

import yaml

from ridealong.judging.amounts import (
    BEHIND,
    SECONDS,
    amount,
    behind,
    duration,
    is_number,
    number,
    numbered,
    times,
    without_numbers,
    words,
)
from ridealong.judging.kind import Entry, refused
from ridealong.judging.mutants import Mutant, distinct
from ridealong.text import did_you_mean
from ridealong.verdict import Property, Verdict

Rules = Mapping[str, Any]

ALIKE: Final = 0.7
"""Two texts say the same when so large a part of the words of one stands in the other."""

COPIED: Final = 0.5
"""A text is copied when so large a part of the source stands in it, in a row."""

_UNCOUNTED_LETTERS: Final = 3  # "the", "a", "of" make no two texts alike
_STAND_IN: Final = "something"
_ANSWERED: Final = ("answer", "error", "response")
_NO_WORD: Final = re.compile(r"(?:asdf|qwer|zxcv|yxcv|hjkl|uiop|lorem|ipsum|blah|xxx)\w*")
_MOST_REPEATS: Final = 0.5
_FEW_WORDS: Final = 5
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_SHARE: Final = re.compile(r"\b(\d+)( (?:out )?of )(\d+)\b")
_WORDS_OF_A_SHARE: Final = 6  # `percent out of all the drivers`
_SENTENCE_END: Final = re.compile(r"(?<=[.;!?])(?<!vs\.)(?<!e\.g\.)(?<!i\.e\.)\s+", re.IGNORECASE)
_QUESTION: Final = re.compile(r"\b(?:how|whether|which|where|what|when|who)\b", re.IGNORECASE)
_ANSWERED_QUESTION: Final = re.compile(
    r"\b(?:how|whether|which|where)(?: \w+)?(?:\s*:|\s+[-\u2013=])\s", re.IGNORECASE
)
_WORDS_OF_AN_OPTION: Final = 2
_SLASH: Final = re.compile(r"(?<![/\w])[a-z-]+/[a-z-]+(?![/\w{])", re.IGNORECASE)
_PATH: Final = re.compile(r"(?<!\S)/\w")
_AT_LEAST: Final = (["at", "least"], ["more", "than"], ["longer", "than"], ["over"], ["above"])
_LESS: Final = frozenset(
    {"less", "fewer", "sooner", "earlier", "faster", "quicker", "shorter", "before", "better"}
)


class RecordError(ValueError):
    """An answer that is no record of these fields; one line for the learner."""


def judged(exercise_id: str, entry: Entry, value: Any) -> Verdict:
    """Return the verdict on a record.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise; its `record` holds the rules by field.
        value: the data of the answer.
    """
    try:
        record = read(value, entry)
    except RecordError as error:
        return refused(exercise_id, entry, {"error": str(error)}, str(error))
    fields = entry["record"]
    broken = {name: list(_broken(name, record, fields)) for name in fields}
    properties = tuple(
        Property(name, not found, "; ".join(text for _, text in found))
        for name, found in broken.items()
    )
    first = next((found for found in broken.values() if found), None)
    if first is None:
        told = f"{exercise_id} holds: each of {len(fields)} fields keeps its rules"
        return Verdict(exercise_id, True, told, properties)
    more = sum(len(found) for found in broken.values()) - 1
    message = first[0][1] + (f" ({more} more)" if more else "")
    share = sum(not found for found in broken.values()) / len(fields)
    return refused(exercise_id, entry, _marks(broken), message, properties, share)


def marks(value: Any, entry: Entry) -> dict[str, Any]:
    """Return what a wrong record is recognised by, nothing for a right one."""
    try:
        record = read(value, entry)
    except RecordError as error:
        return {"error": str(error)}
    found = _marks({name: list(_broken(name, record, entry["record"])) for name in entry["record"]})
    return found if found["broken"] else {}


def _marks(broken: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, Any]:
    return {"broken": sorted(f"{name}.{rule}" for name, all_ in broken.items() for rule, _ in all_)}


def read(value: Any, entry: Entry) -> dict[str, str]:
    """Return the texts of a record by field.

    Numbers count as their text, true and false as yes and no, a list as its texts in a row, and a
    field without a value as an empty text.

    Args:
        value: the data of the answer.
        entry: of the exercise.

    Raises:
        RecordError: when it is no mapping, a field is missing or unknown, or holds no text.
    """
    fields = entry["record"]
    if not isinstance(value, dict):
        raise RecordError(
            f"the answer is no record: write one line for each of {', '.join(fields)}, "
            "a name, a colon and a text"
        )
    for name in value:
        if name not in fields:
            raise RecordError(f"there is no field {name!r}{did_you_mean(name, fields)}")
    for name in fields:
        if name not in value:
            raise RecordError(f"the field {name!r} is missing: {_asked(name, fields)}")
    return {name: _text(name, value[name]) for name in fields}


def _asked(name: str, fields: Mapping[str, Rules]) -> str:
    choices = fields[name].get("choices")
    return f"write one of {', '.join(map(_plain, choices))}" if choices else "write it as a text"


def _text(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ". ".join(_text(name, each) for each in value)
    if isinstance(value, dict):
        raise RecordError(
            f"{name} holds names and values, wanted one text: put a text with a colon in quotes"
        )
    return _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(value).split())


def holds(text: str, phrase: str) -> bool:
    """Return whether a word, or several in a row, stand in a text; `cach*` is any such beginning."""
    return _place(words(text), phrase) is not None


def _place(found: Sequence[str], phrase: str) -> int | None:
    wanted = words(phrase.removesuffix("*"))
    open_end = phrase.endswith("*")
    for place in range(len(found) - len(wanted) + 1 if wanted else 0):
        *body, last = found[place : place + len(wanted)]
        if body == wanted[:-1] and (
            last.startswith(wanted[-1]) if open_end else last == wanted[-1]
        ):
            return place
    return None


def alike(text: str, other: str) -> bool:
    """Return whether one text says little but what the other says, judged by its longer words."""
    mine, theirs = (
        {word for word in words(each) if len(word) > _UNCOUNTED_LETTERS} for each in (text, other)
    )
    return bool(mine) and len(mine & theirs) >= ALIKE * len(mine)


def _wants_times(rules: Rules) -> bool:
    units = rules.get("needs_number")
    return isinstance(units, list) and any(unit in SECONDS for unit in units)


def _amount(text: str, rules: Rules, passed_over: float | None = None) -> float | None:
    """Return what a text is compared by: its first number, or its time where times are wanted.

    Args:
        text: of the field.
        rules: of the field.
        passed_over: a time that is named as well, as in `from 240 seconds to 20 seconds`.
    """
    if not _wants_times(rules):
        return number(text)
    found = [seconds for _, seconds in times(text)]
    return next((each for each in found if each != passed_over), next(iter(found), None))


def _compared(
    text: str, rules: Rules, record: Mapping[str, str], other: str
) -> tuple[float | None, float | None]:
    """Return what a text and another field are compared by."""
    theirs = _amount(record[other], rules)
    return _amount(text, rules, theirs), theirs


# Each rule gives what was seen when it is broken, "" where the message says it all, None when kept.
Rule = Callable[[str, Any, Mapping[str, str], Rules], str | None]


def _length(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    count = len(words(text))
    return None if wanted[0] <= count <= wanted[1] else str(count)


def _choice(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    return None if text.casefold() in {_plain(each).casefold() for each in wanted} else text


def _needs_number(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    if wanted is True:
        return None if number(text) is not None else ""
    found = numbered(text, wanted)
    for place, word in enumerate(found):
        if is_number(word):
            _, near = behind(found, place)
            if near and near[0].startswith(_ANSWERED) and word in record.values():
                continue  # `409 answers` are answers with a code that stands in the record
            if any(word.endswith(unit) or _place(near, unit) is not None for unit in wanted):
                return None
    return ""


def _not_words(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    found = words(text)
    for phrase in wanted:
        place = _place(found, phrase)
        if place is not None:
            return " ".join(found[place : place + len(words(phrase.removesuffix("*")))])
    return None


def _one_of_words(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    kept = all(any(holds(text, phrase) for phrase in group) for group in _groups(wanted))
    return None if kept else ""


def _groups(wanted: Sequence[Any]) -> list[list[str]]:
    return [list(wanted)] if wanted and isinstance(wanted[0], str) else [list(g) for g in wanted]


def _left_to_choose(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    is_theirs = any(holds(text, phrase) for phrase in wanted["theirs"])
    for sentence in _SENTENCE_END.split(text):
        if _has_options(sentence, (*wanted["options"], *wanted["theirs"])):
            continue
        answered = _ANSWERED_QUESTION.search(sentence)
        if answered and not _QUESTION.search(sentence, answered.end()):
            return answered[0].strip()
        built = _not_words(sentence, wanted["built"], record, rules)
        if built is None and _PATH.search(sentence):
            built = "a path"
        asked = (*wanted["asks"], *(f"which {each}" for each in wanted["built"]))
        if built is None or any(holds(sentence, phrase) for phrase in asked):
            continue
        if not is_theirs or any(holds(sentence, phrase) for phrase in wanted["ordered"]):
            return built
    return None


def _has_options(sentence: str, phrases: Sequence[str]) -> bool:
    """Return whether a sentence names several ways: by a word, as `a/b`, or as a bare list."""
    behind_colon = "" if _PATH.search(sentence) else sentence.partition(":")[2]
    listed = [words(each) for each in re.split("[,/]", behind_colon)]
    is_list = len(listed) > 1 and all(len(each) <= _WORDS_OF_AN_OPTION for each in listed)
    return is_list or bool(_SLASH.search(sentence)) or any(holds(sentence, p) for p in phrases)


def _not_copied(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    mine = words(text)
    for each in wanted:
        source = words(each)
        match = SequenceMatcher(None, mine, source, autojunk=False).find_longest_match()
        if match.size >= ALIKE * len(mine) and match.size >= COPIED * len(source):
            return str(each)
    return None


def _differs_from(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    return next((name for name in wanted if alike(text, record[name])), None)


def _not_like(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    return next((each for each in wanted if alike(text, each)), None)


def _agrees(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    for other, allowed in wanted.items():
        for choice, fitting in allowed.items():
            if record[other].casefold() != choice.casefold():
                continue
            exact = text.casefold() in {_plain(each).casefold() for each in fitting}
            if not (exact if "choices" in rules else any(holds(text, each) for each in fitting)):
                return record[other]
    return None


def _unnumbered(text: str, rules: Rules) -> str | None:
    return None if "needs_number" in rules else text  # one fault, told once


def _is(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    mine = _amount(text, rules)
    if mine is None:
        return _unnumbered(text, rules)
    return None if mine == wanted else text


def _below(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    mine, other = _compared(text, rules, record, wanted)
    if mine is None or other is None:
        return _unnumbered(text, rules)
    return None if mine < other else text


def _above(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    mine, other = _compared(text, rules, record, wanted)
    if mine is None or other is None:
        return _unnumbered(text, rules)
    return None if mine > other else text


def _least(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    other = rules.get("below")
    mine = _compared(text, rules, record, other)[0] if other else _amount(text, rules)
    if mine is None:
        return _unnumbered(text, rules)
    return None if mine >= wanted else text


def _at_most(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    found = numbered(text)
    place, _ = next(times(text), (0, 0.0))
    # `at least 20 seconds less` and `more than 20 seconds for fewer than 5` are bounds from above
    return text if found[:place] in _AT_LEAST and not _LESS.intersection(found) else None


def _within(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    limit, found = duration(record[wanted]), numbered(text)
    for place, seconds in times(text):
        is_within = found[place - 1 : place] == ["within"]
        is_goal = is_within and found[place + 1][0] != "h"  # hours say when it is looked at
        if is_goal and limit is not None and seconds >= limit:
            return " ".join(found[place : place + 2])
    return None


def _shares(text: str, wanted: Any, record: Mapping[str, str], rules: Rules) -> str | None:
    """Give a share that is larger than the whole: 12 of 10 drivers, 120 percent of the drivers."""
    found = numbered(text.replace("per cent", "percent"))
    for place, word in enumerate(found):
        if not is_number(word):
            continue
        rest = told = found[place + 1 : place + 1 + _WORDS_OF_A_SHARE]
        whole: float | None = None
        if word.endswith("%") or rest[:1] in (["%"], ["percent"]):
            rest, whole = rest[0 if word.endswith("%") else 1 :], 100.0
        rest = rest[1:] if rest[:1] == ["out"] else rest
        if rest[:1] != ["of"]:
            continue
        rest = rest[1:]
        if whole is None and rest and is_number(rest[0]):
            whole, rest = amount(rest[0]), rest[1:]
        counted = any(_place(rest[:BEHIND], noun) is not None for noun in wanted)
        if whole is not None and counted and amount(word) > whole:
            return " ".join([word, *told[: len(told) - len(rest)]])
    return None


RULES: Final[Mapping[str, Rule]] = {
    "choices": _choice,
    "words": _length,
    "needs_number": _needs_number,
    "not_words": _not_words,
    "one_of_words": _one_of_words,
    "left_to_choose": _left_to_choose,
    "not_like": _not_like,
    "not_copied": _not_copied,
    "differs_from": _differs_from,
    "agrees": _agrees,
    "shares": _shares,
    "is": _is,
    "least": _least,
    "at_most": _at_most,
    "within": _within,
    "below": _below,
    "above": _above,
}
"""The rules that a field may have, in the order in which they are asked.

`choices`: the only values. `words`: the least and the most of them. `needs_number`: true, or units
of which one has to stand behind a number. `not_words` and `one_of_words`: words, several in a row,
or beginnings such as `cach*`; lists in a list want one of each. `not_like`: texts that are not to be
repeated, in any order; `not_copied`: of which no long part is to be repeated as it stands.
`differs_from`: fields that are not to be repeated. `agrees`: by another field and its value, what
then fits here: one of these values, or in a text one of these words.

`left_to_choose`: a sentence that names what is `built` names several ways (by a word of `options`),
is a question (`asks`, or `which queue`), or leaves it to others (`theirs`); another sentence may
say that it is theirs, unless this one has a word of `ordered`.

`is` and `least`: the first number of the text, and what it does not fall short of. `below` and
`above`: the field whose first number has to be larger or smaller. Where `needs_number` asks for
units of time, these four compare times, in seconds: 4 minutes are 240; and a time that the other
field names is passed over, as in `from 240 seconds to 20 seconds`. `at_most`: a text does not begin
with a lower bound, as `at least 20 seconds` does. `within`: the field whose time is longer than the
one behind the word `within`. `shares`: what has a share of at most all, `95 of 100 drivers`.
"""

_CHOICE: Final = dict.fromkeys(("built", "options", "asks", "theirs", "ordered"), ())
_WITH_OWN_WORDS: Final = ("choices", "words")


def _broken(
    name: str, record: Mapping[str, str], fields: Mapping[str, Rules]
) -> Iterator[tuple[str, str]]:
    """Yield the broken rules of a field, each with its message."""
    text, rules = record[name], fields[name]
    if not text:
        yield "empty", f"{name} is empty: {_asked(name, fields)}"
        return
    filler = _filler(text) if "words" in rules else ""
    if filler:
        yield "filler", f"{name} {filler}: write a sentence of your own"
        return
    for rule, broken in RULES.items():
        if rule not in rules:
            continue
        seen = broken(text, rules[rule], record, rules)
        if seen is not None:
            yield rule, f"{name} {_said(rules, rule, seen)}"
            if rule == "choices":
                return


def _filler(text: str) -> str:
    """Return what shows that a text is no sentence, "" for one that may be one."""
    found = words(text)
    for word in found:
        if _NO_WORD.fullmatch(word):
            return f'says "{word}"'
    if len(found) < _FEW_WORDS or len(set(found)) > _MOST_REPEATS * len(found):
        return ""
    word, count = Counter(found).most_common(1)[0]
    return f'says "{word}" {count} times in {len(found)} words'


def _said(rules: Rules, rule: str, seen: str) -> str:
    said = rules.get("said", {}).get(rule)
    if said:
        return str(said).strip().replace("{seen}", seen)
    if rule == "choices":
        known = [_plain(each) for each in rules["choices"]]
        return f"is {seen!r}, wanted one of {', '.join(known)}{_near(seen, known)}"
    least, most = rules["words"]
    return f"has {seen} words, wanted {least} to {most}"


def _near(seen: str, known: Sequence[str]) -> str:
    return "" if seen.isdecimal() else did_you_mean(seen, known)  # near to a number is no number


def problems(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with `record` in `exercises.toml`."""
    fields = entry.get("record")
    if not isinstance(fields, dict) or not fields:
        yield "'record' is missing: a table [exercise.record.FIELD] for each field"
        return
    for name, rules in fields.items():
        where = f"'record.{name}'"
        if not isinstance(rules, dict) or not {"choices", "words"} & rules.keys():
            yield f"{where} wants 'choices', or 'words' with the least and the most"
            continue
        for rule in rules.keys() - RULES.keys() - {"said"}:
            yield f"{where}: no rule is called {rule!r}{did_you_mean(rule, RULES)}"
        if rules.get("left_to_choose", _CHOICE).keys() != _CHOICE.keys():
            yield f"{where}: 'left_to_choose' wants {', '.join(_CHOICE)}"
        said = rules.get("said", {})
        for rule in RULES:
            if rule in rules and rule not in _WITH_OWN_WORDS and rule not in said:
                yield f"{where}: 'said.{rule}' is missing, the message when the rule is broken"
        for rule in said.keys() - rules.keys():
            yield f"{where}: 'said.{rule}' is the message of a rule that is not there"
        for other in _named(rules):
            if other not in fields:
                yield f"{where} names a field {other!r}{did_you_mean(other, fields)}"


def _named(rules: Rules) -> list[str]:
    """Return the other fields that the rules of one name."""
    single = [rules[rule] for rule in ("below", "above", "within") if rule in rules]
    return [*single, *rules.get("differs_from", ()), *rules.get("agrees", {})]


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield a right record with one change each: what each rule is there to refuse.

    Args:
        reference: the record as YAML.
        entry: the exercise, with its rules.
    """
    value = yaml.safe_load(reference)
    yield from distinct(_changed(value, entry), _written(value))


def _written(value: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(value), sort_keys=False, allow_unicode=True)


def _changed(value: Mapping[str, Any], entry: Entry) -> Iterator[Mutant]:
    record = read(dict(value), entry)
    for name, rules in entry["record"].items():
        rest = {key: text for key, text in value.items() if key != name}
        yield Mutant(f"without {name}", _written(rest))
        yield Mutant(f"{name} called {name}s", _written(rest | {f"{name}s": value[name]}))
        for change, text in [("empty", None), *_texts(record[name], rules, record)]:
            yield Mutant(f"{name}: {change}", _written({**value, name: text}))


def _texts(text: str, rules: Rules, record: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield other texts for a field, each with the name of the change."""
    for choice in map(_plain, rules.get("choices", ())):
        if choice.casefold() != text.casefold():
            yield choice, choice
    parts = text.split()
    if "words" in rules:
        least, most = rules["words"]
        yield f"{least - 1} words", " ".join(["word"] * (least - 1))
        yield f"{most + 1} words", " ".join((parts * (most + 1))[: most + 1])
    if "needs_number" in rules:
        yield "without numbers", without_numbers(text, _STAND_IN)
    for phrase in rules.get("not_words", ()):
        yield f"with {phrase}", " ".join([*parts[:-1], phrase.removesuffix("*")])
    for group in _groups(rules.get("one_of_words", [])):
        yield f"without {group[0]}", _without(text, group)
    for other, allowed in rules.get("agrees", {}).items():
        fitting = allowed.get(record[other].casefold(), [])
        if fitting and "choices" not in rules:
            yield f"without {fitting[0]}", _without(text, list(map(_plain, fitting)))
    for each in rules.get("not_like", ()):
        yield f"as in {each.split(' ', 1)[0]!r}", each
    for other in rules.get("differs_from", ()):
        yield f"as {other}", record[other]
    for word in rules.get("left_to_choose", {}).get("built", ()):
        yield f"prescribes {word}", f"{text} How it is done has to be the {word.removesuffix('*')}."
    for each in rules.get("not_copied", ()):
        yield f"copied from {each.split(' ', 1)[0]!r}", each
    if "shares" in rules:
        yield "more than all", _SHARE.sub(lambda of: f"{int(of[3]) + 5}{of[2]}{of[3]}", text)
        yield "200 percent", re.sub(r"\d+(?= ?(?:%|percent))", "200", text)
    if "least" in rules:
        yield "0", _NUMBER.sub("0", text, count=1)
    if "at_most" in rules:
        yield "at least", f"at least {text}"
    if "within" in rules:
        yield "within hours", re.sub(r"(?<=within )\d+", "9999", text)
    if "is" in rules:
        yield "another number", _NUMBER.sub(f"{rules['is'] + 1:g}", text, count=1)
    for rule, by in (("below", 1), ("above", -1)):
        limit = number(record[rules[rule]]) if rule in rules else None
        if limit is not None:
            for new in (limit, limit + by):
                yield f"{new:g}", _NUMBER.sub(f"{new:g}", text, count=1)


def _without(text: str, phrases: Sequence[str]) -> str:
    """Return a text in which none of the phrases stands, of about the same length."""
    parts = words(text)
    for phrase in phrases:
        count = len(words(phrase.removesuffix("*")))
        place = _place(parts, phrase)
        while place is not None:
            parts[place : place + count] = [_STAND_IN]
            place = _place(parts, phrase)
    return " ".join(parts)
