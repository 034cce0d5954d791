"""`python -m structfill`."""

from .integrations.cli import main

main()
