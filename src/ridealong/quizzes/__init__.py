"""Questions as data: shown by a widget, recorded in a file and in the answer cell, judged."""
