"""From `solutions/` to everything that is derived from it: `ridealong build`.

People edit `solutions/` and nothing else. The stages of the build, in their order:

1. `format` puts the notebooks into their one canonical form and checks what they say;
2. `catalogue` turns exercises, quizzes and reference answers into fingerprints;
3. `execute` runs the notebooks and stores their outputs (checks in them read the catalogue);
4. `release` lets nbgrader write the learners' notebooks;
5. `manifest` counts and sums the generated data;
6. `docs` writes the tables of README and `docs/` from all of these.
"""


def main(argv: list[str] | None = None) -> int:
    """Run `ridealong build` with the given arguments and return the exit code."""
    from ridealong.authoring.command import main as command

    return command(argv)
