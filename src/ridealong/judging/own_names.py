"""The words of a learner's own for what a task leaves open: a dictionary in the answer's comments."""

import json
import re
from collections.abc import Mapping
from typing import Any


class NamesError(ValueError):
    """A dictionary of names that does not fit; the text is one line for the learner."""


def in_comments(text: str, comment: str = "--") -> dict[str, str]:
    """Return the dictionary behind `-- names:` at the head of an answer, empty where none is.

    It is JSON, and may go on over several comment lines:

        -- names: {"rides": "trips",
        --         "rides.user_id": "rider_id"}

    Args:
        text: the answer.
        comment: what starts a comment in its language.

    Raises:
        NamesError: when it is no dictionary of texts.
    """
    begin = re.escape(comment)
    head = re.search(rf"^\s*{begin}\s*names\s*:\s*(?P<start>.*)$", text, re.I | re.M)
    if not head:
        return {}
    given = head["start"]
    for line in text[head.end() :].lstrip("\n").split("\n"):
        if _is_json(given) or not line.strip().startswith(comment):
            break
        given += "\n" + line.strip().removeprefix(comment)
    try:
        names = json.loads(given)
    except ValueError:
        raise NamesError(
            f"the line `{comment} names:` holds no dictionary: write it as in "
            f'{comment} names: {{"rides": "trips"}}'
        ) from None
    return texts(names)


def texts(names: Any) -> dict[str, str]:
    """Return a dictionary of texts, or raise `NamesError`."""
    if not isinstance(names, Mapping) or not all(
        isinstance(key, str) and isinstance(value, str) for key, value in names.items()
    ):
        raise NamesError(
            f"names is {type(names).__name__} with other things than texts in it, wanted a "
            'dictionary such as {"rides": "trips", "rides.user_id": "rider_id"}'
        )
    return dict(names)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
