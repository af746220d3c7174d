"""A progress bar that leaves nothing behind, in a notebook as in a terminal."""

import html
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Show = Callable[[int, int, str], None]
"""Called with the steps done, the steps in all (0: unknown) and what is going on."""


def in_kernel() -> bool:
    """Return whether this code runs in a Jupyter kernel, where stderr costs a learner points."""
    ipython = sys.modules.get("IPython")  # where it was never loaded, there is no kernel
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None


@contextmanager
def progress_bar(*, hidden: bool = False) -> Iterator[Show]:
    """Yield a function that shows progress; on leaving, whatever it showed is gone.

    In a kernel the bar is a display that is updated in place and cleared at the end, so a
    stored notebook holds no trace of it. Other output that the same cell made before is cleared
    with it: Jupyter knows no finer way. In a terminal the bar is drawn on stderr and wiped.
    Elsewhere (a pipe, a background thread of a kernel) nothing is shown.
    """
    # A thread's output would land in whatever cell happens to run.
    in_background = threading.current_thread() is not threading.main_thread()
    if hidden or (in_kernel() and in_background):
        yield _show_nothing
    elif in_kernel():
        yield from _in_notebook()
    else:
        yield from _in_terminal()


def _show_nothing(done: int, total: int, what: str) -> None:
    pass


def _in_notebook() -> Iterator[Show]:
    from IPython.display import HTML, clear_output, display

    handle = None

    def show(done: int, total: int, what: str) -> None:
        nonlocal handle
        bar = HTML(_bar_html(done, total, what))  # type: ignore[no-untyped-call]
        if handle is None:
            handle = display(bar, display_id=True)  # type: ignore[no-untyped-call]
        else:
            handle.update(bar)

    try:
        yield show
    finally:
        if handle is not None:
            clear_output()  # type: ignore[no-untyped-call]


def _bar_html(done: int, total: int, what: str) -> str:
    what = html.escape(what)
    # Without a value the browser draws the bar of a wait of unknown length.
    value = f' value="{done}" max="{total}"' if total else ""
    return f'<label>{what} <progress{value} aria-label="{what}"></progress></label>'


def _in_terminal() -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("", total=None, visible=False)

        def show(done: int, total: int, what: str) -> None:
            progress.update(
                task, description=what, completed=done, total=total or None, visible=True
            )

        yield show
