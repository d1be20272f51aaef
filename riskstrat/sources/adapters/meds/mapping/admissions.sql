-- One row per stay; a method that the site does not say is 99, not known.
SELECT
    subject_id AS patient_id,
    spell_id,
    begins::DATE AS admitted_on,
    coalesce(method, '99') AS method,
    source,
    ends::DATE AS discharged_on,
    destination,
    discharge_method
FROM step.stays
