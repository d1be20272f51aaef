-- One row per measurement of a measure that is known here, by LOINC or SNOMED CT, or by concept where the data have no
-- vocabulary. Codes are from background knowledge; eight concepts are those of the public set Eunomia, the others from
-- background knowledge. `sole` says that only one unit of the measure is usual, so that a value without one is read in it.
WITH measures AS (
    SELECT * FROM (VALUES
        ('bmi', ['39156-5'], ['60621009'], [3038553], true),
        ('systolic', ['8480-6'], ['271649006', '72313002'], [3004249], true),
        ('diastolic', ['8462-4'], ['271650006', '1091811000000102'], [3012888], true),
        ('pulse', ['8867-4'], ['364075005', '78564009'], [3027018], true),
        ('oxygen_saturation', ['2708-6', '59408-5'], ['431314004', '103228002'], [3016502, 40762499], true),
        ('egfr', ['33914-3', '62238-1', '98979-8', '77147-7', '48642-3', '48643-1', '69405-9'],
            ['1011481000000105', '1020291000000106', '80274001'], [3049187], true),
        ('sodium', ['2951-2', '2947-0'], ['1000661000000107'], [3019550], true),
        ('potassium', ['2823-3', '6298-4'], ['1000651000000109'], [3023103], true),
        ('weight', ['29463-7', '3141-9'], ['27113001'], [3025315], false),
        ('height', ['8302-2', '3137-7'], ['50373000'], [3036277], false),
        ('temperature', ['8310-5', '8331-1'], ['386725007'], [3020891, 3006322], false),
        ('hba1c', ['4548-4', '17856-6', '59261-8'], ['43396009', '999791000000106'], [3004410], false),
        ('haemoglobin', ['718-7', '59260-0'], ['1022431000000105'], [3000963], false),
        ('cholesterol', ['2093-3', '14647-2'], ['1005671000000105'], [3027114], false),
        ('glucose', ['2345-7', '2339-0', '14749-6', '15074-8'], ['1010671000000102'], [3004501], false),
        ('albumin', ['1751-7'], ['1000821000000103'], [3024561], false),
        ('creatinine', ['2160-0', '14682-9'], ['1000731000000107'], [3016723], false),
        ('ferritin', ['2276-4'], ['993381000000106'], [3001122], false),
        ('tsh', ['3016-3', '11580-8'], ['1022791000000101'], [3009201], false),
        ('acr', ['9318-7', '14959-1', '30000-4', '32294-1'], ['1023491000000104'], [3000034], false),
        ('crp', ['1988-5', '30522-7'], ['999651000000107'], [3020460], false)
    ) AS known(measure, loinc, snomed, concepts, sole)
),
ways AS (
    SELECT measure, sole, 'LOINC' AS vocabulary, unnest(loinc) AS code FROM measures
    UNION ALL
    SELECT measure, sole, 'SNOMED', unnest(snomed) FROM measures
),
concepts AS (
    SELECT concept_id, any_value(measure) AS measure, any_value(sole) AS sole
    FROM source.concept JOIN ways ON vocabulary = vocabulary_id AND code = concept_code
    GROUP BY 1
    UNION
    SELECT unnest(concepts), measure, sole FROM measures
),
units AS (
    SELECT concept_id, any_value(concept_code) AS unit FROM source.concept WHERE vocabulary_id = 'UCUM' GROUP BY 1
),
-- Units of a CDM without a vocabulary: concepts of UCUM, as public mappings to OMOP use them.
usual AS (
    SELECT * FROM (VALUES (8840, 'mg/dL'), (8713, 'g/dL'), (8753, 'mmol/L'), (8554, '%'), (9529, 'kg'), (8504, 'g'), (8582, 'cm'),
        (8876, 'mm[Hg]'), (8749, 'umol/L'), (8541, '/min')) AS known(concept_id, unit)
)
SELECT m.person_id, m.measurement_date, value_as_number,
    -- Operators: 4171756 <, 4171754 <=, 4172704 >, 4171755 >= (a list of sample concepts of Korean hospitals).
    CASE WHEN operator_concept_id IN (4171756, 4171754) THEN '<' WHEN operator_concept_id IN (4172704, 4171755) THEN '>'
        ELSE '' END AS bound,
    coalesce(s.measure, w.measure) AS measure, coalesce(s.sole, w.sole) AS sole,
    coalesce(units.unit, m.unit_source_value, usual.unit) AS unit
FROM source.measurement m
LEFT JOIN concepts s ON s.concept_id = m.measurement_concept_id
LEFT JOIN concepts w ON w.concept_id = m.measurement_source_concept_id
LEFT JOIN units ON units.concept_id = m.unit_concept_id
LEFT JOIN usual ON usual.concept_id = m.unit_concept_id
WHERE (m.person_id IS NOT NULL OR m.measurement_date IS NOT NULL) AND coalesce(s.measure, w.measure) IS NOT NULL
