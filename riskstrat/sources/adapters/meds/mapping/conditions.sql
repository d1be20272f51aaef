-- One row per recorded condition.
SELECT subject_id AS patient_id, system, coalesce(value, told) AS code, time::DATE AS recorded_on
FROM step.named WHERE event = 'condition'
