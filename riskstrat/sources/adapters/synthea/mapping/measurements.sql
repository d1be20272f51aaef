-- One row per observation that one of our measures is made of, in the unit that it was written in.
SELECT patient AS patient_id, date AS measured_on, measure, value, CASE WHEN measure <> 'smoking' THEN units END AS unit
FROM step.observed
WHERE measure IS NOT NULL AND value IS NOT NULL AND NOT is_text
