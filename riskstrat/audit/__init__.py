"""The audit log: lines that are only ever added, each chained to the one before by its hash.

It stands in FOLDER/audit, one for a workspace and one for an identity folder. Nothing in it says who a person is.
The log alone reads the clock and asks the system who is at it.
"""

from riskstrat.audit.clock import system_user, today
from riskstrat.audit.deeds import log_imported, log_look, log_promoted, log_published, log_withdrawn
from riskstrat.audit.identifiers import holds_nhs_number, numbers_in
from riskstrat.audit.lines import ACTIONS, Line
from riskstrat.audit.log import append, read, require_ready
from riskstrat.audit.reasons import WANTED, is_reason, require_loggable, require_purpose, require_reason
from riskstrat.audit.verifying import Verified, lists_logged, verify

__all__ = [
    "ACTIONS",
    "WANTED",
    "Line",
    "Verified",
    "append",
    "holds_nhs_number",
    "is_reason",
    "lists_logged",
    "log_imported",
    "log_look",
    "log_promoted",
    "log_published",
    "log_withdrawn",
    "numbers_in",
    "read",
    "require_loggable",
    "require_purpose",
    "require_ready",
    "require_reason",
    "system_user",
    "today",
    "verify",
]
