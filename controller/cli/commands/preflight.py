"""The ``preflight`` command."""

import argparse

from controller.cli import exit_codes, options
from controller.cli.commands import Group

SUMMARY = "Check the prerequisites of resources before a deployment. Read-only."
DETAILS = (
    "Images, secrets, roles, networks, load balancers, buckets and databases are "
    "checked; no secret value is read."
)
GROUP = Group.DEPLOY
EXIT_CODES = {
    0: "no findings",
    1: "at least one finding; each is printed with the command that fixes it",
    2: "at least one check could not be completed (takes precedence over 1)",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``preflight``."""
    options.targets(parser)
    options.document(parser)
    options.output(parser)


def run(args: argparse.Namespace) -> int:
    """Run every check and print all findings."""
    from controller.app.read_only import looking
    from controller.app.session import chosen_targets, read
    from controller.cli.terminal import out, tell_warnings
    from controller.cli.views.findings import render_results

    context = read(args.file, args.environment, args.state)
    tell_warnings(context.document.warnings)
    targets = chosen_targets(args.targets, context.document)
    declared = context.document.resources
    with looking(context, without_store=True) as (controller, _):
        asked = {id_: declared[id_] for id_ in targets or declared}
        results = controller.inspect(asked)
    out(render_results(results, args.output))
    return exit_codes.of_results(results)
