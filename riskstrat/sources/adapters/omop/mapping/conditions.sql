-- One row per condition recorded outside hospital visits, and per hospital condition that is no diagnosis. The end of a
-- hospital visit is no end of a condition, and one that ends as it begins is a record of a day.
SELECT person_id AS patient_id, CASE system WHEN 'icd9' THEN 'snomed' ELSE system END AS system,
    CASE system WHEN 'icd9' THEN standard_code ELSE code END AS code,
    CASE WHEN becomes = 'admission' AND NOT is_open THEN left_on ELSE starts END AS recorded_on,
    CASE WHEN ends > starts AND becomes IS DISTINCT FROM 'admission' THEN ends END AS ended_on
FROM step.coded
WHERE NOT is_suspected AND (system <> 'icd9' OR standard_code IS NOT NULL)
    AND (system = 'snomed' OR becomes IS DISTINCT FROM 'admission' OR NOT (SELECT diagnoses_tell FROM step.hospital))
