-- One row per episode that ended with the death of its person, also one that makes no spell, unless another record stands for
-- it. `died_on` is null where it says no day, or only one before it started.
SELECT
    person,
    subdate,
    CASE
        WHEN disdate >= coalesce(epistart, disdate) THEN disdate
        WHEN epiend >= coalesce(epistart, epiend) THEN epiend
    END AS died_on
FROM step.episodes
WHERE died AND person IS NOT NULL AND fate IS DISTINCT FROM 'superseded'
    -- Without SUBDATE nobody knows which of two records was sent later.
    AND (fate IS DISTINCT FROM 'duplicate' OR subdate IS NULL)
