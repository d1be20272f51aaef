-- What was mapped, guessed and lost, in numbers and never with a person's value.
WITH emergencies AS (SELECT unnest(['21', '22', '23', '24', '25', '28', '2A', '2D']) AS code),
visits AS (
    SELECT visit_concept_id, kind, kind_is_guessed, kind_is_unknown, becomes,
        CASE
            WHEN method IN (SELECT code FROM emergencies) THEN 'emergency admissions'
            WHEN method IN ('11', '12', '13') THEN 'planned admissions'
            WHEN method IN ('98', '99') THEN 'admissions, emergencies or not'
            ELSE 'other admissions'
        END AS admission,
        count(*) AS rows, round(100 * count(*) / sum(count(*)) OVER (), 1) AS share
    FROM step.visits GROUP BY ALL
),
found AS (
    SELECT 1 AS place, 'mapped' AS kind, 'people' AS what, count(*) AS rows FROM source.person WHERE person_id IS NOT NULL
    UNION ALL
    SELECT 2, 'guessed', 'people without a month of birth, born on 1 July', count(*) FROM source.person
    WHERE person_id IS NOT NULL AND month_of_birth IS NULL AND birth_datetime IS NULL
    UNION ALL
    SELECT 3, 'guessed', 'people whose gender is neither male, female nor indeterminate, read as not known', count(*)
    FROM source.person
    WHERE person_id IS NOT NULL AND coalesce(gender_concept_id, 0) NOT IN (8507, 8532, 8570)
    UNION ALL
    SELECT 4, 'lost', 'people recorded dead without a day, who are left out', count(*)
    FROM step.deaths WHERE died_on IS NULL
    UNION ALL
    SELECT 4, 'guessed', 'deaths that only a stay which ended with them tells', count(*)
    FROM step.deaths ANTI JOIN source.death USING (person_id)
    UNION ALL
    SELECT 5, 'lost', 'deaths of people who are not in person', count(*) FROM source.death
    WHERE person_id IS NOT NULL AND person_id NOT IN (SELECT person_id FROM source.person WHERE person_id IS NOT NULL)
    UNION ALL
    SELECT 6, 'lost', 'observation periods, which are activity and no registration', count(*)
    FROM source.observation_period WHERE person_id IS NOT NULL
    UNION ALL
    SELECT 10, CASE WHEN becomes = 'other' THEN 'lost' WHEN kind_is_guessed THEN 'guessed' ELSE 'mapped' END,
        'visits of concept ' || coalesce(visit_concept_id::VARCHAR, 'none')
        || CASE WHEN kind <> visit_concept_id THEN ', a kind of ' || kind ELSE '' END
        || ' (' || share || '% of all) as '
        || CASE becomes
            WHEN 'attendance' THEN 'A&E attendances'
            WHEN 'other' THEN CASE
                WHEN kind_is_unknown THEN 'nothing, though they may be to hospital: concept_ancestor does not say of what kind they are'
                ELSE 'nothing, being neither to hospital nor to A&E'
            END
            ELSE admission
        END,
        rows
    FROM visits
    UNION ALL
    SELECT 11, 'lost', 'admissions, none of which is an emergency by the answer to "emergency"', count(*) FROM step.visits
    WHERE becomes = 'admission'
    HAVING count(*) FILTER (WHERE method IN (SELECT code FROM emergencies)) = 0
    UNION ALL
    SELECT 11, 'lost', 'admissions that may have been emergencies or not, and that pages count as none', count(*)
    FROM step.visits WHERE becomes = 'admission' AND method IN ('98', '99')
    UNION ALL
    SELECT 12, 'mapped', 'stays still open on the day of the extract', count(*) FROM step.visits
    WHERE becomes = 'admission' AND is_open
    UNION ALL
    SELECT 20,
        CASE WHEN system IS NULL OR is_suspected THEN 'lost' WHEN by_standard THEN 'guessed' ELSE 'mapped' END,
        CASE WHEN origin = 'condition_occurrence' THEN 'conditions' ELSE 'ICD codes in ' || origin END
        || ' coded in ' || coalesce(vocabulary, 'no vocabulary')
        || CASE
            WHEN is_suspected THEN ', only suspected or at admission'
            WHEN system IS NULL THEN ', which nothing here reads'
            WHEN by_standard THEN ', read by the SNOMED CT concept that they map to'
            ELSE ''
        END,
        count(*)
    FROM step.coded GROUP BY ALL
    UNION ALL
    SELECT 21, 'guessed', 'hospital conditions in SNOMED CT, which no diagnosis can hold, as conditions', count(*)
    FROM step.coded WHERE becomes = 'admission' AND system = 'snomed' AND NOT is_suspected
    UNION ALL
    SELECT 21, 'lost', 'hospital stays, '
        || round(100 * without_icd / stays, 1) || '% of them coded in SNOMED CT alone, so that diagnoses could not tell of '
        || 'all: hospital codes are conditions', stays
    FROM step.hospital WHERE NOT diagnoses_tell
    UNION ALL
    SELECT 22, 'lost', 'hospital stays of which no diagnosis is said to be the primary one', count(*)
    FROM (
        SELECT visit_occurrence_id FROM step.coded
        WHERE becomes = 'admission' AND system IN ('icd10', 'icd10cm', 'icd9') AND NOT is_suspected
            AND (SELECT diagnoses_tell FROM step.hospital)
        GROUP BY person_id, visit_occurrence_id HAVING min(rank) > 1
    )
    UNION ALL
    SELECT 30, 'lost', 'medicines coded in ' || coalesce(vocabulary_id, 'no vocabulary') || ', none of which is BNF',
        count(*)
    FROM source.drug_exposure LEFT JOIN source.concept
        ON concept_id = coalesce(nullif(drug_source_concept_id, 0), drug_concept_id)
    WHERE person_id IS NOT NULL OR drug_exposure_start_date IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT 40,
        CASE WHEN value_as_number IS NULL OR (unit IS NULL AND NOT sole) THEN 'lost' WHEN unit IS NULL THEN 'guessed'
            ELSE 'mapped' END,
        'measurements of ' || replace(measure, '_', ' ')
        || CASE
            WHEN value_as_number IS NULL THEN ' without a number'
            WHEN unit IS NULL AND NOT sole THEN ' without a unit'
            WHEN unit IS NULL THEN ' without a unit, read in the usual one'
            ELSE ''
        END,
        count(*)
    FROM step.measured GROUP BY ALL
    UNION ALL
    SELECT 41, 'lost', 'measurements of anything else', count(*) - (SELECT count(*) FROM step.measured)
    FROM source.measurement WHERE person_id IS NOT NULL OR measurement_date IS NOT NULL
)
SELECT kind, what, rows FROM found WHERE rows > 0 ORDER BY place, rows DESC, what
