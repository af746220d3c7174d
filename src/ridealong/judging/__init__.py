"""Judge answers, each kind in its own room, the same wherever it is asked."""
