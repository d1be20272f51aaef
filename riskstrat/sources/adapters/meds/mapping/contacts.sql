-- One row per contact.
SELECT subject_id AS patient_id, time::DATE AS contacted_on, service
FROM step.named WHERE event = 'contact'
