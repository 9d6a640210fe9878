"""``serve``: the HTTP API."""

import argparse
import os

from controller.cli.exits import Exit


def run(args: argparse.Namespace) -> int:
    """Serve the API until a signal says stop."""
    from controller.bootstrap.serving import serve_api
    from controller.settings import Settings

    serve_api(Settings.read(os.environ), args.host, args.port)
    return Exit.OK
