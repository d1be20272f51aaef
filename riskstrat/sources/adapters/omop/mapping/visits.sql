-- One row per visit that says anything: what it is to us. A concept is itself, or its nearest ancestor among the three. Of one that
-- concept_ancestor does not hold, these are kinds, from background knowledge: of an inpatient visit 8717 inpatient hospital, 8920
-- inpatient rehabilitation, 8971 inpatient psychiatric, 32037 581379 581382 581383 intensive or critical care, 32760 isolation; of
-- an emergency room visit 8870 the emergency room of a hospital and 581381 critical care in one. 9202 581477 an outpatient or
-- office visit, 581476 a visit at home, 5083 telehealth, 581458 a pharmacy, 32036 a laboratory and 42898160 an institution that is
-- no hospital are none of the three.
WITH roots AS (
    SELECT * FROM (VALUES (262, 1), (9201, 2), (9203, 3)) AS root(concept, place)
),
known AS (
    SELECT unnest([8717, 8920, 8971, 32037, 32760, 581379, 581382, 581383]) AS concept, 9201 AS kind
    UNION ALL
    SELECT unnest([8870, 581381]), 9203
    UNION ALL
    SELECT unnest([9202, 581477, 581476, 5083, 581458, 32036, 42898160]), NULL
),
kinds AS (
    SELECT concept, concept AS kind, false AS kind_is_guessed FROM roots
    UNION ALL
    SELECT descendant_concept_id, arg_min(concept, (min_levels_of_separation, place)), false
    FROM source.concept_ancestor JOIN roots ON ancestor_concept_id = concept
    WHERE descendant_concept_id NOT IN (SELECT concept FROM roots)
    GROUP BY 1
    UNION ALL
    SELECT concept, kind, true FROM known ANTI JOIN source.concept_ancestor ON descendant_concept_id = concept
),
emergency AS (
    -- 8870 is the emergency room of a hospital as a place of service, from background knowledge.
    SELECT v.*, kind, coalesce(kind_is_guessed, false) AS kind_is_guessed,
        -- Nothing says what kind of a visit this is, so that it may have been one to hospital.
        concept IS NULL AND NOT EXISTS (
            FROM source.concept_ancestor WHERE descendant_concept_id = visit_concept_id
        ) AS kind_is_unknown,
        (kind = 262 AND list_contains(getvariable('emergency')::VARCHAR[], '262'))
        OR (kind = 9203 AND list_contains(getvariable('emergency')::VARCHAR[], '9203'))
        OR (kind = 9201 AND list_contains(getvariable('emergency')::VARCHAR[], '9201'))
        OR (kind IN (262, 9201) AND list_contains(getvariable('emergency')::VARCHAR[], 'admitted_from')
            AND coalesce(admitted_from_concept_id IN (8870, 9203), false)) AS is_emergency,
        CASE WHEN list_contains(getvariable('emergency')::VARCHAR[], 'visit_source_value')
            AND regexp_full_match(upper(visit_source_value), '[0-9][0-9A-D]') THEN upper(visit_source_value) END AS told,
        -- A method of admission is said of an admission, whatever its concept; 98 and 99 say nothing.
        coalesce(visit_concept_id, 0) <> 9202 AND coalesce(told IN ('11', '12', '13', '21', '22', '23', '24', '25', '28',
            '2A', '2B', '2C', '2D', '31', '32', '66', '67', '68', '69', '81', '82', '83'), false) AS is_told
    FROM source.visit_occurrence v LEFT JOIN kinds ON concept = visit_concept_id
    WHERE visit_occurrence_id IS NOT NULL OR person_id IS NOT NULL
)
SELECT * EXCLUDE (told, is_told, is_emergency),
    CASE
        WHEN kind IN (262, 9201) OR (kind = 9203 AND is_emergency) OR is_told THEN 'admission'
        WHEN kind = 9203 THEN 'attendance'
        ELSE 'other'
    END AS becomes,
    CASE
        WHEN told IS NOT NULL THEN told
        WHEN is_emergency THEN '28'
        WHEN kind = 9201 AND list_contains(getvariable('planned')::VARCHAR[], '9201') THEN '13'
        ELSE '99'
    END AS method,
    -- 32220: still patient, whose end is then the day of the extract (OHDSI, visit_occurrence, ETL conventions).
    coalesce(visit_type_concept_id = 32220 OR discharged_to_concept_id = 32220, false) AS is_open
FROM emergency
