-- One row per visit to hospital. Places by concept, as answerdigital/oxford-omop-data-mapper writes them where it names
-- one concept for a place, the others from background knowledge: 8717 another hospital, 38004284 8971 8976 a psychiatric
-- one, 8676 8863 38004306 a care home, 8546 a hospice, 581476 8536 home, 4216643 and 434489 died.
WITH places AS (
    SELECT * FROM (VALUES (8717, '51', '51'), (38004284, '53', '53'), (8971, '53', '53'), (8976, '53', '53'),
        (8676, '85', '85'), (8863, '85', '85'), (38004306, '85', '85'), (8546, '88', '88'), (581476, '19', '19'),
        (8536, '19', '19'),
        (4216643, NULL, '79'), (434489, NULL, '79')) AS place(concept, came, went)
    UNION ALL
    SELECT 0, '19', '19' WHERE getvariable('zero_is_home') = 'yes'
),
sites AS (
    SELECT care_site_id, any_value(care_site_source_value) AS provider FROM source.care_site
    WHERE care_site_id IS NOT NULL GROUP BY 1
),
placed AS (
    SELECT v.*, coalesce(provider, v.care_site_id::VARCHAR) AS provider,
        CASE WHEN getvariable('source_values') = 'nhs' THEN admitted_from_source_value ELSE f.came END AS came,
        CASE WHEN getvariable('source_values') = 'nhs' THEN discharged_to_source_value ELSE t.went END AS went
    FROM step.visits v LEFT JOIN sites USING (care_site_id)
    LEFT JOIN places f ON f.concept = admitted_from_concept_id LEFT JOIN places t ON t.concept = discharged_to_concept_id
    WHERE becomes = 'admission'
)
SELECT person_id AS patient_id, visit_occurrence_id AS spell_id, visit_start_date AS admitted_on, method, came AS source,
    provider,
    CASE WHEN NOT is_open THEN visit_end_date END AS discharged_on,
    CASE WHEN NOT is_open AND went = '79' THEN '4' END AS discharge_method,
    CASE WHEN NOT is_open THEN went END AS destination
FROM placed
