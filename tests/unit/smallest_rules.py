"""The least that a workspace's rules may say, for workspaces that a test writes itself: every file is there."""

SMALLEST_RULES = {
    "training/changeable.toml": "",
    "training/flags.toml": "",
    "training/frailty.toml": "",
    "training/baselines.toml": "",
    "training/roles.toml": 'age = "lived"\n',
    "training/falls_criteria.toml": (
        'from_age = 65\nfrom_age_with_a_factor = 50\nexample = "dementia"\nfalls = "stays"\nrepeated = 2\n'
    ),
}
