-- One row per spell and code, 99 of a spell at most: there is no position after that.
SELECT
    spell_id,
    patient_id,
    provider,
    position,
    code,
    CASE WHEN getvariable('known') = 'submission' THEN sent END AS known_on
FROM step.coded
WHERE position <= 99
