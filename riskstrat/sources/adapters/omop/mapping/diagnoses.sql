-- One row per hospital visit and ICD code. A code that maps to several concepts stands there several times and counts
-- once. Where nothing says which diagnosis is primary, none is: positions begin with 2.
WITH once AS (
    SELECT person_id, visit_occurrence_id, system, code, min(rank) AS rank, min((origin, id)) AS place
    FROM step.coded
    WHERE becomes = 'admission' AND system IN ('icd10', 'icd10cm', 'icd9') AND NOT is_suspected
        AND (SELECT diagnoses_tell FROM step.hospital)
    GROUP BY ALL
),
ordered AS (
    SELECT *, row_number() OVER visit AS number, first_value(rank) OVER visit AS first_rank FROM once
    WINDOW visit AS (PARTITION BY person_id, visit_occurrence_id ORDER BY rank, place, system, code)
)
SELECT person_id AS patient_id, visit_occurrence_id AS spell_id,
    least(number + (first_rank > 1)::INTEGER, 99) AS position, system, code
FROM ordered WHERE number < 99
