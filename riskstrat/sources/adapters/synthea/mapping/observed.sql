-- One row per observation with our measure, null where we have none; smoking in words becomes 0 never, 1 former, 2 current.
SELECT
    o.date, o.patient, k.measure, o.units,
    CASE
        WHEN k.measure <> 'smoking' OR o.type = 'numeric' THEN o.value
        WHEN regexp_matches(lower(o.value), '\bnever\b|non-?smoker') THEN '0'
        WHEN regexp_matches(lower(o.value), '\b(ex|former)\b') THEN '1'
        WHEN regexp_matches(lower(o.value), '\b(current|daily|smokes|smoker)\b') THEN '2'
    END AS value,
    k.measure <> 'smoking' AND coalesce(o.type, 'numeric') <> 'numeric' AS is_text
FROM source.observations o
LEFT JOIN step.loinc k ON k.code = o.code
