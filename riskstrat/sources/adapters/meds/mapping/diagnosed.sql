-- One row per diagnosis, with its spell: that of its stay_id, or the latest that had begun and not ended by its minute; and its
-- position there. Without seq_num the order is that of the codes, and none of them is the first.
WITH events AS (
    SELECT
        subject_id, time, stay_id, system, seq_num, coalesce(value, told) AS code,
        row_number() OVER (ORDER BY subject_id, time, code, seq_num, stay_id) AS number
    FROM step.named WHERE event = 'diagnosis'
), found AS (
    SELECT e.*, s.spell_id
    FROM events e
    LEFT JOIN step.stays s ON s.subject_id = e.subject_id AND (
        s.stay_id = e.stay_id OR (e.stay_id IS NULL AND e.time BETWEEN s.begins AND coalesce(s.ends, e.time))
    )
    QUALIFY row_number() OVER (PARTITION BY e.number ORDER BY s.begins DESC NULLS LAST, s.spell_id) = 1
), in_order AS (
    SELECT *, count(*) OVER spell = count(seq_num) OVER spell AS is_ordered
    FROM found
    WINDOW spell AS (PARTITION BY subject_id, spell_id)
)
SELECT
    *,
    CASE
        WHEN spell_id IS NULL THEN NULL
        WHEN is_ordered THEN seq_num
        ELSE row_number() OVER (PARTITION BY subject_id, spell_id ORDER BY code, system, time) + 1
    END AS position
FROM in_order
