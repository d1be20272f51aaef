-- One row per encounter outside hospital and A&E; Synthea writes only those that took place.
SELECT
    e.patient AS patient_id,
    e.start::DATE AS contacted_on,
    c.as_what AS service,
    'true' AS attended
FROM source.encounters e
JOIN step.classes c ON c.encounterclass = lower(e.encounterclass)
WHERE c.becomes = 'contacts'
    -- SNOMED CT: death certification, which is written as a visit of the dead.
    AND e.code IS DISTINCT FROM '308646001'
