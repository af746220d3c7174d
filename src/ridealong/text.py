"""Words for messages: the nearest known word, the first line of an error."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches


def nearest(word: object, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return the known word most like `word`, whatever its case, or an empty text.

    Args:
        word: as somebody wrote it.
        known: the words that there are.
        cutoff: how alike they have to be, from 0 to 1.
    """
    words = {each.lower(): each for each in known}
    close = get_close_matches(str(word).lower(), list(words), n=1, cutoff=cutoff)
    return words[close[0]] if close else ""


def did_you_mean(word: object, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return `; did you mean "..."?` with the nearest known word, or an empty text."""
    close = nearest(word, known, cutoff=cutoff)
    return f'; did you mean "{close}"?' if close else ""


def meant(word: object, known: Collection[str]) -> str:
    """Return `did you mean ...?` with the nearest known word, else all that there are.

    A dash and an underscore are alike.
    """
    alike = {each.lower().replace("_", "-"): each for each in known}
    close = nearest(str(word).replace("_", "-"), alike)
    if close:
        return f"did you mean {alike[close]}?"
    return f"there {'is' if len(known) == 1 else 'are'} {', '.join(known)}"


def first_line(error: object) -> str:
    """Return the first line of an error that says something, else the name of its kind."""
    lines = (" ".join(line.split()) for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)
