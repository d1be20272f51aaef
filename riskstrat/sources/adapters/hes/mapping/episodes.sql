-- One row per record of apc, with its codes read and `fate`: null where it counts, else why it does not. How somebody left may
-- be written in words, which are read where they say that they died: 4 and 79, or 5 for a baby.
WITH read AS (
    SELECT
        epikey,
        try_cast(epikey AS HUGEINT) AS epikey_number,
        person,
        -- 89997 and 89999 are providers that are not known.
        upper(CASE WHEN procode3 NOT IN ('89997', '89999') THEN left(procode3, 3) END) AS provider,
        epistart,
        epiend,
        epiorder AS written_order,
        CASE WHEN epiorder NOT IN (98, 99) THEN epiorder END AS epiorder,
        CASE WHEN epistat = 3 THEN true WHEN epistat IN (1, 9) THEN false ELSE epiend IS NOT NULL END AS finished,
        classpat,
        coalesce(classpat IN (3, 4), false) AS regular,
        admidate,
        upper(regexp_replace(admimeth, '\.0+$', '')) AS admimeth,
        admisorc,
        disdate,
        CASE
            WHEN regexp_full_match(dismeth, '\d+(\.0*)?') THEN try_cast(dismeth AS BIGINT)
            WHEN regexp_matches(lower(dismeth), '\b(still[ -]?born|still[ -]?birth)') THEN 5
            WHEN regexp_matches(lower(dismeth), '\b(died|dead|death|deceased)\b') THEN 4
        END AS dismeth,
        CASE
            WHEN regexp_full_match(disdest, '\d+(\.0*)?') THEN try_cast(disdest AS BIGINT)
            WHEN regexp_matches(lower(disdest), '\b(died|dead|death|deceased)\b') THEN 79
        END AS disdest,
        dismeth AS written_dismeth,
        disdest AS written_disdest,
        nullif(mainspef, '&') AS mainspef,
        subdate,
        sex,
        dob,
        mydob,
        startage,
        ethnos,
        lsoa,
        imd_decile,
        gpprac,
        [diag_01, diag_02, diag_03, diag_04, diag_05, diag_06, diag_07, diag_08, diag_09, diag_10, diag_11, diag_12,
         diag_13, diag_14, diag_15, diag_16, diag_17, diag_18, diag_19, diag_20, diag_21, diag_22, diag_23, diag_24]
            AS diagnoses
    FROM source.apc
), told AS (
    -- 66 to 69 are 2A to 2D where extracts turned them into numbers; 67 is a transfer as 2B is.
    SELECT
        r.*,
        coalesce(admimeth IN ('2B', '67', '81'), false) OR coalesce(admisorc IN (51, 52, 53), false) AS comes,
        coalesce(disdest IN (51, 52, 53), false) AS leaves,
        -- DISDEST 79 is a death too, if DISMETH does not say that they were discharged alive.
        coalesce(dismeth IN (4, 5), false) OR coalesce(disdest = 79 AND coalesce(dismeth NOT IN (1, 2, 3), true), false)
            AS died,
        -- The last word where all else is the same, so that the order of rows decides nothing.
        hash(r) AS tie,
        CASE
            WHEN person IS NULL THEN 'no person'
            WHEN provider IS NULL THEN 'no provider'
            WHEN epistart IS NULL THEN 'no start'
            WHEN epiend < epistart THEN 'ends before it starts'
        END AS fault
    FROM read r
), followed AS (
    SELECT
        *,
        NOT finished AND CASE
            WHEN epiorder IS NULL THEN bool_or(finished AND fault IS NULL) OVER starts
            ELSE bool_or(finished AND fault IS NULL) OVER same
                OR bool_or(finished AND fault IS NULL AND epiorder IS NULL) OVER starts
        END AS superseded,
        min(subdate) OVER same AS first_sent
    FROM told
    WINDOW
        starts AS (PARTITION BY person, provider, epistart, regular),
        same AS (PARTITION BY person, provider, epistart, regular, epiorder)
)
SELECT
    * EXCLUDE (fault, superseded),
    CASE
        WHEN fault IS NOT NULL THEN fault
        WHEN superseded THEN 'superseded'
        WHEN row_number() OVER (
            PARTITION BY person, provider, regular, epistart, epiend, written_order, fault IS NULL AND NOT superseded
            ORDER BY subdate DESC NULLS LAST, finished DESC, epikey_number DESC NULLS LAST, epikey DESC NULLS LAST, tie
        ) > 1 THEN 'duplicate'
    END AS fate
FROM followed
