-- One row per person of whom there is an episode, also one that makes no spell: what their latest episode says that says it.
-- A death without a day that can be read takes its person out, as lists must not hold the dead.
WITH ranked AS (
    SELECT
        *,
        regexp_replace(upper(sex), '\.0+$', '') AS sex_code,
        CASE
            WHEN regexp_full_match(mydob, '\d{5,6}(\.0+)?')
            THEN try_strptime('01' || lpad(regexp_extract(mydob, '^\d+'), 6, '0'), '%d%m%Y')::DATE
        END AS month_of_birth,
        -- 7001 to 7007 are ages below one year.
        CASE WHEN startage >= 7000 THEN 0 WHEN startage BETWEEN 0 AND 120 THEN startage END AS age,
        row_number() OVER (
            PARTITION BY person
            ORDER BY epistart NULLS FIRST, subdate NULLS FIRST, epikey_number NULLS FIRST, epikey NULLS FIRST, tie
        ) AS recency
    FROM step.episodes
    WHERE person IS NOT NULL
), told AS (
    SELECT
        person,
        arg_max(dob, recency) AS dob,
        arg_max(month_of_birth, recency) FILTER (year(month_of_birth) >= 1850) AS month_of_birth,
        arg_max(mydob, recency) FILTER (NOT regexp_full_match(mydob, '\d{5,6}(\.0+)?')) AS mydob,
        max(epistart - to_years(age + 1)) AS born_after,
        min(epistart - to_years(age)) AS born_by,
        arg_max(sex_code, recency) FILTER (sex_code NOT IN ('0', '9', 'X')) AS sex,
        bool_or(sex_code = '9') AS neither,
        arg_max(upper(ethnos), recency) FILTER (upper(ethnos) NOT IN ('Z', '99', 'X', '9', '0')) AS ethnicity,
        bool_or(upper(ethnos) = 'Z') AS not_stated,
        arg_max(upper(lsoa), recency) FILTER (upper(lsoa) NOT LIKE 'Z99%') AS lsoa,
        arg_max(lower(imd_decile), recency) AS imd_decile
    FROM ranked
    GROUP BY person
), deaths AS (
    SELECT person, max(died_on) AS died_on, arg_max(subdate, died_on) AS sent
    FROM step.deaths
    GROUP BY person
)
SELECT
    person AS patient_id,
    coalesce(
        dob::VARCHAR,
        month_of_birth::VARCHAR,
        mydob,
        -- Ages alone leave a year or less between two days: the month of the day in the middle.
        date_trunc('month', born_after + (born_by - born_after) / 2)::DATE::VARCHAR
    ) AS date_of_birth,
    CASE WHEN sex IN ('1', 'M') THEN 'M' WHEN sex IN ('2', 'F') THEN 'F' WHEN sex IS NOT NULL THEN sex WHEN neither THEN 'I' ELSE 'U' END AS sex,
    coalesce(ethnicity, CASE WHEN not_stated THEN 'Z' END) AS ethnicity,
    lsoa,
    CASE
        WHEN imd_decile LIKE 'most deprived%' THEN '1'
        WHEN imd_decile LIKE 'least deprived%' THEN '10'
        WHEN regexp_matches(imd_decile, '^more deprived.*\d0%') THEN regexp_extract(imd_decile, '(\d)0%', 1)
        WHEN regexp_matches(imd_decile, '^less deprived.*\d0%') THEN (11 - regexp_extract(imd_decile, '(\d)0%', 1)::INTEGER)::VARCHAR
        ELSE imd_decile
    END AS imd_decile,
    CASE WHEN d.person IS NOT NULL THEN coalesce(died_on::VARCHAR, 'a death without a day') END AS date_of_death,
    CASE WHEN getvariable('known') = 'submission' AND died_on IS NOT NULL THEN greatest(sent, died_on) ELSE died_on END AS died_known_on
FROM told
LEFT JOIN deaths d USING (person)
