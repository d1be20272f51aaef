-- One row per episode that counts: the spell it belongs to and its `place` there, 1 for the first.
WITH placed AS (
    SELECT
        *,
        CASE WHEN comes AND leaves THEN 2 WHEN comes THEN 3 WHEN leaves THEN 1 ELSE 0 END AS transit,
        CASE WHEN admidate IS NULL AND epiorder = 1 AND NOT comes THEN epistart ELSE admidate END AS admitted
    FROM step.episodes
    WHERE fate IS NULL
), ordered AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY person, provider, regular
            ORDER BY epistart, epiend NULLS LAST, epiorder NULLS LAST, transit,
                epikey_number NULLS LAST, epikey NULLS LAST, tie
        ) AS turn
    FROM placed
), compared AS (
    SELECT
        *,
        -- A regular attender is a spell each time; of others, the record before says whether this one goes on.
        NOT regular AND (
            coalesce(admitted = lag(admitted) OVER w, false)
            OR coalesce(epistart = lag(epistart) OVER w, false)
            OR coalesce(lag(dismeth) OVER w IN (8, 9) AND lag(epiend) OVER w = epistart, false)
        ) AS goes_on,
        coalesce(
            epistart = lag(epistart) OVER w
            AND epiend IS NOT DISTINCT FROM lag(epiend) OVER w
            AND epiorder IS NOT DISTINCT FROM lag(epiorder) OVER w,
            false
        ) AS tied
    FROM ordered
    WINDOW w AS (PARTITION BY person, provider, regular ORDER BY turn)
), counted AS (
    SELECT
        *,
        sum((NOT goes_on)::INTEGER) OVER (
            PARTITION BY person, provider, regular ORDER BY turn ROWS UNBOUNDED PRECEDING
        ) AS spell_number
    FROM compared
)
SELECT
    *,
    row_number() OVER spell AS place,
    count(*) OVER (PARTITION BY person, provider, regular, spell_number) AS places
FROM counted
WINDOW spell AS (PARTITION BY person, provider, regular, spell_number ORDER BY turn)
