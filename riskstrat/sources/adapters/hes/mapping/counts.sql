-- kind, what, rows: what became of the records, in the order in which they are said.
WITH episodes AS (
    SELECT
        count(*) AS read,
        count(*) FILTER (fate IS NULL) AS used,
        count(*) FILTER (fate = 'superseded') AS superseded,
        count(*) FILTER (fate = 'duplicate') AS duplicate,
        count(*) FILTER (fate = 'no person') AS no_person,
        count(*) FILTER (fate = 'no provider') AS no_provider,
        count(*) FILTER (fate = 'no start') AS no_start,
        count(*) FILTER (fate = 'ends before it starts') AS backwards,
        sum(list_count(diagnoses)) FILTER (fate IS NOT NULL) AS codes_lost,
        count(*) FILTER (written_dismeth IS NOT NULL AND dismeth IS NULL) AS dismeth_unread,
        count(*) FILTER (written_disdest IS NOT NULL AND disdest IS NULL) AS disdest_unread,
        count(gpprac) AS practices,
        count(DISTINCT person) AS people
    FROM step.episodes
), spells AS (
    SELECT
        count(*) AS made,
        count(*) FILTER (NOT finished AND discharged_on IS NULL) AS running,
        count(*) FILTER (finished AND discharged_on IS NULL) AS endless,
        count(*) FILTER (discharged_on IS NOT NULL AND discharge_method IN (4, 5)) AS deaths,
        count(*) FILTER (admission_guessed) AS admission_guessed,
        count(*) FILTER (filled AND admitted_on IS NOT NULL AND method IS NOT NULL) AS filled,
        count(*) FILTER (admitted_on IS NULL OR method IS NULL) AS without,
        count(*) FILTER (discharge_guessed) AS discharge_guessed,
        count(*) FILTER (tied) AS tied,
        count(*) FILTER (getvariable('known') = 'lag' OR first_sent IS NULL) AS by_lag
    FROM step.spells
), people AS (
    SELECT count(*) FILTER (NOT said AND aged) AS by_age
    FROM (
        SELECT bool_or(dob IS NOT NULL OR mydob IS NOT NULL) AS said, bool_or(startage IS NOT NULL) AS aged
        FROM step.episodes
        WHERE person IS NOT NULL
        GROUP BY person
    )
), dead AS (
    SELECT count(*) FILTER (died_on IS NULL) AS without_day
    FROM (SELECT person, max(died_on) AS died_on FROM step.deaths GROUP BY person)
), beside AS (
    SELECT count(DISTINCT patient_id) AS alive
    FROM source.people
    WHERE date_of_death IS NULL AND patient_id IN (SELECT person FROM step.deaths)
), codes AS (
    SELECT count(*) AS beyond FROM step.coded WHERE position > 99
), visits AS (
    SELECT count(*) AS read, count(*) FILTER (repeated) AS repeated FROM step.visits
), counted AS (
    SELECT unnest([
        {n: 1, kind: 'mapped', what: 'episodes read', rows: e.read},
        {n: 2, kind: 'mapped', what: 'episodes that make spells', rows: e.used},
        {n: 3, kind: 'mapped', what: 'provider spells made of them', rows: s.made},
        {n: 4, kind: 'mapped', what: 'spells still running, as their last episode is not finished', rows: s.running},
        {n: 5, kind: 'mapped', what: 'people of whom there is an episode', rows: e.people},
        {n: 6, kind: 'mapped', what: 'spells that ended with the death of the person', rows: s.deaths},
        {n: 7, kind: 'mapped', what: 'records of A&E visits read', rows: v.read},
        {n: 8, kind: 'guessed', what: 'spells that began with EPISTART, as ADMIDATE is not there', rows: s.admission_guessed},
        {n: 9, kind: 'guessed', what: 'spells whose ADMIDATE or ADMIMETH a later episode says', rows: s.filled},
        {n: 10, kind: 'guessed', what: 'spells that ended with EPIEND, as DISDATE is not there', rows: s.discharge_guessed},
        {n: 11, kind: 'guessed', what: 'spells whose episodes only TRANSIT or EPIKEY puts in order', rows: s.tied},
        {n: 12, kind: 'guessed', what: 'people whose month of birth is worked out from STARTAGE', rows: p.by_age},
        {n: 13, kind: 'guessed', what: 'admissions that count as known by the lag, not by SUBDATE', rows: s.by_lag},
        {n: 14, kind: 'lost', what: 'episodes superseded: an unfinished record whose finished one is here', rows: e.superseded},
        {n: 15, kind: 'lost', what: 'episodes sent again later: the latest SUBDATE stays', rows: e.duplicate},
        {n: 16, kind: 'lost', what: 'episodes without a person, in quarantine', rows: e.no_person},
        {n: 17, kind: 'lost', what: 'episodes without EPISTART, in quarantine', rows: e.no_start},
        {n: 18, kind: 'lost', what: 'episodes with EPIEND before EPISTART, in quarantine', rows: e.backwards},
        {n: 19, kind: 'lost', what: 'episodes without a provider', rows: e.no_provider},
        {n: 20, kind: 'lost', what: 'diagnosis codes of episodes that make no spell', rows: e.codes_lost},
        {n: 21, kind: 'lost', what: 'spells without ADMIDATE or ADMIMETH in any episode, in quarantine', rows: s.without},
        {n: 22, kind: 'lost', what: 'spells whose last episode is finished and says no end', rows: s.endless},
        {n: 23, kind: 'lost', what: 'practices (GPPRAC): without a period they make no registration', rows: e.practices},
        {n: 24, kind: 'lost', what: 'records of A&E visits that came again', rows: v.repeated},
        {n: 25, kind: 'lost', what: 'people recorded dead without a day, who are left out', rows: d.without_day},
        {n: 26, kind: 'lost', what: 'people who died by the episodes and are alive by the table people beside, which wins', rows: b.alive},
        {n: 27, kind: 'lost', what: 'values of DISMETH that are no number and do not say that somebody died', rows: e.dismeth_unread},
        {n: 28, kind: 'lost', what: 'values of DISDEST that are no number and do not say that somebody died', rows: e.disdest_unread},
        {n: 29, kind: 'lost', what: 'diagnosis codes after the 99th of a spell', rows: c.beyond}
    ]) AS line
    FROM episodes e, spells s, people p, visits v, dead d, beside b, codes c
)
SELECT line.kind AS kind, line.what AS what, line.rows AS rows
FROM counted
WHERE line.rows > 0
ORDER BY line.n
