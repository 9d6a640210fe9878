"""``serve``: the HTTP API."""

import argparse

from controller.cli.exit_codes import Exit


def run(args: argparse.Namespace) -> int:
    """Serve the API until a signal says stop."""
    from controller.bootstrap.environment import environment
    from controller.bootstrap.outlook import ServedOutlook
    from controller.bootstrap.serving import serve_api
    from controller.settings import Settings

    settings = Settings.read(
        environment(args.environment, args.file.parent, args.state)
    )
    outlook = ServedOutlook(args.file, args.environment, args.state)
    serve_api(settings, args.host, args.port, outlook)
    return Exit.OK
