-- One row per provider spell, and one per episode that makes none because of what validation then says of it.
SELECT
    person AS patient_id,
    spell_id,
    admitted_on,
    method,
    source,
    patient_class,
    provider,
    CASE WHEN getvariable('known') = 'submission' THEN first_sent END AS known_on,
    discharged_on,
    -- Of a spell that is still running nothing of the end is known.
    CASE WHEN discharged_on IS NOT NULL THEN discharge_method END AS discharge_method,
    CASE WHEN discharged_on IS NOT NULL THEN destination END AS destination,
    CASE WHEN discharged_on IS NOT NULL THEN specialty END AS specialty,
    CASE WHEN getvariable('known') = 'submission' AND discharged_on IS NOT NULL THEN end_sent END AS settled_known_on
FROM step.spells
UNION ALL
SELECT
    person,
    md5(concat_ws('|', 'refused', epikey, tie)),
    epistart,
    admimeth,
    admisorc,
    classpat,
    provider,
    NULL,
    epiend,
    dismeth,
    disdest,
    mainspef,
    NULL
FROM step.episodes
WHERE fate IN ('no person', 'no start', 'ends before it starts')
