"""Read the YAML that somebody wrote: safely, and every error in one line."""

from typing import Any, Final

import yaml

from ridealong.text import first_line

LONGEST_YAML: Final = 100_000


def read_yaml(text: str) -> Any:
    """Return the data that a YAML text holds, None when it holds none.

    Raises:
        ValueError: in one line, when it is no YAML, or too long.
    """
    if len(text) > LONGEST_YAML:
        raise ValueError(f"the YAML has {len(text):,} characters, {LONGEST_YAML:,} is the most")
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ValueError(f"this is no YAML: {error.problem}{where}") from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"this is no YAML: {first_line(error)}") from None
