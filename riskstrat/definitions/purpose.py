"""What the product is for, in the words that stand on every page."""

SUPPORTS_JUDGEMENT = "It supports clinical judgement and does not replace it."
"""What the purpose says last; a page that says so in words of its own leaves it out."""

PURPOSE = f"To help a multi-disciplinary team choose whom to review for proactive care. {SUPPORTS_JUDGEMENT}"
NOT_SIGNED_OFF = "Not for clinical use until the site's DCB0160 and medical-device position are signed."
SIGNED_OFF = "The site has recorded its DCB0160 and medical-device position as signed."


def describe_clinical_use(setting: str) -> str:
    """The sentence for `clinical_use` of riskstrat.toml."""
    return SIGNED_OFF if setting == "signed off" else NOT_SIGNED_OFF
