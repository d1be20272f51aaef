-- What became of Synthea's rows.
WITH encounters AS (
    SELECT
        lower(e.encounterclass) AS encounterclass, c.becomes, c.as_what,
        coalesce(c.becomes = 'contacts' AND e.code = '308646001', false) AS certifies,
        c.guessed AND NOT certifies AS guessed
    FROM source.encounters e LEFT JOIN step.classes c ON c.encounterclass = lower(e.encounterclass)
), counted AS (
    SELECT 'mapped' AS kind, 'patients' AS what, count(*) AS rows FROM source.patients
    UNION ALL SELECT 'mapped', 'inpatient encounters as spells in hospital', count(*) FROM step.stays
    UNION ALL SELECT 'mapped', 'emergency encounters as A&E attendances', count(*) FROM encounters WHERE encounterclass = 'emergency'
    UNION ALL SELECT 'mapped', 'outpatient encounters as contacts', count(*) FROM encounters WHERE encounterclass = 'outpatient' AND NOT certifies
    UNION ALL SELECT 'mapped', 'conditions in SNOMED CT', count(*) FROM source.conditions WHERE system IS NULL OR lower(system) LIKE '%snomed%'
    UNION ALL SELECT 'mapped', 'observations that are one of our measures', count(*) FROM step.observed WHERE measure IS NOT NULL AND value IS NOT NULL AND NOT is_text
    UNION ALL SELECT 'guessed', 'spells as emergencies, since an emergency encounter ended within a day before', count(*) FROM step.stays WHERE NOT comes AND after_emergency
    UNION ALL SELECT 'guessed', 'spells as emergencies, by their code alone', count(*) FROM step.stays WHERE NOT comes AND NOT after_emergency AND called_emergency
    UNION ALL SELECT 'guessed', 'spells as planned, by their code', count(*) FROM step.stays WHERE NOT (comes OR after_emergency OR called_emergency) AND called_planned
    UNION ALL SELECT 'guessed', 'spells as moves, since they begin within an hour of another''s end', count(*) FROM step.stays WHERE comes
    UNION ALL SELECT 'guessed', encounterclass || ' encounters as ' || CASE becomes WHEN 'attendances' THEN 'A&E attendances of type 3' ELSE 'contacts with ' || as_what END, count(*) FROM encounters WHERE guessed GROUP BY ALL
    UNION ALL SELECT 'lost', 'spells of which no sign says whether they were emergencies (method 99)', count(*) FROM step.stays WHERE NOT (comes OR after_emergency OR called_emergency OR called_planned)
    UNION ALL SELECT 'lost', 'stays in a nursing facility (class snf), which are no admissions to hospital', count(*) FROM encounters WHERE encounterclass = 'snf'
    UNION ALL SELECT 'lost', 'encounters that certify a death, which are no contacts', count(*) FROM encounters WHERE certifies
    UNION ALL SELECT 'lost', 'encounters of another class', count(*) FROM encounters WHERE becomes IS NULL AND encounterclass IS DISTINCT FROM 'snf'
    UNION ALL SELECT 'lost', 'emergency encounters of a day or more with no stay after them, as stays: they are A&E attendances alone', count(*)
        FROM source.encounters e
        WHERE lower(e.encounterclass) = 'emergency' AND e.stop >= e.start + INTERVAL 1 DAY
            AND NOT EXISTS (FROM step.stays s WHERE s.patient = e.patient AND s.start BETWEEN e.start AND e.stop + INTERVAL 1 DAY)
    UNION ALL SELECT 'lost', 'reasons of spells, which are SNOMED CT and no ICD diagnoses', count(*) FROM source.encounters WHERE lower(encounterclass) = 'inpatient' AND reasoncode IS NOT NULL
    UNION ALL SELECT 'lost', 'conditions in another system than SNOMED CT', count(*) FROM source.conditions WHERE NOT lower(system) LIKE '%snomed%'
    UNION ALL SELECT 'lost', 'medications, which are RxNorm and have no BNF code', count(*) FROM source.medications
    UNION ALL SELECT 'lost', 'observations with a LOINC code that is none of our measures', count(*) FROM step.observed WHERE measure IS NULL
    UNION ALL SELECT 'lost', 'observations of our measures whose value is none', count(*) FROM step.observed WHERE measure IS NOT NULL AND (value IS NULL OR is_text)
    UNION ALL SELECT 'lost', 'patients'' race and ethnicity, which are no categories of the 2001 census', count(*) FROM source.patients WHERE race IS NOT NULL OR ethnicity IS NOT NULL
)
SELECT kind, what, rows FROM counted WHERE rows > 0 ORDER BY ALL
