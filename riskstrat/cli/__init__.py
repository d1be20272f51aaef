"""The command line: parse, call one function of the pipeline, print."""

from riskstrat.cli.app import app
from riskstrat.cli.main import main

__all__ = ["app", "main"]
