-- What became of the events.
WITH counted AS (
    SELECT 'mapped' AS kind, 'events as ' || event AS what, count(*) AS rows FROM step.named GROUP BY event
    UNION ALL SELECT 'guessed', 'discharges that were found by time, since they have no stay_id', count(*) FROM step.stays WHERE stay_id IS NULL AND ends IS NOT NULL
    UNION ALL SELECT 'guessed', 'diagnoses whose spell was found by time, since they have no stay_id', count(*) FROM step.diagnosed WHERE spell_id IS NOT NULL AND stay_id IS NULL
    UNION ALL SELECT 'guessed', 'diagnoses in the order of their codes, none of them the first', count(*) FROM step.diagnosed WHERE spell_id IS NOT NULL AND NOT is_ordered
    UNION ALL SELECT 'lost', 'events whose code no [[source.events]] names', count(*) FROM source.events e ANTI JOIN step.named n ON n.code = e.code
    UNION ALL SELECT 'lost', 'spells of which [[source.events]] does not say how they began (method 99)', count(*) FROM step.stays WHERE method IS NULL
    UNION ALL SELECT 'lost', 'diagnoses of no known spell', count(*) FROM step.diagnosed WHERE spell_id IS NULL
    UNION ALL SELECT 'lost', 'people recorded dead without a day, who are left out', count(*) FROM (SELECT subject_id FROM step.named WHERE event = 'death' AND subject_id IS NOT NULL GROUP BY subject_id HAVING max(time) IS NULL)
    UNION ALL SELECT 'lost', 'diagnoses after the 99th of a spell', count(*) FROM step.diagnosed WHERE position > 99
    UNION ALL SELECT 'lost', 'discharges of no admission', greatest(0, (SELECT count(*) FROM (SELECT DISTINCT subject_id, time, stay_id FROM step.named WHERE event = 'discharge')) - (SELECT count(*) FROM step.stays WHERE ends IS NOT NULL))
    UNION ALL SELECT 'lost', 'measurements without a number', count(*) FROM step.named WHERE event = 'measurement' AND numeric_value IS NULL
    UNION ALL SELECT 'lost', 'subjects whose sex is not told, or told in two ways', count(*) FROM (SELECT DISTINCT subject_id FROM source.events) e LEFT JOIN (SELECT subject_id, count(DISTINCT upper(coalesce(value, told))) AS sexes FROM step.named WHERE event = 'sex' GROUP BY subject_id) USING (subject_id) WHERE sexes IS DISTINCT FROM 1
)
SELECT kind, what, rows FROM counted WHERE rows > 0 ORDER BY ALL
