-- One row per code of a person's record, with the system that it is read in (NULL: in none) and its place in the visit.
-- OMOP moves a code by the domain of its standard concept, so ICD codes stand in four tables: causes of injury, say, in
-- observation. There only ICD is taken, as SNOMED CT is used for all that was observed.
WITH systems AS (
    SELECT * FROM (VALUES ('ICD10', 'icd10'), ('ICD10CM', 'icd10cm'), ('ICD9CM', 'icd9'), ('SNOMED', 'snomed'))
        AS known(vocabulary, system)
),
icd AS (
    SELECT concept_id FROM source.concept JOIN systems ON vocabulary = vocabulary_id WHERE system <> 'snomed'
),
everything AS (
    SELECT 'condition_occurrence' AS origin, condition_occurrence_id AS id, person_id, visit_occurrence_id,
        condition_start_date AS starts, condition_end_date AS ends, condition_source_value AS written,
        condition_source_concept_id AS written_concept, condition_concept_id AS standard_concept,
        condition_type_concept_id AS type, condition_status_concept_id AS status
    FROM source.condition_occurrence
    WHERE person_id IS NOT NULL OR condition_start_date IS NOT NULL
    UNION ALL
    SELECT 'observation', observation_id, person_id, visit_occurrence_id, observation_date, NULL,
        observation_source_value, observation_source_concept_id, NULL, observation_type_concept_id, NULL
    FROM source.observation WHERE observation_source_concept_id IN (SELECT concept_id FROM icd)
    UNION ALL
    SELECT 'procedure_occurrence', procedure_occurrence_id, person_id, visit_occurrence_id, procedure_date, NULL,
        procedure_source_value, procedure_source_concept_id, NULL, procedure_type_concept_id, NULL
    FROM source.procedure_occurrence WHERE procedure_source_concept_id IN (SELECT concept_id FROM icd)
    UNION ALL
    SELECT 'measurement', measurement_id, person_id, visit_occurrence_id, measurement_date, NULL,
        measurement_source_value, measurement_source_concept_id, NULL, measurement_type_concept_id, NULL
    FROM source.measurement WHERE measurement_source_concept_id IN (SELECT concept_id FROM icd)
),
named AS (
    SELECT e.*, c.vocabulary_id AS vocabulary, c.concept_code AS named_code, s.vocabulary_id AS standard_vocabulary,
        s.concept_code AS standard_code, m.system AS named_system,
        upper(replace(written, '.', '')) AS folded, upper(replace(c.concept_code, '.', '')) AS named_folded
    FROM everything e
    LEFT JOIN source.concept c ON c.concept_id = nullif(written_concept, 0)
    LEFT JOIN source.concept s ON s.concept_id = nullif(standard_concept, 0)
    LEFT JOIN systems m ON m.vocabulary = c.vocabulary_id
),
read AS (
    -- A mapper may name the parent of a code that it does not know: then what was written says more.
    SELECT n.*, becomes, is_open, greatest(visit_end_date, starts) AS left_on,
        CASE
            WHEN named_system = 'icd9' AND becomes IS DISTINCT FROM 'admission' THEN NULL
            WHEN named_system IS NOT NULL THEN named_system
            WHEN vocabulary IS NULL AND written IS NOT NULL AND getvariable('unnamed_codes') <> 'none'
                AND NOT (getvariable('unnamed_codes') = 'icd9' AND becomes IS DISTINCT FROM 'admission')
                THEN getvariable('unnamed_codes')
        END AS by_source
    FROM named n LEFT JOIN step.visits v ON v.visit_occurrence_id = n.visit_occurrence_id AND v.person_id = n.person_id
)
SELECT origin, id, person_id, visit_occurrence_id, starts, ends, becomes, is_open, left_on, vocabulary,
    CASE WHEN by_source IS NOT NULL THEN by_source WHEN standard_vocabulary = 'SNOMED' THEN 'snomed' END AS system,
    CASE
        WHEN by_source IS NULL THEN standard_code
        WHEN vocabulary IS NULL THEN written
        WHEN named_system <> 'snomed' AND starts_with(folded, named_folded) AND len(folded) <= 8 THEN written
        ELSE named_code
    END AS code,
    by_source IS NULL AND standard_vocabulary = 'SNOMED' AS by_standard,
    CASE WHEN standard_vocabulary = 'SNOMED' THEN standard_code END AS standard_code,
    -- Only suspected: 32890 admission, 32892 to be diagnosed by procedure, 32899 preliminary, 32900 preoperative and
    -- 32904, 32905, 32910 referral diagnosis. Vocabulary Condition Status; these from background knowledge.
    coalesce(status IN (32890, 32892, 32899, 32900, 32904, 32905, 32910), false) AS is_suspected,
    -- 32902 primary and 32903 primary discharge diagnosis (OHDSI ETL-LambdaBuilder, Optum EHR diagnosis to STEM); before
    -- there was a status the type said it: 38000183 and 38000199 primary, 44786627 primary condition (from background
    -- knowledge), 38000184 to 38000198 and 44818709 to 44818713 position 1 to 20 (a mapping of CPRD with HES).
    CASE
        WHEN status IN (32902, 32903) OR type IN (38000183, 38000199, 44786627) THEN 0
        WHEN type BETWEEN 38000184 AND 38000198 THEN type - 38000183
        WHEN type BETWEEN 44818709 AND 44818713 THEN type - 44818693
        WHEN type BETWEEN 38000200 AND 38000214 THEN type - 38000199
        ELSE 99
    END AS rank
FROM read
