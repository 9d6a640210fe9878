"""The ``completion`` command."""

import argparse

from controller.cli import exit_codes, options
from controller.cli.commands import Group

SUMMARY = "Print the shell completion script."
DETAILS = """\
Add one line to ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish:
  eval "$(hokusai completion bash)"
  eval "$(hokusai completion zsh)"
  hokusai completion fish | source
`hokusai completion addresses` prints the declared addresses, one per line."""
GROUP = Group.PLATFORM
EXIT_CODES = exit_codes.DONE


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``completion``."""
    parser.add_argument(
        "shell",
        choices=("bash", "zsh", "fish", "addresses"),
        help="the shell, or `addresses`, which the scripts themselves call",
    )
    options.document(parser)


def run(args: argparse.Namespace) -> int:
    """Print the script of a shell, or the declared addresses."""
    from controller.cli.terminal import out

    if args.shell != "addresses":
        from controller.cli.parser import full_parser
        from controller.cli.shell_completion import script

        out(script(args.shell, full_parser()))
        return exit_codes.Exit.OK
    from controller.app.session import read

    context = read(args.file, args.environment, args.state)
    out("\n".join(str(id_) for id_ in sorted(context.document.resources)))
    return exit_codes.Exit.OK
