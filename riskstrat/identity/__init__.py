"""Who people are: the site key, the encrypted store, and who may name whom.

It is an install of its own: its folder holds no analytics workspace, stands in none, and none stands in it.
"""

from riskstrat.identity.authority import PURPOSES, ROLES, Authority, permitted, standing
from riskstrat.identity.clients import (
    ClientSecret,
    keep_secret,
    make_secret,
    parse_secret,
    read_secret,
    require_new_client,
)
from riskstrat.identity.crosswalk import Translated, add_crosswalk, translate
from riskstrat.identity.folder import SETTINGS_FILE, IdentityFolder, find, init, open_folder, outside_workspaces
from riskstrat.identity.leaving import describe_leaving, summarise_leaving
from riskstrat.identity.naming_page import naming_page
from riskstrat.identity.nhs_numbers import grouped, usable
from riskstrat.identity.pseudonymising import Pseudonymised, pseudonymise
from riskstrat.identity.recording import RecordsAllowance, find_records_allowance
from riskstrat.identity.restrictions import is_restricted
from riskstrat.identity.said_names import SaidNames, collect_names
from riskstrat.identity.store import IDENTIFIERS, HeldIdentities, Identities
from riskstrat.identity.supplying import (
    PUT_FORWARD,
    REFERRAL,
    ListPurpose,
    LookPurpose,
    ServedRole,
    SuppliedNames,
    find_supply,
)
from riskstrat.identity.tables import as_csv, describe_left_out

__all__ = [
    "IDENTIFIERS",
    "PURPOSES",
    "PUT_FORWARD",
    "REFERRAL",
    "ROLES",
    "SETTINGS_FILE",
    "Authority",
    "ClientSecret",
    "HeldIdentities",
    "Identities",
    "IdentityFolder",
    "ListPurpose",
    "LookPurpose",
    "Pseudonymised",
    "RecordsAllowance",
    "SaidNames",
    "ServedRole",
    "SuppliedNames",
    "Translated",
    "add_crosswalk",
    "as_csv",
    "collect_names",
    "describe_leaving",
    "describe_left_out",
    "find",
    "find_records_allowance",
    "find_supply",
    "grouped",
    "init",
    "is_restricted",
    "keep_secret",
    "make_secret",
    "naming_page",
    "open_folder",
    "outside_workspaces",
    "parse_secret",
    "permitted",
    "pseudonymise",
    "read_secret",
    "require_new_client",
    "standing",
    "summarise_leaving",
    "translate",
    "usable",
]
