"""Check answers: run them on several data sets, say what holds, give hints."""

from ridealong.checks.judge import judge
from ridealong.checks.notebook import check, hint
from ridealong.checks.verdict import CheckFailed, Property, Verdict

__all__ = ["CheckFailed", "Property", "Verdict", "check", "hint", "judge"]
