"""`python -m ridealong.authoring build ...`, the same as `ridealong build ...`."""

import sys

from ridealong.authoring import main

arguments = sys.argv[1:]
sys.exit(main(arguments[1:] if arguments[:1] == ["build"] else arguments))
