"""``serve``: the HTTP API."""

import argparse

from controller.cli.exits import Exit


def run(args: argparse.Namespace) -> int:
    """Serve the API until a signal says stop."""
    from controller.app.api_server import serve_api
    from controller.app.server_view import ServedOutlook
    from controller.bootstrap.environment import environment
    from controller.settings import Settings

    settings = Settings.read(
        environment(args.environment, args.file.parent, args.state)
    )
    outlook = ServedOutlook(args.file, args.environment, args.state)
    serve_api(settings, args.host, args.port, outlook)
    return Exit.OK
