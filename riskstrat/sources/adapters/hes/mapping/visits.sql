-- One row per record of ecds; `repeated` where another of the same person, provider and moment of arrival stands for it: the one
-- that says most, since a visit is sent before all is coded, and again.
WITH read AS (
    SELECT
        *,
        coalesce(arrived::DATE, arrival_date) AS attended_on,
        -- A moment at midnight may be a day alone: then the time beside says more, and without one nothing does.
        coalesce(CASE WHEN arrived::TIME <> TIME '00:00' THEN arrived::VARCHAR END, arrival_time) AS moment
    FROM source.ecds
)
SELECT
    * EXCLUDE (arrived, arrival_date, arrival_time),
    person IS NOT NULL AND moment IS NOT NULL
        AND row_number() OVER (
            PARTITION BY person, provider, attended_on, moment
            ORDER BY len(list_filter(
                [diagnosis, complaint, destination, status, acuity, category, department_type, arrival_mode],
                lambda said: said IS NOT NULL
            )) DESC, hash(r)
        ) > 1 AS repeated
FROM read r
