"""Who people are: the site key, the encrypted store, and the named copy of one team's list.

It is an install of its own: its folder holds no analytics workspace, stands in none, and none stands in it.
"""

from riskstrat.identity.authority import PURPOSES, ROLES, Authority, permitted, standing
from riskstrat.identity.crosswalk import Translated, add_crosswalk, translate
from riskstrat.identity.folder import SETTINGS_FILE, IdentityFolder, find, init, open_folder, outside_workspaces
from riskstrat.identity.naming import Named, external_copy, named_copy
from riskstrat.identity.naming_page import naming_page
from riskstrat.identity.pseudonymising import Pseudonymised, pseudonymise
from riskstrat.identity.week import Week, open_week

__all__ = [
    "PURPOSES",
    "ROLES",
    "SETTINGS_FILE",
    "Authority",
    "IdentityFolder",
    "Named",
    "Pseudonymised",
    "Translated",
    "Week",
    "add_crosswalk",
    "external_copy",
    "find",
    "init",
    "named_copy",
    "naming_page",
    "open_folder",
    "open_week",
    "outside_workspaces",
    "permitted",
    "pseudonymise",
    "standing",
    "translate",
]
