"""Who people are: the site key, the encrypted store, and who may name whom.

It is an install of its own: its folder holds no analytics workspace, stands in none, and none stands in it.
"""

from riskstrat.identity.authority import PURPOSES, ROLES, Authority, permitted, standing
from riskstrat.identity.crosswalk import Translated, add_crosswalk, translate
from riskstrat.identity.folder import SETTINGS_FILE, IdentityFolder, find, init, open_folder, outside_workspaces
from riskstrat.identity.leaving import describe_leaving, summarise_leaving
from riskstrat.identity.naming_page import naming_page
from riskstrat.identity.nhs_numbers import grouped
from riskstrat.identity.pseudonymising import Pseudonymised, pseudonymise
from riskstrat.identity.restrictions import is_restricted
from riskstrat.identity.said_names import SaidNames, collect_names
from riskstrat.identity.store import IDENTIFIERS, Identities
from riskstrat.identity.tables import as_csv, describe_left_out

__all__ = [
    "IDENTIFIERS",
    "PURPOSES",
    "ROLES",
    "SETTINGS_FILE",
    "Authority",
    "Identities",
    "IdentityFolder",
    "Pseudonymised",
    "SaidNames",
    "Translated",
    "add_crosswalk",
    "as_csv",
    "collect_names",
    "describe_leaving",
    "describe_left_out",
    "find",
    "grouped",
    "init",
    "is_restricted",
    "naming_page",
    "open_folder",
    "outside_workspaces",
    "permitted",
    "pseudonymise",
    "standing",
    "summarise_leaving",
    "translate",
]
