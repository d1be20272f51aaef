-- One row per admission, with its discharge: that of its stay_id, or else the next of the subject, if no other came first.
WITH begun AS (
    SELECT
        subject_id, stay_id,
        min(time) AS begins,
        arg_min(method, (time, code)) AS method,
        arg_min(source, (time, code)) AS source
    FROM step.named WHERE event = 'admission' AND stay_id IS NOT NULL
    GROUP BY subject_id, stay_id
), ended AS (
    SELECT
        subject_id, stay_id,
        max(time) AS ends,
        arg_max(destination, (time, code)) AS destination,
        arg_max(discharge_method, (time, code)) AS discharge_method
    FROM step.named WHERE event = 'discharge' AND stay_id IS NOT NULL
    GROUP BY subject_id, stay_id
), minutes AS (
    SELECT
        subject_id, time,
        bool_or(event = 'admission') AS begins_here,
        bool_or(event = 'discharge') AS ends_here,
        arg_min(method, code) FILTER (event = 'admission') AS method,
        arg_min(source, code) FILTER (event = 'admission') AS source,
        arg_min(destination, code) FILTER (event = 'discharge') AS destination,
        arg_min(discharge_method, code) FILTER (event = 'discharge') AS discharge_method
    FROM step.named WHERE event IN ('admission', 'discharge') AND stay_id IS NULL
    GROUP BY subject_id, time
), in_order AS (
    SELECT
        *,
        -- A minute in which one stay ends and another begins leaves it as it was whether one is open.
        coalesce(last_value(CASE WHEN begins_here <> ends_here THEN begins_here END IGNORE NULLS) OVER earlier, false)
            AS is_open,
        lead(time) OVER by_time AS next_time,
        lead(ends_here) OVER by_time AS next_ends,
        lead(destination) OVER by_time AS next_destination,
        lead(discharge_method) OVER by_time AS next_discharge_method
    FROM minutes
    WINDOW
        by_time AS (PARTITION BY subject_id ORDER BY time),
        earlier AS (PARTITION BY subject_id ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), paired AS (
    SELECT
        subject_id, NULL AS stay_id, time AS begins, method, source,
        -- A discharge of this minute ends the stay that was open, or else this one.
        CASE WHEN ends_here AND NOT is_open THEN time WHEN next_ends THEN next_time END AS ends,
        CASE WHEN ends_here AND NOT is_open THEN destination WHEN next_ends THEN next_destination END AS destination,
        CASE WHEN ends_here AND NOT is_open THEN discharge_method WHEN next_ends THEN next_discharge_method END
            AS discharge_method
    FROM in_order WHERE begins_here
)
SELECT *, coalesce(stay_id, subject_id || '-' || strftime(begins, '%Y%m%d%H%M%S')) AS spell_id
FROM (FROM begun LEFT JOIN ended USING (subject_id, stay_id) UNION ALL BY NAME FROM paired)
