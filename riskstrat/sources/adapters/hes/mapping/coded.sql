-- One row per spell and code: the first coded DIAG_01 in position 1, then every other code once, by episode and field.
WITH written AS (
    SELECT
        person,
        provider,
        regular,
        spell_number,
        place,
        finished,
        subdate,
        unnest([{'written': code, 'field': field} for code, field in diagnoses if code NOT IN ('&', '-')], recursive := true)
    FROM step.members
), coded AS (
    SELECT *, icd10(written) AS code
    FROM written
    WHERE NOT (field = 1 AND NOT finished AND icd10(written) LIKE 'R69%')
), primaries AS (
    SELECT
        *,
        min(place) FILTER (field = 1 AND regexp_matches(code, '^[A-Z]\d')) OVER spell AS primary_place
    FROM coded
    WINDOW spell AS (PARTITION BY person, provider, regular, spell_number)
), codes AS (
    SELECT
        person,
        provider,
        regular,
        spell_number,
        code,
        bool_or(coalesce(primary_place IS NULL, false)) AS without_primary,
        min(CASE WHEN place = primary_place AND field = 1 THEN 0 ELSE place * 100 + field END) AS rank,
        arg_min(subdate, CASE WHEN place = primary_place AND field = 1 THEN 0 ELSE place * 100 + field END) AS sent
    FROM primaries
    GROUP BY person, provider, regular, spell_number, code
)
SELECT
    s.spell_id,
    person AS patient_id,
    provider,
    -- Without a coded DIAG_01 nobody knows what the stay was for: then position 1 stays empty.
    row_number() OVER (PARTITION BY s.spell_id ORDER BY c.rank) + without_primary::INTEGER AS position,
    c.code,
    c.sent
FROM codes c
JOIN step.spells s USING (person, provider, regular, spell_number)
