-- One row per person recorded dead: by the table death, or where that has none by a stay that ended with it (4216643 patient died;
-- 434489 dead, from background knowledge; 79 in NHS codes).
WITH recorded AS (
    SELECT person_id, min(death_date) AS died_on FROM source.death WHERE person_id IS NOT NULL GROUP BY 1
)
FROM recorded
UNION ALL
SELECT person_id, max(CASE WHEN visit_end_date >= visit_start_date THEN visit_end_date END)
FROM step.visits ANTI JOIN recorded USING (person_id)
WHERE person_id IS NOT NULL AND NOT is_open AND (
    discharged_to_concept_id IN (4216643, 434489)
    OR (getvariable('source_values') = 'nhs' AND discharged_to_source_value = '79')
)
GROUP BY 1
