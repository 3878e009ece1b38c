"""``python -m chatd`` is ``chatd``."""

from chatd.cli import main

main()
