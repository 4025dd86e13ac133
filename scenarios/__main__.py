"""Run the command line: ``python -m scenarios`` is ``siliconmix``."""

from scenarios.cli import main

if __name__ == "__main__":
    main()
