"""What a site no longer keeps: which files and folders have stood for longer than riskstrat.toml says, and taking them.

Rows of the worklist's database are its own room's; what a deletion leaves is a record that names nobody.
"""

from riskstrat.retention.deleting import DeletionRecord, delete_files, find_records, name_next_record
from riskstrat.retention.expired import Expired, compute_first_days, find_expired

__all__ = [
    "DeletionRecord",
    "Expired",
    "compute_first_days",
    "delete_files",
    "find_expired",
    "find_records",
    "name_next_record",
]
