"""Codes that a made-up site has agreed with its practices for GP records."""

CASE_MANAGEMENT, CARE_PLAN = "1148034005", "390906007"
"""Identifiers with a right check digit, the first of ten digits that could be an NHS number; a site takes its own."""

AGREED = f"""
[worklist.gp_record]
days = 10

[[worklist.gp_record.codes]]
outcome = "case_management"
code = "{CASE_MANAGEMENT}"
term = "=Case management started"
agreed = "Primary care meeting of May, item 4"

[[worklist.gp_record.codes]]
outcome = "personalised_care_support_plan"
code = "{CARE_PLAN}"
term = "Care plan agreed"
agreed = "Primary care meeting of May, item 4"
"""
