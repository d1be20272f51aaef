-- One row per encounter with an emergency department or an urgent care clinic; its reason is a SNOMED CT code.
SELECT
    e.patient AS patient_id,
    e.start::DATE AS attended_on,
    c.as_what AS department_type,
    e.reasoncode AS diagnosis
FROM source.encounters e
JOIN step.classes c ON c.encounterclass = lower(e.encounterclass)
WHERE c.becomes = 'attendances'
