-- One row per spell and position, 99 at most: there is no position after that.
SELECT
    subject_id AS patient_id,
    spell_id,
    position,
    system,
    code
FROM step.diagnosed
WHERE spell_id IS NOT NULL AND coalesce(position, 0) <= 99
