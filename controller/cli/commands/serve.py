"""The ``serve`` command."""

import argparse

from controller.cli import exit_codes, options
from controller.cli.commands import Group

SUMMARY = "Serve the HTTP API."
GROUP = Group.PLATFORM
LONG_RUNNING = True
EXIT_CODES = exit_codes.DONE


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``serve``."""
    options.document(parser)
    parser.add_argument(
        "--host", help="address to listen on (default: HOKUSAI_API_HOST)"
    )
    parser.add_argument(
        "--port", type=int, help="port to listen on (default: HOKUSAI_API_PORT)"
    )


def run(args: argparse.Namespace) -> int:
    """Serve the API until a signal stops the process."""
    from controller.app.api_server import serve_api
    from controller.app.server_view import ServerView
    from controller.bootstrap.environment import environment
    from controller.settings import Settings

    settings = Settings.read(
        environment(args.environment, args.file.parent, args.state)
    )
    outlook = ServerView(args.file, args.environment, args.state)
    serve_api(settings, args.host, args.port, outlook)
    return exit_codes.Exit.OK
