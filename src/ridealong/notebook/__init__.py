"""What is bound in a kernel: the cell magics, check, hint, rubric and say."""
