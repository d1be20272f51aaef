"""Falls from every source, and fragility fractures. Source: reported falls, hospital diagnoses by the PHOF C29 rule
and A&E, merged; one row per report. Clinical owner: to be named by the site. Reviewed: 2026-11.

Reports of one person within 3 days of the first are one fall. These are facts for an estimate of admission: NICE
NG249 (2025) 1.1.1 says not to predict falls with a tool, and nothing here does.
"""

from riskstrat.definitions import codelist, count, days_since, episodes, exists
from riskstrat.sources.tables import all_falls, diagnoses

injurious = all_falls.filter(all_falls.injury)
hip_fractures = codelist("fragility_fractures").only("hip fracture")
fragility_fractures = codelist("fragility_fractures").only("fragility fracture")

falls = episodes(
    all_falls,
    within="3d",
    lookback=("90d", "365d", "1095d"),
    missing=0,
    theme="falls and frailty",
    unit="falls",
    says="{n} recorded fall{s} in the last {lookback}, the latest on {date}",
    absent="No fall is recorded in the last {lookback}; falls at home are often not reported",
    why="Falls mark frailty and are a common way into hospital",
    sensitive=False,
)

injurious_falls = episodes(
    injurious,
    within="3d",
    lookback=("365d", "1095d"),
    missing=0,
    theme="falls and frailty",
    unit="falls",
    says="{n} recorded fall{s} with an injury in the last {lookback}, the latest on {date}",
    absent="No fall with an injury is recorded in the last {lookback}",
    why="An injury shows a hard fall or fragile bones (NICE NG249 names it)",
    sensitive=False,
)

days_since_fall = days_since(
    all_falls,
    lookback="1095d",
    missing=None,
    theme="falls and frailty",
    unit="days",
    says="Last recorded fall on {date}",
    absent="No fall is recorded in the last {lookback}; falls at home are often not reported",
    why="A recent fall says more than an old one",
    sensitive=False,
)

falls_treated = episodes(
    all_falls.filter(all_falls.treated),
    within="3d",
    lookback=("365d",),
    missing=0,
    theme="falls and frailty",
    unit="falls",
    says="{n} recorded fall{s} that needed treatment in the last {lookback}, the latest on {date}",
    absent="No fall that needed treatment is recorded in the last {lookback}",
    why="A fall that needed treatment was a serious one (NICE NG249 names it)",
    sensitive=False,
)

falls_reported_by_ambulance = episodes(
    all_falls.filter(all_falls.source == "ambulance"),
    within="3d",
    lookback=("365d",),
    missing=0,
    theme="falls and frailty",
    unit="falls",
    says="{n} fall{s} that an ambulance was called to in the last {lookback}, the latest on {date}",
    absent="No fall that an ambulance was called to in the last {lookback}",
    why="An ambulance for a fall means that there was no other help",
    sensitive=False,
)

fell_and_lost_consciousness = exists(
    all_falls.filter(all_falls.loss_of_consciousness),
    lookback="1095d",
    missing=0,
    theme="falls and frailty",
    unit="yes/no",
    says="A fall with loss of consciousness is recorded, the latest on {date}",
    absent="No fall with loss of consciousness is recorded in the last {lookback}",
    why="Fainting can come from the heart or from medicines (NICE NG249 names it)",
    sensitive=False,
)

fell_and_could_not_get_up = exists(
    all_falls.filter(all_falls.unable_to_get_up),
    lookback="1095d",
    missing=0,
    theme="falls and frailty",
    unit="yes/no",
    says="A fall after which the person could not get up is recorded, the latest on {date}",
    absent="No fall after which the person could not get up is recorded in the last {lookback}",
    why="Not being able to get up marks weakness and risks a long lie (NICE NG249 names it)",
    sensitive=False,
)

had_hip_fracture = exists(
    diagnoses,
    codes=hip_fractures,
    lookback="1825d",
    missing=0,
    theme="falls and frailty",
    unit="yes/no",
    says="A hip fracture is recorded in hospital, the latest stay from {date}",
    absent="No hip fracture is recorded in hospital in the last {lookback}",
    why="18 to 33 in 100 people die within a year of a hip fracture (NICE news on NG249), many after readmission",
    sensitive=False,
)

fragility_fracture_records = count(
    diagnoses,
    codes=fragility_fractures,
    lookback=("1825d",),
    missing=0,
    theme="falls and frailty",
    unit="records",
    says="{n} hospital record{s} of fractures that can mean fragile bones in the last {lookback}, the latest on {date}",
    absent="No fracture that can mean fragile bones is recorded in hospital in the last {lookback}",
    why="Fragility fractures are followed by further fractures",
    sensitive=False,
)
