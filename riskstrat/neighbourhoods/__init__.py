"""The cohorts of a neighbourhood programme counted by place, held against care plans and against risk, and hidden."""
