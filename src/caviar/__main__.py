"""`python -m caviar` is the command `caviar`, and so is the script of that name."""

import sys


def main() -> None:
    """Run the command. Ctrl-C ends it in silence, even while it is imported."""
    try:
        from caviar.service.cli.main import main as command

        command()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
