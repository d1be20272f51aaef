"""What one version says to each item of TRIPOD+AI, from its evidence; what cannot be known here is the site's."""

from __future__ import annotations

from riskstrat.documents.papers.card import INTERVENED
from riskstrat.documents.papers.registered import RIVAL, Registered
from riskstrat.documents.papers.wording import (
    FOR_THE_SITE,
    SITE,
    count,
    days,
    figure,
    fit_to_leave,
    interval,
    known,
    share,
)
from riskstrat.documents.words import sentence, word_count


def answers(version: Registered) -> dict[str, str]:
    """One text for each part of the checklist, by its number."""
    parts = (
        _fill_introduction,
        _fill_data,
        _fill_outcome_and_predictors,
        _fill_analysis,
        _fill_fairness_and_output,
        _open,
        _fill_results,
        _fill_discussion,
    )
    said = {number: text for part in parts for number, text in part(version).items()}
    return said | (_fill_transferred(version) if version.is_transferred else {})


def _fill_transferred(version: Registered) -> dict[str, str]:
    """What is otherwise of a model that another site learned: here it was calibrated and tested."""
    registered = version.part("registered") or {}
    calibrated = days([*(registered.get("train_dates") or ()), *(registered.get("calibration_dates") or ())])
    where = "people who were held out" if version.by_person else "later dates"
    calibration = f"Calibration: {fit_to_leave(version.fact('registered', 'calibration'))}."
    return {
        "1": f"{version.title}: evaluation of another site's prediction model (gradient-boosted trees) for "
        f"{version.ages}, calibrated here.",
        "4": f"To calibrate another site's model of the chance of {version.outcome}, and to evaluate it on {where} of "
        "this site.",
        "5b": f"Index dates of calibration {calibrated}; of testing {days(version.part('test_dates'))}. Data as at "
        f"{version.as_at}. Dates of training, at the other site: {FOR_THE_SITE}",
        "9a": f"By the other site, of features that are defined as here: {FOR_THE_SITE}",
        "10": f"All eligible people of this site were used: {version.sizes}. Of the other site: {FOR_THE_SITE}",
        "12c": f"{version.kind} {calibration} How it was built and tuned at the other site: {FOR_THE_SITE}",
        "12f": "Not updated after evaluation, but for the calibration: it is made again by the same procedure, on the "
        "newest dates whose outcomes were final.",
        "13": f"Here nothing was done: no weights and no sampling. At the other site: {FOR_THE_SITE}",
        "16": f"Learned at another site; calibrated and tested at this one, by the same rules, on {where}.",
        "21": f"{sentence(version.sizes)} People and outcomes of the training, at the other site: {FOR_THE_SITE}",
    }


def _fill_introduction(version: Registered) -> dict[str, str]:
    return {
        "1": f"{version.title}: development and evaluation of a prediction model (gradient-boosted trees) for "
        f"{version.ages}.",
        "2": _describe_study(version),
        "3a": SITE,
        "3b": f"{sentence(version.intended_purpose)} {version.eligible} Used by multi-disciplinary teams at their "
        "meetings, as one way among others to choose whom to review.",
        "3c": SITE,
        "4": f"To develop a model of the chance of {version.outcome}, and to evaluate it on "
        f"{'people who were held out' if version.by_person else 'later dates of the same site'}.",
    }


def _describe_study(version: Registered) -> str:
    own = version.own
    if not own:
        return SITE
    return (
        f"{version.part('verdict') or 'No verdict.'} Tested on {count(own.get('n'))} rows with "
        f"{count(own.get('events'))} outcome events: {_format_auroc(version)}; calibration slope "
        f"{figure(own.get('calibration_slope'))}, ICI {figure(own.get('ici'))}."
    )


def _format_auroc(version: Registered) -> str:
    row = version.interval("auroc")
    ends = interval(row.get("low"), row.get("high"))
    return f"AUROC {figure(version.own.get('auroc'))}" + (f" (95% interval {ends})" if ends else "")


def _fill_data(version: Registered) -> dict[str, str]:
    registered = version.part("registered") or {}
    trained, calibrated = days(registered.get("train_dates")), days(registered.get("calibration_dates"))
    return {
        "5a": f"Routine records of one site, linked by pseudonym; fingerprint of the data {version.fact('store')}. "
        f"Which sources, and how far they stand for the population: {FOR_THE_SITE}",
        "5b": f"Index dates of training {trained}; of calibration {calibrated}; of testing "
        f"{days(version.part('test_dates'))}. Data as at {version.as_at}.",
        "6a": SITE,
        "6b": f"{version.eligible} People with an opt-out that applies are left out before anything else.",
        "6c": _describe_treatment(version),
        "7": "Every landed row is accepted or quarantined under a rule, with counts that add up; these rules are "
        "the same for all groups. A row is used only from the day on which it was known.",
    }


def _describe_treatment(version: Registered) -> str:
    mode, train = version.part("intervened", "mode"), version.part("intervened", "train") or {}
    if not train:
        return f"Actions of a team in the label window were not looked at. {SITE}"
    return (
        f"{count(train.get('with_action'))} of {count(train.get('rows'))} training rows had an action of a team in the "
        f"label window. {INTERVENED.get(str(mode), '')} Other care: {FOR_THE_SITE}"
    )


def _fill_outcome_and_predictors(version: Registered) -> dict[str, str]:
    label = version.part("recipe", "label") or {}
    gap = label.get("gap_days") or 0
    first = "from the index date" if label.get("includes_index_day") else "from the day after the index date"
    start = f"after a gap of {word_count(gap, 'day')}" if gap else first
    return {
        "8a": f"{sentence(version.outcome)} Counted over {_format_duration(label.get('horizon'))} {start}, "
        f"from records and in the same way for everybody. {version.death} People who left without it have no outcome.",
        "8b": "Not applicable: the outcome is read from recorded admissions by a rule.",
        "8c": "The outcome is read by a rule that sees no predictor; looking forward and looking back are apart.",
        "9a": "All features that the workspace declares, less those that the recipe excludes. Ethnicity is never one.",
        "9b": f"{version.part('features') or 'An unrecorded number of'} features, each declared in features/ with its "
        "source, lookback, unit and meaning of missing; measured at the index date as known then.",
        "9c": "Not applicable: every feature is worked out from records by a rule.",
        "10": f"All eligible people of the site were used: {version.sizes}. No size was worked out beforehand.",
        "11": "Each feature declares what missing means: a value such as 0, or missing. The trees have a branch for "
        "missing values; logistic regression has a flag. Outcomes that are not known are left out and counted.",
    }


def _format_duration(given: object) -> str:
    """A length such as 365d in words."""
    text = str(given or "the horizon of the recipe")
    return f"{text[:-1]} days" if text[:-1].isdigit() and text.endswith("d") else text


def _describe_calibration(version: Registered) -> str:
    later = " on later rows" if version.part("registered", "calibration_dates") else ""
    return f"Calibration{later}: {fit_to_leave(version.fact('registered', 'calibration'))}."


def _fill_analysis(version: Registered) -> dict[str, str]:
    learner = version.part("recipe", "learner") or {}
    return {
        "12a": version.tested,
        "12b": "As they are: trees need no scale. Logistic regression has standardised features.",
        "12c": f"{version.kind} LightGBM has at most {learner.get('rounds', 'the number in the recipe of')} trees, "
        f"seed {learner.get('seed', 'in the recipe')}. {_describe_tuning(version)} {_describe_calibration(version)}",
        "12d": "Places were not modelled apart. Differences between test dates are shown; between practices and "
        f"localities: {FOR_THE_SITE}",
        "12e": "AUROC and AUPRC for order; slope, intercept, calibration in the large and ICI for the risks as such; "
        "Brier score for both; PPV, sensitivity and lift of lists as long as teams have places; net benefit.",
        "12f": "Not updated after evaluation: the version that is registered is fitted again by the same procedure, on "
        "the newest dates whose outcomes were final.",
        "12g": "By the model as it would have stood on each test date, calibrated on dates before it."
        if not version.by_person
        else "By a model that had seen none of the people it was tested on.",
    }


def _describe_tuning(version: Registered) -> str:
    said = version.part("tuning", "sentence")
    return sentence(fit_to_leave(said)) if said else "No settings were searched."


def _fill_fairness_and_output(version: Registered) -> dict[str, str]:
    capacity = version.part("recipe", "evaluation", "capacity_per_1000")
    cut = f"In testing, {capacity:g} people in 1,000 at each date." if known(capacity) else ""
    return {
        "13": "Nothing was done: no weights and no sampling, as they would spoil the risks.",
        "14": f"Ethnicity is no feature: it serves comparison alone. {_describe_group_comparison(version)}",
        "15": "A calibrated risk from 0 to 1. There is no cut-off: each list is as long as its team has places. " + cut,
        "16": "Same site, same rules, later dates."
        if not version.by_person
        else "Same site, same rules, other people.",
        "17": SITE,
    }


def _describe_group_comparison(version: Registered) -> str:
    if not version.rows("subgroups") and not version.part("fairness"):
        return f"Groups were not compared. {SITE}"
    return (
        "Risk over observed rate, and share of the list over share of later outcomes, were compared by group, with "
        "intervals that hold for all groups at once."
    )


def _open(version: Registered) -> dict[str, str]:
    code = f"Code: riskstrat; definitions {version.fact('definitions_hash')}. Where the site shares them: "
    return {
        **dict.fromkeys(("18a", "18b", "18c", "18d", "18e"), SITE),
        "18f": f"{code}{FOR_THE_SITE}",
        "19": SITE,
    }


def _fill_results(version: Registered) -> dict[str, str]:
    own = version.own
    return {
        "20a": f"{_describe_participant_flow(version)} Reasons are in the model card, What is predicted, and for whom.",
        "20b": f"Sizes of groups are in the model card, Groups of people. Other characteristics: {FOR_THE_SITE}",
        "20c": _describe_outcome_shares(version),
        "21": f"{sentence(version.sizes)} Each tested model is in the model card, What it learned from.",
        "22": "The trees as text, the calibrator, the columns and their fingerprints are kept with the version. The "
        "settings are in the model card, How to make it again.",
        "23a": f"{_format_auroc(version)}; the other measures, and each group, are in the model card." if own else SITE,
        "23b": _describe_auroc_by_date(version),
        "24": "Not applicable: nothing was updated.",
    }


def _describe_participant_flow(version: Registered) -> str:
    cohort = version.part("cohort") or {}
    if not known(cohort.get("candidates")) or not known(cohort.get("eligible")):
        return "The flow of people is not recorded whole."
    return f"{count(cohort['candidates'])} candidate rows, {count(cohort['eligible'])} eligible."


def _describe_outcome_shares(version: Registered) -> str:
    registered, own = version.part("registered") or {}, version.own
    rows, events = (registered.get(name) or {} for name in ("rows", "events"))
    if not rows or not own:
        return SITE
    tested = share(own.get("events"), own.get("n"))
    if version.is_transferred:
        return f"With the outcome: {tested} of the test rows. Of the training rows, at the other site: {FOR_THE_SITE}"
    learned = share(events.get("train"), rows.get("train"))
    return f"With the outcome: {learned} of the training rows of this version, {tested} of the test rows."


def _describe_auroc_by_date(version: Registered) -> str:
    found = [
        (
            when,
            (origin.get("models") or {}).get(version.own_name, {}).get("auroc"),
            (origin.get("models") or {}).get(RIVAL, {}),
        )
        for when, origin in version.origins()
    ]
    said = [f"{when}: {figure(own)} (logistic regression {figure(rival.get('auroc'))})" for when, own, rival in found]
    over = f"AUROC by test date: {'; '.join(said)}. " if said else ""
    return f"{over}Between practices and localities: {FOR_THE_SITE}"


def _fill_discussion(version: Registered) -> dict[str, str]:
    return {
        "25": f"{version.part('verdict') or 'The model was not compared with logistic regression.'} "
        f"What it means here: {FOR_THE_SITE}",
        "26": f"The model card, Limits: records up to {version.as_at}, one site, and people on whom teams had acted.",
        "27a": "Rows that break a rule are quarantined and counted; too many stop the run. A table that is absent at "
        "scoring is refused if the model was trained with it.",
        "27b": "A person decides after a review. Users need a browser or a spreadsheet, and no more; they must know "
        "what the risk is the chance of, and that not being listed does not mean low risk.",
        "27c": SITE,
    }
