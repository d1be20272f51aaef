"""riskstrat: risk stratification and case finding for integrated health and social care teams."""

__version__ = "0.1.0"
