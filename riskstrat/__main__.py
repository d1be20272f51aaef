"""`python -m riskstrat` runs the same commands as `riskstrat`."""

from riskstrat.cli import main

if __name__ == "__main__":
    main()
