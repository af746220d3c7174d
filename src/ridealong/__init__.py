"""The learner's names: ask the company's data, check an answer, take a hint, take a quiz."""

__all__ = [
    "check",
    "connect",
    "describe",
    "expected",
    "hint",
    "predict",
    "quiz",
    "rubric",
    "say",
    "tables",
    "timer",
]

try:
    from ridealong.dataset import connect, describe, tables
    from ridealong.notebook.check import check, hint
    from ridealong.notebook.expected import expected
    from ridealong.notebook.rubrics import rubric
    from ridealong.notebook.say import say
    from ridealong.quiz import predict, quiz
    from ridealong.timing import timer
except ModuleNotFoundError as error:
    _missing = error.name or str(error)
    if _missing.partition(".")[0] == "ridealong":
        raise

    # `ridealong doctor` has to run even now: it says how to install what is missing.
    def __getattr__(name: str) -> object:
        if name in __all__:
            message = f"{name} needs the package {_missing}, which is missing: run ridealong doctor"
            raise ImportError(message)
        raise AttributeError(name)


def _register_magics() -> None:
    """Give the notebook its `%%sql`, `%%ddl`, `%%yaml` and `%%quiz` cells."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is not None:
        from ridealong.notebook import magics

        magics.register(shell)


_register_magics()
