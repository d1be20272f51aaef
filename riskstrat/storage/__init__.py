"""Files on disk: written whole or not at all, locked, digested, and JSON.

The one room that creates, renames, syncs or locks a file. What is written here survives a killed process, a power cut
and a full disk as either the old content or the new. Refusals of the system become one StorageError of one line.
"""

from riskstrat.storage.appending import append_bytes, cut_file
from riskstrat.storage.atomic import write_atomically, write_bytes, write_text
from riskstrat.storage.beside import clear_leftovers, name_beside
from riskstrat.storage.digests import compute_digest, compute_file_digest, compute_folder_digests
from riskstrat.storage.folders import make_folder, move_folder, set_permissions, write_folder_atomically
from riskstrat.storage.json_text import format_canonical_json, format_json, parse_json, read_json, write_json
from riskstrat.storage.locks import lock_exclusively
from riskstrat.storage.refusals import Refusal, cannot_write, find_reason, refuse_in_one_line

__all__ = [
    "Refusal",
    "append_bytes",
    "cannot_write",
    "clear_leftovers",
    "compute_digest",
    "compute_file_digest",
    "compute_folder_digests",
    "cut_file",
    "find_reason",
    "format_canonical_json",
    "format_json",
    "lock_exclusively",
    "make_folder",
    "move_folder",
    "name_beside",
    "parse_json",
    "read_json",
    "refuse_in_one_line",
    "set_permissions",
    "write_atomically",
    "write_bytes",
    "write_folder_atomically",
    "write_json",
    "write_text",
]
