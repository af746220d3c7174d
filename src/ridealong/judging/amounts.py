"""Read words, numbers and times in a text that a person wrote, in digits or in words."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

SECONDS: Final = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
}
"""Units of time, as one may write them, in seconds."""

BEHIND: Final = 2
"""So many words behind a number its unit is looked for: `3 angry partners`."""

_WORD: Final = re.compile(r"\d+(?:[.,:]\d+)*%?|%|[^\W_]+(?:['.-][^\W_]+)*")
_BELOW_ZERO: Final = re.compile(r"\s*[-\u2212]\s*\d")
_MINUS: Final = re.compile(r"\s*minus\s+(?=\d)")
_OR_MORE_WORDS: Final = (["more"], ["less"], ["fewer"])
_SMALL: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES: Final = {"hundred": 100, "thousand": 1000}
_IN_WORDS: Final = {
    **{word: value for value, word in enumerate(_SMALL)},
    **{word: 10 * tens for tens, word in enumerate(_TENS, start=2)},
    **_SCALES,
}
_CALENDAR: Final = ("day", "week", "month", "year")
_LEADS_TO_TIME: Final = (
    *("about", "after", "around", "for", "in", "just", "least", "most", "of", "once", "only"),
    *("over", "than", "under", "within"),
)
_ARTICLE: Final = re.compile(
    rf"\b(?P<half>half )an? (?=minute|hour)"
    rf"|\b(?P<lead>{'|'.join(_LEADS_TO_TIME)}) an? (?=(?:minute|hour|{'|'.join(_CALENDAR)})\b)"
)
_STUCK_MINUTES: Final = re.compile(r"(?<=\d)m\b")


def words(text: str) -> list[str]:
    """Return the words of a text in small letters; `If-Match` and `12.5%` are one word each."""
    return _WORD.findall(text.casefold().replace("\u2019", "'"))


def numbered(text: str, units: Collection[str] = ()) -> list[str]:
    """Return the words of a text with its numbers in digits.

    `nine of ten` is `9 of 10`, `two hundred and forty` is `240`, `half a minute` is `0.5 minute`.
    `one` is a number only in front of a unit; `one day` alone is some day.

    Args:
        text: that somebody wrote.
        units: what `one` may count, beside times.
    """
    text = _MINUS.sub("-", text.casefold())
    plain = _ARTICLE.sub(lambda found: "0.5 " if found["half"] else f"{found['lead']} 1 ", text)
    found = [
        part
        for word in words(_STUCK_MINUTES.sub(" min", plain))
        for part in (word.split("-") if all(p in _IN_WORDS for p in word.split("-")) else [word])
    ]
    counted = {*SECONDS, *_CALENDAR, *units}
    told: list[str] = []
    place = 0
    while place < len(found):
        end = _end_in_words(found, place)
        run = found[place:end]
        if not run or (run == ["one"] and not _is_counted(told, found[end : end + 1], counted)):
            told.append(found[place])
            place += 1
        else:
            told.append(str(_value(run)))
            place = end
    if told and _BELOW_ZERO.match(text):
        told[0] = f"-{told[0]}"
    return told


def _end_in_words(found: Sequence[str], place: int) -> int:
    """Return where a number in words ends: `two hundred and forty` is one, and so is `ten`."""
    end = place
    while end < len(found):
        is_and = found[end] == "and" and end > place and found[end - 1] in _SCALES
        if is_and and found[end + 1 : end + 2] and found[end + 1] in _IN_WORDS:
            end += 1
        if found[end] not in _IN_WORDS:
            break
        end += 1
    return end


def _value(run: Sequence[str]) -> int:
    total = part = 0
    for word in run:
        if word == "thousand":
            total, part = total + max(part, 1) * 1000, 0
        elif word == "hundred":
            part = (part % 100 or 1) * 100
        else:
            part += _IN_WORDS.get(word, 0)  # `and` adds nothing
    return total + part


def _is_counted(before: Sequence[str], behind: Sequence[str], counted: Collection[str]) -> bool:
    """Return whether a `one` between these words is a number."""
    if not behind or behind[0] not in counted or before[-1:] == ["no"]:
        return False
    return behind[0] != "day" or bool(before and before[-1] in _LEADS_TO_TIME)


def behind(found: Sequence[str], place: int) -> tuple[int, Sequence[str]]:
    """Return where the words behind a number begin, and as many as may name what it counts.

    `3 or more angry partners` counts as `3 angry partners` does.
    """
    start = place + 1
    if found[start : start + 1] == ["or"] and found[start + 1 : start + 2] in _OR_MORE_WORDS:
        start += 2
    return start, found[start : start + BEHIND]


def is_number(word: str) -> bool:
    """Return whether a word of a text is a number in digits; `p95` and `v2` are none."""
    return word.removeprefix("-")[:1].isdecimal()


def amount(word: str) -> float:
    """Return the value of a number in digits; `1,200` is one number, and of `4:30` it is the 4."""
    bare = word.rstrip("%").partition(":")[0]
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", bare).replace(",", ".")
    whole, dot, rest = plain.partition(".")
    return float(whole + dot + rest.replace(".", ""))


def number(text: str) -> float | None:
    """Return the first number of a text, None when it has none; a percentile is one, `p95`."""
    for word in numbered(text):
        if is_number(word):
            return amount(word)
        if re.fullmatch(r"p\d\d", word):
            return float(word[1:])
    return None


def times(text: str) -> Iterator[tuple[int, float]]:
    """Yield the times of a text in seconds, each with the place of its number in `numbered`.

    Numbers of other things are passed over: `in 95 of 100 cases 20 seconds` has one time, and so
    has `1 minute 30 seconds`.
    """
    found = numbered(text)
    place = 0
    while place < len(found):
        read = _time(found, place)
        if read is None:
            place += 1
            continue
        start, (place, unit, seconds) = place, read
        smaller = _time(found, place + (found[place : place + 1] == ["and"]))
        if smaller is not None and smaller[2] < unit:
            seconds += smaller[2]
            place = smaller[0]
        yield start, seconds


def _time(found: Sequence[str], place: int) -> tuple[int, float, float] | None:
    """Return the time that begins at a place: where it ends, its unit and all, in seconds."""
    if place >= len(found) or not is_number(found[place]):
        return None
    start, words_behind = behind(found, place)
    for end, near in enumerate(words_behind, start=start + 1):
        if near in SECONDS:
            return end, SECONDS[near], _clock(found[place]) * SECONDS[near]
        if is_number(near):
            break
    return None


def _clock(word: str) -> float:
    """Return a number; `1:30` is one and a half of its unit."""
    sixtieths = word.partition(":")[2]
    return amount(word) + (amount(sixtieths) / 60 if sixtieths else 0.0)


def duration(text: str) -> float | None:
    """Return the first time in a text in seconds, as of `4 minutes` or `0.5min`; None without."""
    return next((seconds for _, seconds in times(text)), None)


def without_numbers(text: str, stand_in: str) -> str:
    """Return a text in which a word stands in place of each number."""
    bare = re.sub(r"\d+(?:[.,:]\d+)*%?", stand_in, text)
    return re.sub(rf"\b(?:{'|'.join(_IN_WORDS)})\b", stand_in, bare, flags=re.IGNORECASE)
