-- One row per provider spell: admission columns, class and specialty of its first episode, discharge columns of its last.
WITH made AS (
    SELECT
        person,
        provider,
        regular,
        spell_number,
        count(*) AS episodes,
        min(epistart) AS started,
        -- arg_min passes over empty ones: a later episode says what the first does not, where a stay would else be lost,
        -- or where its method is not known (98, 99).
        arg_min(admitted, place) AS admitted_on,
        coalesce(arg_min(admimeth, place) FILTER (admimeth NOT IN ('98', '99')), arg_min(admimeth, place)) AS method,
        max(admitted) FILTER (place = 1) IS NULL
            OR max(admimeth) FILTER (place = 1) IS DISTINCT FROM
                coalesce(arg_min(admimeth, place) FILTER (admimeth NOT IN ('98', '99')), arg_min(admimeth, place))
            AS filled,
        bool_or(place = 1 AND admidate IS NULL AND admitted IS NOT NULL) AS admission_guessed,
        max(admisorc) FILTER (place = 1) AS source,
        max(classpat) FILTER (place = 1) AS patient_class,
        max(mainspef) FILTER (place = 1) AS specialty,
        min(first_sent) FILTER (place = 1) AS first_sent,
        max(disdate) FILTER (place = places) AS disdate,
        max(dismeth) FILTER (place = places) AS discharge_method,
        max(disdest) FILTER (place = places) AS destination,
        -- A finished last episode with a method of discharge, or a death, ends the spell on its own last day.
        max(epiend) FILTER (place = places AND finished AND (dismeth BETWEEN 1 AND 7 OR died)) AS ended,
        bool_or(place = places AND finished) AS finished,
        max(subdate) FILTER (place = places) AS end_sent,
        bool_or(tied) AS tied
    FROM step.members
    GROUP BY person, provider, regular, spell_number
)
SELECT
    * EXCLUDE (disdate, ended),
    coalesce(disdate, ended) AS discharged_on,
    disdate IS NULL AND ended IS NOT NULL AS discharge_guessed,
    -- Nothing in it changes when a later extract adds episodes.
    md5(concat_ws(
        '|', person, provider, coalesce(admitted_on, started), regular, row_number() OVER (
            PARTITION BY person, provider, regular, coalesce(admitted_on, started) ORDER BY spell_number
        )
    )) AS spell_id
FROM made
