"""The learner's names: ask the company's data, check an answer, take a hint, take a quiz.

Each is loaded when it is first used; importing the package alone loads nothing.
"""

from importlib import import_module
from typing import Any, Final

_HOMES: Final = {
    "check": "notebook.check",
    "connect": "dataset",
    "describe": "show.overview",
    "expected": "notebook.expected",
    "hint": "notebook.check",
    "predict": "quizzes.widget",
    "quiz": "quizzes.widget",
    "rubric": "notebook.rubrics",
    "say": "notebook.say",
    "start": "service",
    "tables": "show.overview",
    "timer": "timing",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        missing = error.name or str(error)
        if missing.partition(".")[0] == __name__:
            raise
        raise ImportError(
            f"{name} needs the package {missing}, which is missing: run ridealong doctor"
        ) from error
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])


def _register_magics() -> None:
    """Give a notebook its cell magics; anywhere else do nothing."""
    import sys

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        from ridealong.notebook import magics

        magics.register(shell)


_register_magics()
