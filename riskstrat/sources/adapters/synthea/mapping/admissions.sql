-- One row per inpatient encounter. Method: 81 a move, 21 by the A&E, 2D an emergency and 12 planned by the code, 99 not known.
SELECT
    patient AS patient_id,
    id AS spell_id,
    organization AS provider,
    start::DATE AS admitted_on,
    CASE
        WHEN comes THEN '81'
        WHEN after_emergency THEN '21'
        WHEN called_emergency THEN '2D'
        WHEN called_planned THEN '12'
        ELSE '99'
    END AS method,
    CASE WHEN comes THEN '51' END AS source,
    stop::DATE AS discharged_on,
    CASE WHEN leaves THEN '51' END AS destination
FROM step.stays
