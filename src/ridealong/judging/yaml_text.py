"""Read the YAML that somebody wrote: safely, and every error in one line."""

from typing import Any, Final

import yaml

from ridealong.systems.contract.reading import Unreadable, no_character, no_yaml

LONGEST_YAML: Final = 100_000


class _Told(ValueError):
    """What is wrong, in a sentence that is ready."""


class _Loader(yaml.SafeLoader):
    """The safe loader, which takes no key twice: YAML would keep the last value in silence."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """Return the data of a node."""
        try:
            return super().construct_object(node, deep)
        except _Told:
            raise
        except (ValueError, TypeError, OverflowError, LookupError):
            mark = node.start_mark
            seen = f"`{node.value[:40]}`" if isinstance(node, yaml.ScalarNode) else "a value"
            raise _Told(
                f"this is no YAML: line {mark.line + 1}, column {mark.column + 1}: {seen} looks "
                "like a date or a number and is none; a real one or a text is wanted: "
                "correct it, or put it in quotation marks"
            ) from None

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Return a mapping."""
        seen, again = set[tuple[str, str]](), list[yaml.ScalarNode]()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(key, yaml.ScalarNode) or key.tag.endswith(":merge"):
                continue
            name = (key.tag, key.value)
            if name in seen:
                again.append(key)
            seen.add(name)
        if again:
            # Several keys that come again are often two entries of a list without their dashes.
            dashes = " of each, or begin each entry of a list with `- `" if again[1:] else ""
            line = again[0].start_mark.line + 1
            raise _Told(f"`{again[0].value}` stands twice, again in line {line}: keep one{dashes}")
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> Any:
    """Return the data that a YAML text holds, None when it holds none.

    Raises:
        ValueError: in one line, when it is no YAML, too long, or says one key twice.
    """
    if len(text) > LONGEST_YAML:
        raise ValueError(f"the YAML has {len(text):,} characters, {LONGEST_YAML:,} is the most")
    try:
        return yaml.load(text, _Loader)  # a safe loader
    except _Told:
        raise
    except yaml.MarkedYAMLError as error:
        raise _refused(no_yaml(error, text)) from None
    except yaml.reader.ReaderError as error:
        raise _refused(no_character(error, text)) from None
    except RecursionError:
        raise ValueError(
            "this is no YAML: it is nested too deep to be read; leave out levels"
        ) from None
    except (yaml.YAMLError, ValueError, TypeError):
        raise ValueError(
            "this is no YAML: a value cannot be read; plain texts, numbers, lists and keys are "
            "wanted: put what begins with a sign such as ! or & in quotation marks"
        ) from None


def _refused(found: Unreadable) -> ValueError:
    where = f"line {found.line}" + (f", column {found.column}" if found.column else "")
    return ValueError(f"this is no YAML: {where}: {found.seen}; {found.wanted}: {found.step}")
