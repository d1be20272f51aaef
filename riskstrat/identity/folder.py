"""The identity folder: made apart from every analytics workspace, and refused when it is not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from riskstrat import audit
from riskstrat.definitions.declared import read
from riskstrat.errors import IdentityError, StorageError
from riskstrat.identity.authority import IdentitySettings, Mode
from riskstrat.identity.key import SiteKey, make_key, read_key
from riskstrat.identity.private_files import read_bytes, write_private
from riskstrat.identity.store import Identities, read_store, write_store
from riskstrat.storage import parse_toml, write_folder_atomically, write_text

SETTINGS_FILE = "identity.toml"
WORKSPACE_FILE = "riskstrat.toml"

_TEMPLATE = """\
# Who may have names. Nobody may until a person is written in below. docs/identity.md says what each line means.
mode = "{mode}"

# publishers = ["64 characters"]    # audit/publisher.pub of each workspace whose lists may be named; none: nobody is

# [[people]]
# user = "a.clerk"                  # as the operating system knows them
# role = "coordinator"              # coordinator, clinician or ig_lead
# teams = ["KIR"]
# purposes = ["direct_care"]        # coordinator: direct_care; clinician: also safeguarding;
#                                   # ig_lead: subject_access, incident_review
# valid_until = 2027-03-31          # leave out for no end

# [[standing]]                      # for a scheduled task, so that nobody needs a terminal
# name = "kirby-monday"
# user = "task-account"             # the account that the task runs under
# role = "coordinator"
# team = "KIR"
# purpose = "direct_care"
# reason = "Weekly meeting of the team"
# destination = "D:/named/KIR"      # a folder that only this team can open
# approved_by = "Name and post of who allowed it"
# valid_until = 2027-03-31
# readers = "owner"                 # or "group"
# document = "workbook"             # or "pages", one for each person, or the same as "pdf"

# [[records]]                       # who may have what was confirmed for the GP records of which practices
# user = "a.clerk"
# role = "coordinator"              # coordinator or clinician
# teams = ["KIR"]
# practices = ["N82001"]            # as the lists name them
# basis = "Where it is recorded why this account may take it to these practices"
# approved_by = "Name and post of who allowed it"
# valid_until = 2027-03-31

# [[names]]                         # what the worklist's server may be told for its users of one role
# client = "worklist"               # as riskstrat identity client named it
# role = "coordinator"              # coordinator, clinician or social care worker
# teams = ["KIR"]
# purposes = ["direct_care"]        # also referral, put_forward; clinician: also safeguarding
# told = ["name", "date_of_birth", "nhs_number", "contact", "contact_safely"]
# basis = "Where it is recorded why this role may know who these people are"
# approved_by = "Name and post of who allowed it"
# valid_until = 2027-03-31
"""


@dataclass(frozen=True)
class IdentityFolder:
    """One identity install."""

    root: Path
    settings: IdentitySettings

    @property
    def external(self) -> bool:
        """Whether the site holds no identities, and the practice's own service does the naming."""
        return self.settings.mode == "external"

    def key(self) -> SiteKey:
        """The site key."""
        return read_key(self.root)

    def identities(self) -> Identities:
        """What the encrypted store holds."""
        return read_store(self.root, self.key())


def init(target: Path, mode: Mode, user: str | None = None) -> IdentityFolder:
    """Make an identity folder: key, empty encrypted store, identity.toml, audit log.

    Raises IdentityError beside, inside or around a workspace; StorageError where something stands already.
    """
    target = target.resolve()
    require_apart(target)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StorageError(f"{target} exists and is not an empty folder; give a new one, nothing is written over")
    with write_folder_atomically(target, mode=0o700, refusal=_word_make_failure) as part:
        _fill(part, mode, user)
    return open_folder(target)


def _word_make_failure(target: Path, reason: str) -> str:
    return f"cannot make {target}: {reason}; choose another place"


def _fill(folder: Path, mode: Mode, user: str | None) -> None:
    key = make_key(folder)
    write_store(folder, key, Identities())
    write_private(_TEMPLATE.format(mode=mode).encode("utf-8"), folder / SETTINGS_FILE)
    write_text("*\n", folder / ".gitignore")
    audit.append(folder, "key made", {"mode": mode}, user)


def find(path: Path | None = None) -> Path:
    """The identity folder: `path`, or the nearest from here upwards with an identity.toml."""
    if path is not None:
        if not (path / SETTINGS_FILE).is_file():
            raise IdentityError(f"{path} has no {SETTINGS_FILE}; make one: riskstrat identity init {path}")
        return path.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    raise IdentityError(f"no {SETTINGS_FILE} here or in a folder above; name the identity folder with --identity")


def open_folder(root: Path) -> IdentityFolder:
    """The install in `root`. Raises IdentityError if a workspace has come beside it, or identity.toml is not well."""
    require_apart(root)
    try:
        given = parse_toml(read_bytes(root / SETTINGS_FILE, "the file").decode("utf-8-sig"))
    except ValueError as broken:
        raise IdentityError(f"{SETTINGS_FILE} is not TOML in UTF-8: {broken}") from None
    return IdentityFolder(root, read(IdentitySettings, given, SETTINGS_FILE, IdentityError))


def require_apart(root: Path) -> None:
    """Raises IdentityError if an analytics workspace is in `root`, around it, or in a folder directly in it."""
    for folder, where in _list_nearby_folders(root.resolve()):
        if (folder / WORKSPACE_FILE).is_file():
            raise IdentityError(
                f"the identity folder may not stand {where} an analytics workspace ({folder}): whoever can read the "
                "pseudonyms must not find key and names beside them; choose a place of its own, best another machine"
            )


def _list_nearby_folders(root: Path) -> list[tuple[Path, str]]:
    inside = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    return [(root, "in"), *((path, "inside") for path in root.parents), *((path, "around") for path in inside)]


def outside_workspaces(path: Path, what: str) -> Path:
    """The whole path. Raises IdentityError if it lies in an analytics workspace; the message has no path."""
    whole = path.resolve()
    if any((folder / WORKSPACE_FILE).is_file() for folder in (whole, *whole.parents)):
        raise IdentityError(f"{what} may not be written inside an analytics workspace; choose a folder of the team")
    return whole
