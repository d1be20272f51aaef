"""The audit log: lines that are only ever added, each chained to the one before by its hash.

It stands in FOLDER/audit, one for a workspace and one for an identity folder. Nothing in it says who a person is.
The log alone reads the clock and asks the system who is at it.
"""

from riskstrat.audit.begun import Deed, is_done, log_deed, require_ready, settle
from riskstrat.audit.clock import now, system_user, today
from riskstrat.audit.deeds import (
    IMPORTED,
    PROMOTED,
    PUBLISHED,
    TRAINED,
    WITHDRAWN,
    build_promoting,
    find_begun_reason,
    is_withdrawn_so,
    lists_logged,
    log_importing,
    log_look,
    log_publishing,
    log_replaying,
    log_training,
    log_withdrawing,
    log_writing_out,
    require_published,
    require_trained,
)
from riskstrat.audit.holding import Holdings, Located
from riskstrat.audit.identifiers import (
    BARE_KEY,
    IS_BARE_KEY,
    MAY_BE_NHS_NUMBER,
    find_breaks,
    holds_long_number,
    holds_nhs_number,
    holds_telephone_number,
    is_nhs_number_key,
    is_valid,
    numbers_in,
    read_digits,
    reduce_key,
)
from riskstrat.audit.lines import ACTIONS, BEGUN, NOT_DONE, Line
from riskstrat.audit.log import append, read
from riskstrat.audit.reasons import WANTED, is_reason, require_loggable, require_purpose, require_reason
from riskstrat.audit.seals import is_sealed_by, make_seal
from riskstrat.audit.verifying import Verified, verify

__all__ = [
    "ACTIONS",
    "BARE_KEY",
    "BEGUN",
    "IMPORTED",
    "IS_BARE_KEY",
    "MAY_BE_NHS_NUMBER",
    "NOT_DONE",
    "PROMOTED",
    "PUBLISHED",
    "TRAINED",
    "WANTED",
    "WITHDRAWN",
    "Deed",
    "Holdings",
    "Line",
    "Located",
    "Verified",
    "append",
    "build_promoting",
    "find_begun_reason",
    "find_breaks",
    "holds_long_number",
    "holds_nhs_number",
    "holds_telephone_number",
    "is_done",
    "is_nhs_number_key",
    "is_reason",
    "is_sealed_by",
    "is_valid",
    "is_withdrawn_so",
    "lists_logged",
    "log_deed",
    "log_importing",
    "log_look",
    "log_publishing",
    "log_replaying",
    "log_training",
    "log_withdrawing",
    "log_writing_out",
    "make_seal",
    "now",
    "numbers_in",
    "read",
    "read_digits",
    "reduce_key",
    "require_loggable",
    "require_published",
    "require_purpose",
    "require_ready",
    "require_reason",
    "require_trained",
    "settle",
    "system_user",
    "today",
    "verify",
]
