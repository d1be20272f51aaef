-- One row per subject; a sex that is not told, or told in two ways, is not known. A death without a time takes its subject
-- out, as lists must not hold the dead; without an event, a stay that ended with death says it.
WITH left_dead AS (
    SELECT subject_id, max(ends::DATE) AS died_on
    FROM step.stays
    WHERE discharge_method IN ('4', '5') OR destination = '79'
    GROUP BY subject_id
), told AS (
    SELECT
        subject_id,
        min(time::DATE) FILTER (event = 'birth') AS date_of_birth,
        min(time::DATE) FILTER (event = 'death') AS died_on,
        coalesce(bool_or(event = 'death'), false) AS died,
        list_distinct(list(upper(coalesce(value, told))) FILTER (event = 'sex')) AS sexes
    FROM step.named
    GROUP BY subject_id
)
SELECT
    e.subject_id AS patient_id,
    told.date_of_birth,
    CASE WHEN len(told.sexes) = 1 THEN told.sexes[1] ELSE 'U' END AS sex,
    CASE
        WHEN told.died THEN coalesce(told.died_on::VARCHAR, 'a death without a day')
        ELSE left_dead.died_on::VARCHAR
    END AS date_of_death
FROM (SELECT DISTINCT subject_id FROM source.events WHERE subject_id IS NOT NULL) e
LEFT JOIN told USING (subject_id)
LEFT JOIN left_dead USING (subject_id)
