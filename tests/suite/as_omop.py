"""A borough as an OMOP common data model 5.4, written as the mapper of Oxford does.

By answerdigital/oxford-omop-data-mapper, "SUS APC VisitOccurrenceWithSpell": an ordinary admission by method 21 or 24
is an emergency room and inpatient visit (262), any other ordinary one an inpatient visit (9201), another class an
outpatient visit (9202), or an emergency room visit (9203) as A&E attendances are.

Not as Oxford's: areas stand in `location_source_value`, where it has postcodes, and `condition_occurrence` says which
diagnosis is the primary one. ICD-10 codes of the chapters V to Z stand in `observation`, as the standard concepts of
external causes and circumstances are of that domain.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

TABLES = {
    "person_numbers": "SELECT patient_id, row_number() OVER (ORDER BY patient_id) AS person_id FROM people",
    "person": """
        SELECT person_id,
            CASE sex WHEN 'M' THEN 8507 WHEN 'F' THEN 8532 WHEN 'I' THEN 8570 ELSE 0 END AS gender_concept_id,
            year(date_of_birth) AS year_of_birth, month(date_of_birth) AS month_of_birth,
            day(date_of_birth) AS day_of_birth, patient_id AS person_source_value, ethnicity AS race_source_value,
            dense_rank() OVER (ORDER BY lsoa) AS location_id
        FROM people JOIN person_numbers USING (patient_id)""",
    "location": """
        SELECT DISTINCT location_id, lsoa AS location_source_value
        FROM person JOIN people ON patient_id = person_source_value""",
    "death": """
        SELECT person_id, date_of_death AS death_date FROM people JOIN person_numbers USING (patient_id)
        WHERE date_of_death IS NOT NULL""",
    "care_site": """
        SELECT provider AS care_site_source_value, row_number() OVER (ORDER BY provider) AS care_site_id
        FROM (SELECT DISTINCT provider FROM admissions)""",
    "visit_numbers": """
        SELECT patient_id, spell_id, row_number() OVER (ORDER BY patient_id, spell_id) AS visit_occurrence_id
        FROM admissions""",
    "visit_occurrence": """
        SELECT visit_occurrence_id, person_id,
            CASE
                WHEN method IN ('21', '24') AND patient_class = '1' THEN 262
                WHEN method IN ('21', '24') THEN 9203
                WHEN patient_class = '1' THEN 9201
                ELSE 9202
            END AS visit_concept_id,
            admitted_on AS visit_start_date, coalesce(discharged_on, $until::DATE) AS visit_end_date,
            CASE WHEN discharged_on IS NULL THEN 32220 ELSE 32818 END AS visit_type_concept_id,
            spell_id AS visit_source_value, care_site_id, source AS admitted_from_source_value,
            destination AS discharged_to_source_value
        FROM admissions JOIN person_numbers USING (patient_id) JOIN visit_numbers USING (patient_id, spell_id)
        LEFT JOIN care_site ON care_site_source_value = provider
        UNION ALL BY NAME
        SELECT 1000000000 + row_number() OVER (ORDER BY patient_id, attended_on) AS visit_occurrence_id, person_id,
            9203 AS visit_concept_id,
            attended_on AS visit_start_date, attended_on AS visit_end_date, 32818 AS visit_type_concept_id,
            arrival_mode AS admitted_from_source_value, disposal AS discharged_to_source_value
        FROM attendances JOIN person_numbers USING (patient_id)""",
    "codes": """
        SELECT code, row_number() OVER (ORDER BY code) + 45000000 AS concept_id,
            code[:3] || CASE WHEN len(code) > 3 THEN '.' || code[4:] ELSE '' END AS concept_code
        FROM (SELECT code FROM diagnoses UNION SELECT code FROM conditions)""",
    "concept": """
        SELECT concept_id, 'ICD10' AS vocabulary_id, concept_code FROM codes
        UNION ALL SELECT 3038553, 'LOINC', '39156-5' UNION ALL SELECT 3004249, 'LOINC', '8480-6'
        UNION ALL SELECT 3049187, 'LOINC', '33914-3' UNION ALL SELECT 35600000, 'dm+d', '318421004'""",
    "everything": """
        SELECT row_number() OVER (ORDER BY visit_occurrence_id, position, person_id, code) AS id, *
        FROM (
            SELECT person_id, code, visit_occurrence_id, position, admitted_on AS starts,
                coalesce(discharged_on, $until::DATE) AS ends,
                CASE WHEN position = 1 THEN 32902 ELSE 32908 END AS status
            FROM diagnoses JOIN person_numbers USING (patient_id) JOIN visit_numbers USING (patient_id, spell_id)
            JOIN admissions USING (patient_id, spell_id)
            UNION ALL
            SELECT person_id, code, NULL, NULL, recorded_on, ended_on, 0
            FROM conditions JOIN person_numbers USING (patient_id)
        )""",
    "condition_occurrence": """
        SELECT id AS condition_occurrence_id, person_id, 0 AS condition_concept_id, starts AS condition_start_date,
            ends AS condition_end_date, 32818 AS condition_type_concept_id, status AS condition_status_concept_id,
            concept_code AS condition_source_value, concept_id AS condition_source_concept_id, visit_occurrence_id
        FROM everything JOIN codes USING (code) WHERE code < 'V'""",
    "observation": """
        SELECT id AS observation_id, person_id, starts AS observation_date, concept_code AS observation_source_value,
            concept_id AS observation_source_concept_id, visit_occurrence_id
        FROM everything JOIN codes USING (code) WHERE code >= 'V'""",
    "measurement": """
        SELECT row_number() OVER (ORDER BY person_id, measured_on, measure) AS measurement_id, person_id,
            measured_on AS measurement_date,
            CASE measure WHEN 'bmi' THEN 3038553 WHEN 'systolic' THEN 3004249 WHEN 'egfr' THEN 3049187 ELSE 0 END
                AS measurement_concept_id,
            value AS value_as_number, unit AS unit_source_value
        FROM measurements JOIN person_numbers USING (patient_id)""",
    "drug_exposure": """
        SELECT person_id, 0 AS drug_concept_id, 35600000 AS drug_source_concept_id,
            issued_on AS drug_exposure_start_date
        FROM prescriptions JOIN person_numbers USING (patient_id)""",
    "observation_period": """
        SELECT person_id, min(visit_start_date) AS observation_period_start_date,
            max(visit_end_date) AS observation_period_end_date
        FROM visit_occurrence GROUP BY 1""",
}
"""Each table by the query over the borough's and those before it; `person_numbers`, `visit_numbers`, `codes` and
`everything` are no tables of OMOP, and no reader of one looks at them."""


def write_as_omop(borough: Path, file: Path, until: date) -> None:
    """Write the tables of a borough, a folder of Parquet, to a DuckDB file; `until` is the day of the extract."""
    with duckdb.connect(str(file)) as cdm:
        for table in sorted(borough.glob("*.parquet")):
            cdm.execute(f"CREATE TEMP VIEW {table.stem} AS SELECT * FROM read_parquet('{table.as_posix()}')")
        for name, query in TABLES.items():
            given = {"until": until.isoformat()} if "$until" in query else None
            cdm.execute(f"CREATE TABLE {name} AS {query}", given)
