-- One row per measurement with a value, in the unit that the site says.
SELECT subject_id AS patient_id, time::DATE AS measured_on, measure, numeric_value AS value, unit
FROM step.named WHERE event = 'measurement' AND numeric_value IS NOT NULL
