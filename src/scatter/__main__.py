"""`python -m scatter` is the `scatter` command."""

from scatter.cli.main import main

if __name__ == "__main__":
    main()
