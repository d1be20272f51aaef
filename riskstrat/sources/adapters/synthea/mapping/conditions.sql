-- One row per condition in SNOMED CT; before 2023 no column said the system, and all were.
SELECT patient AS patient_id, 'snomed' AS system, code, start AS recorded_on, stop AS ended_on
FROM source.conditions
WHERE system IS NULL OR lower(system) LIKE '%snomed%'
