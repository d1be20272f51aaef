-- One row per visit to A&E. With NHS codes the mapper of Oxford leaves how people came and went in the source values.
SELECT person_id AS patient_id, visit_start_date AS attended_on,
    CASE WHEN getvariable('source_values') = 'nhs' THEN admitted_from_source_value END AS arrival_mode,
    CASE WHEN getvariable('source_values') = 'nhs' THEN discharged_to_source_value END AS disposal
FROM step.visits WHERE becomes = 'attendance'
