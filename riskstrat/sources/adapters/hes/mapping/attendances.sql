-- One row per attendance.
SELECT
    person AS patient_id,
    attended_on,
    department_type,
    arrival_mode,
    acuity,
    category,
    complaint,
    diagnosis,
    -- Whoever left before the end is said by the status alone, who was admitted by the destination.
    CASE
        WHEN status IN ('1066301000000103', '1066311000000101', '1066321000000107') THEN status
        ELSE coalesce(destination, status)
    END AS disposal
FROM step.visits
WHERE NOT repeated
