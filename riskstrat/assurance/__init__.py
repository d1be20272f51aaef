"""One folder of evidence about a version for those who assess it, and its proof on their own machine.

Nothing about one person stands in it: the papers of the version, frameworks answered as drafts, plans, a sample of
made-up people with the features that were worked out from them, and the digest of each file under a seal.
"""

from riskstrat.assurance.gathering import Pack, build_pack
from riskstrat.assurance.holding import MANIFEST, SEAL, find_changes, read_manifest, write_manifest
from riskstrat.assurance.sampling import find_lacking, is_safe_to_run, is_sample_equal, write_sample

__all__ = [
    "MANIFEST",
    "SEAL",
    "Pack",
    "build_pack",
    "find_changes",
    "find_lacking",
    "is_safe_to_run",
    "is_sample_equal",
    "read_manifest",
    "write_manifest",
    "write_sample",
]
