"""A clock beside a timed interview question, and the times taken. No time is ever worth points."""

from ridealong.timing.widget import Clock, NotTimed, Times, passed, timer

__all__ = ["Clock", "NotTimed", "Times", "passed", "timer"]
