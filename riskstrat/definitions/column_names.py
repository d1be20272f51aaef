"""What other systems call our tables, columns and codes: what a proposal for source.toml is made from.

Names as they stand in the HES, SUS+, ECDS, CSDS and client level data dictionaries, in OMOP, and in extracts of GP
systems; from background knowledge, and only ever proposed to a reader.
"""

from __future__ import annotations

from collections.abc import Mapping

COLUMN_NAMES: Mapping[str, tuple[str, ...]] = {
    "patient_id": (
        *("nhs_pseudo", "pseudo_id", "pseudo_nhs_number", "pseudo_nhsno", "nhs_number_pseudo", "sk_patientid"),
        *(
            "person_id",
            "patient",
            "patientid",
            "pseudonym",
            "token_person_id",
            "pseudo_hesid",
            "subject_id",
            "client_id",
        ),
    ),
    "date_of_birth": ("dob", "birth_date", "birthdate", "birth", "mydob", "dateofbirth"),
    "date_of_death": (
        *("dod", "death_date", "deathdate", "dateofdeath", "reg_date_of_death", "date_deceased", "deceased_date"),
        *("deceased_dt", "deceased_datetime", "deceased_on"),
    ),
    "died": ("dead", "deceased", "death", "has_died", "is_dead", "is_deceased", "dead_flag", "deceased_flag"),
    "inpatient": ("in_hospital", "is_inpatient", "inpatient_now", "currently_admitted", "inpatient_flag"),
    "moved": ("moved_away", "has_moved", "moved_out", "left_area"),
    "palliative_register": ("palliative", "on_palliative_register", "palliative_care", "palliative_care_register"),
    "sex": ("gender", "gender_code", "sex_code", "stated_gender", "person_stated_gender_code"),
    "ethnicity": ("ethnic_group", "ethnos", "ethnic_category", "ethnicity_code", "ethnic_category_code"),
    "lsoa": ("lsoa11", "lsoa21", "lsoa_code", "lsoa_2011", "lsoa_2021"),
    "imd_decile": ("imd", "imd_decile_2019", "imd04_decile"),
    "practice": ("gp_practice", "practice_code", "gpprac", "gp_practice_code", "gmpc", "organisation_code"),
    "registered_from": ("registration_date", "registration_start_date", "reg_start", "date_registered"),
    "registered_to": (
        *("deregistration_date", "registration_end_date", "reg_end", "date_deregistered", "deregistered_on"),
        *("registered_until", "registered_end", "end_date", "date_left", "left_on", "left_date", "date_of_leaving"),
    ),
    "spell_id": (
        "spell",
        "provspno",
        "provspnops",
        "hospital_provider_spell_number",
        "hadm_id",
        "visit_id",
        "encounter",
    ),
    "admitted_on": ("admidate", "admission_date", "admitted", "admit_date", "start_date_hospital_provider_spell"),
    "discharged_on": ("disdate", "discharge_date", "discharged", "discharge_date_hospital_provider_spell"),
    "method": ("admimeth", "admission_method", "admission_method_code"),
    "source": ("admisorc", "admission_source", "source_of_admission"),
    "destination": ("disdest", "discharge_destination", "destination_of_discharge"),
    "discharge_method": ("dismeth", "method_of_discharge"),
    "patient_class": ("classpat", "patient_classification"),
    "provider": ("procode", "procode3", "procodet", "provider_code", "organisation_code_provider"),
    "specialty": ("mainspef", "tretspef", "main_specialty", "treatment_function_code"),
    "code": ("icd10", "snomed", "snomed_code", "snomed_concept_id", "diagnosis_code", "read_code", "concept_id"),
    "position": ("diag_position", "diagnosis_position", "sequence", "seq_num"),
    "recorded_on": ("event_date", "date_recorded", "recorded_date", "effective_date", "diagnosis_date"),
    "known_on": ("load_date", "loaded_on", "extract_date", "received_date", "date_loaded", "ingest_date"),
    "attended_on": ("arrival_date", "arrivaldate", "attendance_date", "arrival_datetime"),
    "issued_on": ("issue_date", "date_issued", "prescribed_date", "prescription_date"),
    "bnf": ("bnf_code", "bnfcode"),
    "contacted_on": ("contact_date", "care_contact_date", "appointment_date", "activity_date"),
    "measured_on": ("measurement_date", "observation_date", "result_date", "event_date"),
    "measure": ("observation", "test", "measurement", "parameter"),
    "value": ("result", "numeric_value", "value_as_number", "observation_value"),
    "unit": ("units", "unit_of_measure", "unit_source_value"),
    "fell_on": ("fall_date", "date_of_fall", "incident_date"),
    "started_on": ("start_date", "service_start_date", "event_start_date"),
    "ended_on": ("end_date", "service_end_date", "event_end_date"),
    "from_on": ("valid_from", "effective_from", "opt_out_date", "start_date"),
    "to_on": ("valid_to", "effective_to", "end_date"),
}
"""By column of ours what it is also called."""

TABLE_NAMES: Mapping[str, tuple[str, ...]] = {
    "people": ("patients", "patient", "person", "persons", "population", "registered", "demographics", "mpi"),
    "registrations": ("registration", "gp_registrations", "gp_registration", "practice_registrations"),
    "admissions": ("spells", "spell", "inpatients", "inpatient", "apc_spells", "admission", "hospital_admissions"),
    "diagnoses": ("diagnosis", "spell_diagnoses", "apc_diagnoses", "hospital_diagnoses"),
    "conditions": (
        "condition",
        "problems",
        "gp_coded",
        "gp_events",
        "gp_clinical",
        "long_term_conditions",
        "registers",
    ),
    "falls": ("fall", "falls_incidents", "reported_falls"),
    "attendances": ("attendance", "ecds", "ae", "a_and_e", "ed_attendances", "emergency_care"),
    "prescriptions": ("prescription", "medications", "medication", "gp_medication", "issues"),
    "contacts": ("contact", "appointments", "community_contacts", "csds", "care_contacts"),
    "measurements": ("measurement", "observations", "observation", "results", "gp_observations"),
    "social_care": ("cld", "adult_social_care", "services", "packages"),
    "opt_outs": ("opt_out", "optouts", "dissents", "objections"),
    "areas": ("practices", "gp_practices", "organisations"),
    "statuses": ("status", "flags"),
    "caseload": ("caseloads",),
    "care_plans": ("care_plan", "plans", "pcsp", "respect_forms"),
    "circumstances": ("circumstance", "social_circumstances"),
    "reviews": ("review",),
}
"""By table of ours what it is also called."""

KNOWN_CODES: Mapping[str, Mapping[str, str]] = {
    "sex": {
        "0": "U",
        "1": "M",
        "2": "F",
        "9": "I",
        "m": "M",
        "f": "F",
        "male": "M",
        "female": "F",
        "x": "U",
        "not known": "U",
        "unknown": "U",
        "not specified": "I",
        "indeterminate": "I",
        "other": "I",
    },
}
"""By column of ours which of our codes a code of others stands for. Sex: NHS Data Dictionary, Person Gender Code."""
