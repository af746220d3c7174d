"""The header fields that an answer gives for each resource: read, and every error in one line."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from ridealong.text import meant

FIELDS: Final = ("Cache-Control", "Vary")

SECONDS: Final = ("max-age", "s-maxage", "stale-while-revalidate", "stale-if-error")
"""Directives that take a number of seconds."""

PLAIN: Final = (
    "public",
    "private",
    "no-cache",
    "no-store",
    "must-revalidate",
    "proxy-revalidate",
    "immutable",
    "no-transform",
)
"""Directives that stand alone."""

REQUEST_FIELDS: Final = (
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Cookie",
    "User-Agent",
    "X-Language",
    "X-Role",
)
"""The fields of requests that `Vary` may name here."""

TO_CHANGE: Final = "{seconds_to_change}"
"""In a directive: the seconds to the next change that the back end knows of."""

LONGEST_SECONDS: Final = 2**31
_LONGEST_FIELD: Final = 300


class HeaderError(Exception):
    """An answer that holds no header fields: what was seen, what was wanted, what to try."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What an answer of the back end says about its keeping.

    Attributes:
        cache_control: the value of `Cache-Control`, empty for none.
        vary: the value of `Vary`, empty for none.
    """

    cache_control: str = ""
    vary: str = ""

    def headers(self, seconds_to_change: int) -> dict[str, str]:
        """Return the fields as they are sent, names in small letters."""
        control = self.cache_control.replace(TO_CHANGE, str(seconds_to_change))
        sent = {"cache-control": control, "vary": self.vary}
        return {name: value for name, value in sent.items() if value}


def read_headers(
    value: object,
    resources: Collection[str],
    *,
    fields: Collection[str] = FIELDS,
    with_known_change: Collection[str] = (),
    may_vary: Collection[str] = REQUEST_FIELDS,
) -> dict[str, Fields]:
    """Return the header fields that an answer holds.

    Args:
        value: the data of the `%%yaml` answer: resource -> name of the field -> its value.
        resources: all that are wanted.
        fields: the fields that are asked for.
        with_known_change: the resources for which `{seconds_to_change}` may be written.
        may_vary: the fields that requests have here, so that `Vary` may name them.

    Raises:
        HeaderError: in one line.
    """
    if not isinstance(value, Mapping):
        what = "empty" if value is None else f"{value!r}"[:60]
        raise HeaderError(
            f"the answer is {what}, wanted one block for each resource: {', '.join(resources)}"
        )
    inner = next(iter(value.values()), None)
    if len(value) == 1 and isinstance(inner, Mapping) and set(resources) & set(inner):
        raise HeaderError(
            f"the name {next(iter(value))!r} stands behind %%yaml already: take the line away, "
            "and begin the others at the margin"
        )
    for name in value:
        if name not in resources:
            raise HeaderError(
                f"the answer has the block {str(name)[:40]!r}, which is not known: "
                f"{meant(name, resources)}"
            )
    missing = [name for name in resources if name not in value]
    if missing:
        raise HeaderError(
            f"the answer lacks {', '.join(missing)}: one block for each resource is wanted"
        )
    return {
        name: _fields(name, value[name], fields, name in with_known_change, may_vary)
        for name in resources
    }


def _fields(
    resource: str,
    value: object,
    fields: Collection[str],
    known_change: bool,
    may_vary: Collection[str],
) -> Fields:
    if value is None:
        return Fields()
    if not isinstance(value, Mapping):
        raise HeaderError(
            f"{resource} holds {value!r:.60}, wanted lines below it such as "
            f"{'Vary: Accept-Language' if 'Cache-Control' not in fields else 'Cache-Control: no-store'}"
        )
    found = dict[str, str]()
    for name, text in value.items():
        near = {each.lower(): each for each in fields}
        wanted = near.get(str(name).lower())
        if wanted is None:
            if text is None and re.search(r"=\s*\d|^[A-Za-z-]+$", str(name)):
                raise HeaderError(
                    f"{resource}: {name!r} stands alone: a comma between braces ends a value, so "
                    "put the whole value in quotation marks"
                )
            if str(name).lower() in (*SECONDS, *PLAIN) and "Cache-Control" in fields:
                raise HeaderError(
                    f"{resource}: {name} is no field of its own: write it behind Cache-Control:, "
                    "with commas between the directives"
                )
            raise HeaderError(
                f"{resource} has the field {str(name)[:40]!r}, not asked for: {meant(name, fields)}"
            )
        if wanted in found:
            raise HeaderError(f"{resource} has {wanted} twice: write its values in one line")
        if isinstance(text, list) and all(isinstance(each, str) for each in text):
            text = ", ".join(text)
        if text is not None and not isinstance(text, str):
            raise HeaderError(
                f"{resource}: {wanted} is {text!r:.60}, wanted a text such as "
                f"{'max-age=60' if wanted == 'Cache-Control' else 'Accept-Language'}"
            )
        if text and (len(text) > _LONGEST_FIELD or not text.isascii() or not text.isprintable()):
            raise HeaderError(
                f"{resource}: {wanted} has {len(text)} characters, wanted one line of plain "
                f"letters, at most {_LONGEST_FIELD}"
            )
        found[wanted] = text or ""
    control, vary = found.get("Cache-Control", ""), found.get("Vary", "")
    return Fields(_control(resource, control, known_change), _vary(resource, vary, may_vary))


def _control(resource: str, text: str, known_change: bool) -> str:
    where = f"{resource}: Cache-Control"
    if text.lower().startswith("cache-control:"):
        raise HeaderError(f"{where} has its own name in its value: leave {text[:14]} out there")
    if ";" in text:
        raise HeaderError(f"{where} is {text!r}: directives stand with commas between, not ;")
    seen = set[str]()
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, has_value, given = part.partition("=")
        name = name.lower()
        if name in seen:
            raise HeaderError(f"{where} has {name} twice: keep one")
        seen.add(name)
        if name in PLAIN:
            if has_value:
                raise HeaderError(f"{where} has {part!r}: {name} stands alone, without a value")
        elif name in SECONDS:
            _seconds(where, name, given, known_change)
        elif re.search(r"\s=|=\s", part):
            raise HeaderError(f"{where} has {part[:40]!r}: no space stands beside the =")
        elif _all_known(part.split(), (*SECONDS, *PLAIN)):
            raise HeaderError(f"{where} has {part[:60]!r}: directives stand with commas between")
        else:
            raise HeaderError(
                f"{where} has {part[:40]!r}, which the caches here do not know and pass over: "
                f"{meant(name, (*SECONDS, *PLAIN))}"
            )
    return text


def _seconds(where: str, name: str, given: str, known_change: bool) -> None:
    if given == TO_CHANGE:
        if known_change:
            return
        raise HeaderError(
            f"{where} has {name}={given}, and nobody knows when this resource changes next: "
            "write a number of seconds"
        )
    if known_change and "change" in given:
        raise HeaderError(f"{where} has {name}={given[:40]}: write it as {name}={TO_CHANGE}")
    if not re.fullmatch(r"[0-9]{1,12}", given) or int(given) > LONGEST_SECONDS:
        wanted = f"a whole number of seconds up to {LONGEST_SECONDS:,}"
        step = "leave the unit away" if re.fullmatch(r"\d+\s*[a-z]+", given) else "such as 60"
        raise HeaderError(f"{where} has {name}={given[:40]}, wanted {wanted}: {step}")


def _vary(resource: str, text: str, may_vary: Collection[str]) -> str:
    known = {name.lower(): name for name in may_vary}
    for name in filter(None, (name.strip() for name in text.split(","))):
        if name == "*" or name.lower() in known:
            continue
        if _all_known(re.split(r"[;\s]+", name), may_vary):
            raise HeaderError(f"{resource}: Vary is {name[:60]!r}: names stand with commas between")
        raise HeaderError(
            f"{resource}: Vary names {name[:40]!r}, which no request here has: "
            f"{meant(name, may_vary)}"
        )
    return text


def _all_known(parts: list[str], known: Collection[str]) -> bool:
    """Whether these are several, and each begins with a name that is known."""
    small = {name.lower() for name in known}
    names = [part.partition("=")[0].lower() for part in parts if part]
    return len(names) > 1 and small.issuperset(names)
