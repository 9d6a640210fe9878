"""Commands about the tools themselves."""

from controller.cli import exit_codes as exits
from controller.cli import options
from controller.cli.verb import Verbs, command

SHELLS = ("bash", "zsh", "fish")


def import_(verbs: Verbs) -> None:
    """Add ``import``."""
    summary = "Print what runs already as entries of the document. Changes nothing."
    parser = command(verbs, "import", summary, exits.IMPORT)
    parser.add_argument(
        "what", choices=("service", "services"), help="one service, or all there are"
    )
    parser.add_argument(
        "name",
        nargs="?",
        default="",
        metavar="NAME",
        help="the name in ECS of the one service",
    )
    options.document(parser)
    parser.add_argument(
        "--cluster",
        default="",
        metavar="C",
        help="where it runs (default: the platform's own cluster)",
    )
    parser.add_argument(
        "--key",
        default="",
        help="the key in the document (default: as the name suggests)",
    )


def store(verbs: Verbs) -> None:
    """Add ``store``."""
    summary = "Make or update the tables of the store; `run` and `apply` do it too."
    parser = command(verbs, "store", summary, exits.PLAIN)
    parser.add_argument("action", choices=("upgrade",), help="what to do")
    options.document(parser)


def schema(verbs: Verbs) -> None:
    """Add ``schema``."""
    summary = "Print the JSON Schema of the document."
    parser = command(verbs, "schema", summary, exits.PLAIN)
    parser.add_argument(
        "--write", action="store_true", help="write all schemas to schemas/ instead"
    )


def local(verbs: Verbs) -> None:
    """Add ``local``."""
    summary = "Bring up a whole platform on this machine and converge on it."
    parser = command(verbs, "local", summary, exits.PLAIN, stays=True)
    options.file(parser)
    parser.add_argument(
        "--once", action="store_true", help="converge, stop everything and exit"
    )
    options.state(parser)
    options.timeout(parser, 300.0, "with --once: give up after this long")


def serve(verbs: Verbs) -> None:
    """Add ``serve``."""
    summary = "Serve the HTTP API."
    parser = command(verbs, "serve", summary, exits.PLAIN, stays=True)
    options.document(parser)
    parser.add_argument(
        "--host", help="address to listen on (default: HOKUSAI_API_HOST)"
    )
    parser.add_argument(
        "--port", type=int, help="port to listen on (default: HOKUSAI_API_PORT)"
    )


def completion(verbs: Verbs) -> None:
    """Add ``completion``."""
    summary = "Print what makes a shell complete our commands."
    parser = command(verbs, "completion", summary, exits.COMPLETION)
    parser.add_argument("shell", choices=(*SHELLS, "addresses"), help="which shell")
    options.document(parser)
