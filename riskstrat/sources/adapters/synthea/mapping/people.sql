-- One row per patient. Race and ethnicity are not the categories of the 2001 census and are not carried over.
SELECT id AS patient_id, birthdate AS date_of_birth, gender AS sex, deathdate AS date_of_death
FROM source.patients
