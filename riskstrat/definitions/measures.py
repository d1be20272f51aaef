"""What each measure is counted in, which other units are read as it, and which values a person can have.

Conversions: HbA1c by the IFCC-NGSP master equation, NGSP = 0.09148 IFCC + 2.152 (ngsp.org, "IFCC Standardization of
HbA1c"); pound, stone, foot and inch by their international definitions; the others from background knowledge, by molar
mass (cholesterol 386.65 g/mol, glucose 180.16, creatinine 113.12, a haemoglobin monomer 16,114).

Ranges refuse what cannot be, and are no normal ranges. Where they could, they leave no room for the same quantity in
another usual unit: a haemoglobin of 11.2 is one in g/dL and lies outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

EXETER = "Exeter Diabetes, CPRD-Codelists, Biomarkers/biomarker_acceptable_limits.txt: UK general practice"
MIMIC = "MIMIC_Extract, resources/mimiciv_variable_ranges.csv, valid low and high"
WIDER = "background knowledge: wider than what people live with"
SCALE = "the scale itself"

FOLDED_FROM = "²³⁹₂µμ []{}()^*_.°"
FOLDED_TO = "2392uu"
"""Characters of a unit that are read as others, in order; those beyond the end of the second are left out."""

FILLERS = ("", "na", "n/a", "none", "unknown", "null", "-")
"""Folded units that say nothing: the value counts as in the measure's own unit."""


@dataclass(frozen=True)
class Conversion:
    """How a value in another unit becomes one in the measure's own: times `factor`, plus `shift`."""

    factor: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True)
class KnownMeasure:
    """One measure in `unit`, plausible between `low` and `high`; a converted value is rounded to `digits` decimals.

    `same` are other spellings of the unit that do not fold to it, `others` other units, both in words divided by
    blanks. `whole` says that only whole numbers are steps of its scale.
    """

    unit: str
    low: float
    high: float
    source: str
    digits: int = 1
    same: str = ""
    others: Mapping[str, Conversion] = field(default_factory=dict)
    whole: bool = False

    def list_units(self) -> dict[str, Conversion]:
        """Every folded unit that is read, with how its values become those of `unit`."""
        own = {fold_unit(word): Conversion() for word in (self.unit, *self.same.split())}
        return own | {fold_unit(word): how for words, how in self.others.items() for word in words.split()}


def fold_unit(text: str) -> str:
    """A unit in lower case, without blanks, brackets and signs of powers, with superscripts as figures."""
    table = {ord(given): FOLDED_TO[at] if at < len(FOLDED_TO) else None for at, given in enumerate(FOLDED_FROM)}
    return text.lower().translate(table)


_OF_VOLUME = "gm/l g/litre gram/l"
_PER_MINUTE = "beats/min beats/minute beat/min bpm permin /minute min-1"
_POINTS = "points point 1"
_TENTH = Conversion(10)

MEASURES: dict[str, KnownMeasure] = {
    "bmi": KnownMeasure("kg/m2", 10, 80, WIDER, same="kg/msq kg/sqm kgm-2 kg/m2bmi"),
    "efi": KnownMeasure(
        *("score", 0, 1, SCALE, 2),
        same="ratio proportion fraction index 1",
        others={"%": Conversion(0.01), "deficits deficit": Conversion(1 / 36)},
    ),
    "egfr": KnownMeasure(
        *("mL/min/1.73m2", 1, 200, WIDER, 0),
        same="ml/min ml/min/1.73 ml/min/1.73sqm ml/min/1.73msq ml/minute/1.73m2",
        others={"ml/s/1.73m2 ml/sec/1.73m2": Conversion(60)},
    ),
    "smoking": KnownMeasure("status", 0, 2, SCALE, 0, same="code category 1", whole=True),
    "systolic": KnownMeasure("mmHg", 40, 270, EXETER, 0, others={"kpa": Conversion(7.50062)}),
    "diastolic": KnownMeasure("mmHg", 20, 200, EXETER, 0, others={"kpa": Conversion(7.50062)}),
    "hba1c": KnownMeasure(
        *("mmol/mol", 20, 195, EXETER, 0),
        same="mmol/molhb mmol/molhba1c",
        others={"% %hb %hba1c %totalhb %dcct %ngsp percent": Conversion(1 / 0.09148, -2.152 / 0.09148)},
    ),
    "haemoglobin": KnownMeasure(
        *("g/L", 30, 250, WIDER, 0),
        same=_OF_VOLUME,
        others={"g/dl gm/dl g/100ml gm% g% g/decilitre": _TENTH, "mmol/l": Conversion(16.114)},
    ),
    "weight": KnownMeasure(
        *("kg", 1, 350, f"{WIDER}; the upper end {EXETER}", 1),
        same="kgs kilogram kilograms kilogramme kilogrammes",
        others={
            "lb lbs pound pounds lbav": Conversion(0.45359237),
            "st stone stones": Conversion(6.35029318),
            "g gram grams gm": Conversion(0.001),
        },
    ),
    "height": KnownMeasure(
        *("cm", 30, 250, WIDER, 1),
        same="cms centimetre centimetres centimeter centimeters",
        others={
            "m metre metres meter meters mtr": Conversion(100),
            "mm millimetre millimetres": Conversion(0.1),
            "ft foot feet fti": Conversion(30.48),
            "in inch inches ins ini": Conversion(2.54),
        },
    ),
    "cholesterol": KnownMeasure("mmol/L", 0.5, 20, EXETER, 1, others={"mg/dl mg/100ml mg%": Conversion(1 / 38.665)}),
    "glucose": KnownMeasure("mmol/L", 0.5, 60, WIDER, 1, others={"mg/dl mg/100ml mg%": Conversion(1 / 18.016)}),
    "albumin": KnownMeasure("g/L", 8, 70, WIDER, 0, same=_OF_VOLUME, others={"g/dl gm/dl g/100ml g%": _TENTH}),
    "creatinine": KnownMeasure(
        *("umol/L", 20, 2500, EXETER, 0),
        same="micromol/l mcmol/l micromoles/l",
        others={"mg/dl mg/100ml mg%": Conversion(88.402), "mmol/l": Conversion(1000)},
    ),
    "sodium": KnownMeasure("mmol/L", 50, 225, MIMIC, 0, same="meq/l"),
    "potassium": KnownMeasure("mmol/L", 1, 12, f"{MIMIC}; the lower end {WIDER}", 1, same="meq/l"),
    "ferritin": KnownMeasure("ug/L", 0.5, 100000, WIDER, 0, same="ng/ml mcg/l microgram/l"),
    "tsh": KnownMeasure("mU/L", 0, 1000, WIDER, 2, same="miu/l uiu/ml uu/ml"),
    "acr": KnownMeasure("mg/mmol", 0, 3000, WIDER, 1, same="g/mol", others={"mg/g ug/mg": Conversion(0.113)}),
    "crp": KnownMeasure("mg/L", 0, 1000, WIDER, 0, same="ug/ml", others={"mg/dl": _TENTH}),
    "pulse": KnownMeasure("/min", 15, 350, f"{WIDER}; the upper end {MIMIC}", 0, same=_PER_MINUTE),
    "oxygen_saturation": KnownMeasure("%", 20, 100, WIDER, 0, same="%o2 percent %spo2"),
    "temperature": KnownMeasure(
        *("C", 26, 45, MIMIC, 1),
        same="degc cel celsius degreesc",
        others={"f degf fahrenheit degreesf": Conversion(5 / 9, -160 / 9)},
    ),
    "frailty_scale": KnownMeasure("score", 1, 9, SCALE, 0, same=_POINTS, whole=True),
    "audit_c": KnownMeasure("score", 0, 12, SCALE, 0, same=_POINTS, whole=True),
}
"""The measures whose meaning is known. Another measure is kept as it stands, and counts as not understood."""
