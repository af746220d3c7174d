"""`python -m ridealong`: the same as the command `ridealong`."""

import sys

from ridealong.cli import main

sys.exit(main())
