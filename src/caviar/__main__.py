"""`python -m caviar` is the command `caviar`."""

from caviar.service.cli.main import main

if __name__ == "__main__":
    main()
