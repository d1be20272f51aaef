-- What each class of encounter becomes: one row per class. Which English service an American one is nearest to is ours.
SELECT * FROM (VALUES
    ('inpatient', 'admissions', NULL, false),
    ('emergency', 'attendances', '01', false),
    -- An urgent care clinic is nearest to an urgent treatment centre: type 3.
    ('urgentcare', 'attendances', '03', true),
    ('outpatient', 'contacts', 'outpatient', false),
    ('wellness', 'contacts', 'gp', true),
    ('ambulatory', 'contacts', 'gp', true),
    ('virtual', 'contacts', 'gp', true),
    ('home', 'contacts', 'community_nursing', true),
    ('hospice', 'contacts', 'palliative_care', true)
) AS known (encounterclass, becomes, as_what, guessed)
