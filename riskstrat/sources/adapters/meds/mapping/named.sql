-- One row per event and kind of event that the site says its code is; the most exact of the site's entries holds.
WITH codes AS (
    SELECT DISTINCT code FROM source.events
), best AS (
    SELECT c.code AS event_code, l.*
    FROM codes c
    JOIN source.declared_events l ON c.code = l.code OR starts_with(c.code, l.begins)
    QUALIFY row_number() OVER (
        PARTITION BY c.code, l.event
        ORDER BY l.code IS NULL, length(l.begins) DESC, l.method, l.system, l.measure, l.service, l.value
    ) = 1
)
SELECT
    e.subject_id, e.time, e.code, e.numeric_value, e.stay_id, e.seq_num,
    b.event, b.value, b.method, b.source, b.destination, b.discharge_method,
    b.system, b.service, b.department_type, b.measure, b.unit,
    -- What stands behind the beginning, up to the next double stroke.
    nullif(split_part(substr(e.code, length(b.begins) + 1), '//', 1), '') AS told
FROM source.events e
JOIN best b ON b.event_code = e.code
