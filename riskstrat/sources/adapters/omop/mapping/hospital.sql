-- One row: coded hospital stays, those of them with SNOMED CT codes alone, and whether diagnoses, which hold ICD, would
-- tell of a stay what it was coded with. Where more than 2% are coded in SNOMED CT alone, "no diagnosis" would be untrue.
SELECT count(*) AS stays, count(*) FILTER (WHERE NOT has_icd) AS without_icd,
    50 * count(*) FILTER (WHERE NOT has_icd) <= count(*) AS diagnoses_tell
FROM (
    SELECT bool_or(system <> 'snomed') AS has_icd FROM step.coded
    WHERE becomes = 'admission' AND system IS NOT NULL AND NOT is_suspected
    GROUP BY person_id, visit_occurrence_id
)
