-- One row per person. A death without a day that can be read takes its person out, as lists must not hold the dead.
WITH dead AS (
    SELECT person_id, died_on AS died FROM step.deaths
),
named AS (
    -- Where no death names its person anybody may be dead. One row without a day is the header of an empty table.
    SELECT count(person_id) = 0 AND (count(*) > 1 OR count(death_date) > 0) AS of_nobody FROM source.death
),
placed AS (
    SELECT location_id, any_value(location_source_value) AS area FROM source.location
    WHERE regexp_full_match(upper(location_source_value), '[EW]01\d{6}') GROUP BY 1
)
SELECT p.person_id AS patient_id,
    coalesce(year_of_birth, year(birth_datetime)) || '-'
        || lpad(coalesce(month_of_birth, month(birth_datetime), 7)::VARCHAR, 2, '0') || '-'
        || lpad(coalesce(day_of_birth, day(birth_datetime), 1)::VARCHAR, 2, '0') AS date_of_birth,
    CASE gender_concept_id WHEN 8507 THEN 'M' WHEN 8532 THEN 'F' WHEN 8570 THEN 'I' ELSE 'U' END AS sex,
    CASE WHEN getvariable('source_values') = 'nhs' THEN coalesce(race_source_value, ethnicity_source_value) END AS ethnicity,
    area AS lsoa,
    CASE
        WHEN d.person_id IS NOT NULL THEN coalesce(died::VARCHAR, 'a death without a day')
        WHEN (SELECT of_nobody FROM named) THEN 'deaths of nobody'
    END AS date_of_death
FROM source.person p LEFT JOIN dead d USING (person_id) LEFT JOIN placed USING (location_id)
WHERE p.person_id IS NOT NULL OR year_of_birth IS NOT NULL OR birth_datetime IS NOT NULL
