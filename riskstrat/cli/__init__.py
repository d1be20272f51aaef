"""The command line: parse, call one verb, print."""

from riskstrat.cli.app import app
from riskstrat.cli.main import main

__all__ = ["app", "main"]
