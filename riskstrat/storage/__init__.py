"""Files on disk: written whole or not at all, locked, digested, and JSON.

The one room that creates, renames, syncs or locks a file. What is written here survives a killed process, a power cut
and a full disk as either the old content or the new. Refusals of the system become one StorageError of one line.
"""

from riskstrat.storage.appending import append_bytes, cut_file
from riskstrat.storage.atomic import write_atomically, write_bytes, write_text
from riskstrat.storage.beside import clear_abandoned, clear_leftovers, is_leftover_in_use, name_beside
from riskstrat.storage.digests import compute_digest, compute_file_digest, compute_folder_digests
from riskstrat.storage.folders import (
    discard,
    list_below,
    list_files,
    list_folder,
    make_folder,
    move_folder,
    remove_folder,
    set_permissions,
    write_folder_atomically,
    write_folder_by_content,
)
from riskstrat.storage.json_text import (
    EACH,
    Shape,
    find_misfit,
    format_canonical_json,
    format_json,
    parse_json,
    read_json,
    write_json,
)
from riskstrat.storage.locks import FOR_EVER, lock_exclusively
from riskstrat.storage.plain import describe_strange, require_plain
from riskstrat.storage.private import OPEN_FILE, PRIVATE_FILE, PRIVATE_FOLDER, make_private
from riskstrat.storage.reading import Reading, mark_reading, remove_unread_folder
from riskstrat.storage.refusals import Refusal, cannot_write, find_reason, refuse_in_one_line
from riskstrat.storage.toml_text import parse_toml

__all__ = [
    "EACH",
    "FOR_EVER",
    "OPEN_FILE",
    "PRIVATE_FILE",
    "PRIVATE_FOLDER",
    "Reading",
    "Refusal",
    "Shape",
    "append_bytes",
    "cannot_write",
    "clear_abandoned",
    "clear_leftovers",
    "compute_digest",
    "compute_file_digest",
    "compute_folder_digests",
    "cut_file",
    "describe_strange",
    "discard",
    "find_misfit",
    "find_reason",
    "format_canonical_json",
    "format_json",
    "is_leftover_in_use",
    "list_below",
    "list_files",
    "list_folder",
    "lock_exclusively",
    "make_folder",
    "make_private",
    "mark_reading",
    "move_folder",
    "name_beside",
    "parse_json",
    "parse_toml",
    "read_json",
    "refuse_in_one_line",
    "remove_folder",
    "remove_unread_folder",
    "require_plain",
    "set_permissions",
    "write_atomically",
    "write_bytes",
    "write_folder_atomically",
    "write_folder_by_content",
    "write_json",
    "write_text",
]
