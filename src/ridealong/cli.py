"""The command `ridealong`: study, doctor, serve, kafka, build, test, pins. Each is a thin call.

What a command needs is imported when it is called, so that the help is there at once.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    0: done and well; 1: something is to be mended; 2: the command could not be carried out.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["build"]:
        # It has its own options and its own help.
        from ridealong import authoring

        return authoring.main(arguments[1:])
    parsed, extra = _split(arguments)
    options = _parser().parse_args(parsed)
    if extra and options.command not in ("study", "test"):
        _parser().error(f"unrecognized arguments: -- {' '.join(extra)}")
    try:
        return _run(options, extra)
    except KeyboardInterrupt:
        print("\nStopped. Nothing is half done: the same command goes on from here.")
        return 130


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Split off what stands after `--`: it is meant for JupyterLab, or for pytest."""
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ridealong",
        description="Learn the technical side of product management by operating Ridealong.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and stop")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    study = commands.add_parser(
        "study",
        help="open the course in JupyterLab",
        description="Bring your own copy of the notebooks (work/) up to date, build the company's "
        "data, open JupyterLab. What you wrote is never overwritten.",
        epilog="What stands after -- goes to JupyterLab: ridealong study -- --debug",
        allow_abbrev=False,
    )
    study.add_argument(
        "--copy-only", action="store_true", help="bring the copy up to date and stop"
    )
    study.add_argument("--no-browser", action="store_true", help="print the address only")
    study.add_argument("--port", type=int, metavar="N", help="port on 127.0.0.1 (default: 8888)")

    doctor = commands.add_parser(
        "doctor",
        help="look at every part and say how to mend it",
        description="Look at every part that the course needs. The exit code is 0 when all is "
        "well and 1 when there is something to mend.",
        allow_abbrev=False,
    )
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")

    serve = commands.add_parser(
        "serve",
        help="run the company's back end, until Control-C",
        description="Run Ridealong's back end on 127.0.0.1 until Control-C. In a notebook, "
        "ridealong.service.start() does it instead.",
        allow_abbrev=False,
    )
    serve.add_argument("--port", type=int, default=0, metavar="N", help="default: a free one")
    serve.add_argument(
        "--database",
        metavar="URL",
        help="sqlite:///rides.sqlite or postgresql://user:password@host/name; default: "
        "RIDEALONG_DATABASE_URL, else a file that is removed at the end",
    )

    # Only for its line in the list of commands: main() hands `build` on before it gets here.
    commands.add_parser("build", help="derive notebooks, catalogue and tables from solutions/")

    kafka = commands.add_parser(
        "kafka",
        help="run Apache Kafka itself, until Control-C",
        description="Run Apache Kafka on 127.0.0.1 until Control-C, for the labs about queues. It "
        "needs Java; Maven fetches Kafka the first time, about 45 MB.",
        allow_abbrev=False,
    )
    kafka.add_argument(
        "--nodes", type=int, choices=(1, 3), default=1, help="three have copies of each partition"
    )

    test = commands.add_parser(
        "test",
        help="pass the tests, all or those of a module",
        description="Pass the tests of the whole course, or what concerns some modules: their "
        "notebooks run, and their answers, mutants, anatomy and release are tested.",
        epilog="What stands after -- goes to pytest: ridealong test 04_sql_one -- -k mistakes",
        allow_abbrev=False,
    )
    test.add_argument("modules", nargs="*", metavar="MODULE", help="a folder of solutions/")

    pins = commands.add_parser(
        "pins",
        help="copy the versions in constraints.txt to pyproject.toml",
        description="Copy the versions in constraints.txt to pyproject.toml, where uv reads them.",
        allow_abbrev=False,
    )
    pins.add_argument(
        "--upgrade", action="store_true", help="first take the newest versions that fit (needs uv)"
    )
    pins.add_argument("--check", action="store_true", help="write nothing; exit with 1 if stale")
    return parser


class _Version(argparse.Action):
    """Print the version; it is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        import importlib.metadata

        print(f"ridealong {importlib.metadata.version('ridealong')}")
        parser.exit()


def _run(options: argparse.Namespace, extra: list[str]) -> int:
    match options.command:
        case "study":
            from ridealong import study

            try:
                study.study(
                    copy_only=options.copy_only,
                    browser=not options.no_browser,
                    port=options.port,
                    extra=extra,
                )
            except study.StudyError as error:
                print(error, file=sys.stderr)
                return 2
            return 0
        case "doctor":
            from ridealong import doctor

            return doctor.run(as_json=options.json)
        case "serve":
            from ridealong.service import ServiceError, process

            try:
                process.serve(port=options.port, database=options.database)
            except ServiceError as error:
                print(error, file=sys.stderr)
                return 2
            return 0
        case "kafka":
            from ridealong.systems.broker import server

            try:
                server.serve(nodes=options.nodes)
            except server.BrokerError as error:
                print(error, file=sys.stderr)
                return 2
            return 0
        case "test":
            from ridealong.authoring import testing

            return testing.run(options.modules, extra)
        case _:
            from ridealong.authoring import pins

            return pins.run(upgrade=options.upgrade, check=options.check)
