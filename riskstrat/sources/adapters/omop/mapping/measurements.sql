-- One row per value of a known measure whose unit is said, or can only be one.
SELECT person_id AS patient_id, measurement_date AS measured_on, measure, bound || value_as_number AS value, unit
FROM step.measured
WHERE value_as_number IS NOT NULL AND (unit IS NOT NULL OR sole)
