"""`python -m service` is `caviar`."""

from service.cli import main

main()
