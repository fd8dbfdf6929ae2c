"""The command line as a module, `python -m tfgen.cli`; see `tfgen_cli`."""

from tfgen_cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
