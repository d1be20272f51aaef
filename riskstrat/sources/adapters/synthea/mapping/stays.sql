-- One row per inpatient encounter: whether it goes on from another or into one, and the signs that it was an emergency.
WITH inpatient AS (
    SELECT
        id, patient, organization, code, start, stop,
        lag(stop) OVER by_time AS ended_before
    FROM source.encounters
    WHERE lower(encounterclass) = 'inpatient'
    WINDOW by_time AS (PARTITION BY patient ORDER BY start, stop, id)
), moved AS (
    SELECT
        *,
        -- A stay that begins within an hour of the end of another is a move to another bed, unless it came by the A&E.
        coalesce(start BETWEEN ended_before AND ended_before + INTERVAL 1 HOUR, false) AND NOT EXISTS (
            FROM source.encounters e
            WHERE lower(e.encounterclass) = 'emergency' AND e.patient = inpatient.patient
                AND e.start BETWEEN inpatient.ended_before AND inpatient.start
        ) AS comes
    FROM inpatient
)
SELECT
    id, patient, organization, start, stop,
    comes,
    coalesce(lead(comes) OVER by_time, false) AS leaves,
    EXISTS (
        FROM source.encounters e
        WHERE lower(e.encounterclass) = 'emergency' AND e.patient = inpatient.patient
            AND inpatient.start BETWEEN e.start AND coalesce(e.stop, e.start) + INTERVAL 1 DAY
    ) AND list_contains(getvariable('emergency'), 'after_emergency') AS after_emergency,
    -- SNOMED CT: emergency hospital admission.
    coalesce(code = '183452005', false) AND list_contains(getvariable('emergency'), 'code') AS called_emergency,
    -- SNOMED CT: non-urgent orthopaedic admission.
    coalesce(code = '183495009', false) AS called_planned
FROM moved AS inpatient
WINDOW by_time AS (PARTITION BY patient ORDER BY start, stop, id)
