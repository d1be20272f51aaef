-- One row per arrival in A&E; several events of one minute are one.
SELECT DISTINCT ON (subject_id, time) subject_id AS patient_id, time::DATE AS attended_on, department_type
FROM step.named WHERE event = 'attendance'
ORDER BY subject_id, time, department_type
