"use strict";
(() => {
  // What the practice's file may say of a person, and what of the list is shown beside it, with the headings.
  const IDENTITY = {
    name: "Name", nhs_number: "NHS number", date_of_birth: "Date of birth", contact: "Contact",
    contact_safely: "How to contact safely",
    interpreter_needs: "Interpreter needs", communication_needs: "Communication needs", named_gp: "Named GP",
    key_worker: "Key worker", lone_visit_warning: "Lone-visit warning",
  };
  // A cell for each group, a line for each column with something in it.
  const GROUPS = {
    "Place on the list": {
      rank: "Rank", reference: "Reference", arrival: "Came to the list", risk: "Risk",
      change: "Since the last list", weeks_on_list: "Weeks on list", known_before: "Known before",
    },
    "About the person": {
      age_band: "Age", sex: "Sex", practice: "Practice", top_conditions: "Main conditions", frailty: "Frailty",
      falls_check: "NG249 falls criteria", flags: "Flags",
    },
    "To consider, and in place": {
      pathway_titles: "Pathways", support: "Support", caution: "Caution",
      last_decided_on: "Last decided on", last_outcomes: "Last outcomes", last_owners: "Owners", last_due: "Due",
      last_note: "Note",
    },
  };
  // What is long stands folded in the last cell; paper has it where it was opened.
  const FOLDED = { reasons: "What moved the estimate", pathways: "Pathways with their rules" };
  const SEX = { F: "Female", M: "Male", I: "Indeterminate", U: "Not known" };
  const NOT_HELD = "not named: not in your identity file";
  const TWICE = "not named: in your identity file twice, with different details";
  const OTHER_AGE = "not named: the date of birth in your identity file does not agree with the age on the list";
  // Any other value in a column on restriction means that the person is restricted: what is in doubt is.
  const NOT_RESTRICTED = ["", "no", "n", "false", "0", "u", "unrestricted", "not restricted"];
  const RESTRICTED = "restricted: do not contact, ask the practice or the IG lead";
  const DATES = ["last_decided_on", "last_due"];
  const at = (id) => document.getElementById(id);

  class Problem extends Error {}

  const text = async (file, what) => {
    if (!file) throw new Problem(`Choose ${what}.`);
    const bytes = await file.arrayBuffer();
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      return new TextDecoder("windows-1252").decode(bytes);
    }
  };

  // CSV as RFC 4180 has it: quoted cells may hold separators, line ends and doubled quotes.
  const cells = (given, separator) => {
    const rows = [];
    let row = [], cell = "", quoted = false;
    const endCell = () => { row.push(cell); cell = ""; };
    const endRow = () => { endCell(); if (row.length > 1 || row[0] !== "") rows.push(row); row = []; };
    for (let place = 0; place < given.length; place += 1) {
      const letter = given[place];
      if (quoted) {
        if (letter !== '"') cell += letter;
        else if (given[place + 1] === '"') { cell += '"'; place += 1; }
        else quoted = false;
      } else if (letter === '"' && cell === "") quoted = true;
      else if (letter === separator) endCell();
      else if (letter === "\n" || letter === "\r") {
        if (letter === "\r" && given[place + 1] === "\n") place += 1;
        endRow();
      } else cell += letter;
    }
    if (quoted) return null;
    if (cell !== "" || row.length) endRow();
    return rows;
  };

  const separatorOf = (given) => {
    const heading = given.split(/[\r\n]/, 1)[0];
    const count = (mark) => heading.split(mark).length;
    return [",", ";", "\t"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
  };

  // The rows of a file as maps from plain column names; a map cannot be misled by a column called __proto__.
  const table = (given, what, wanted) => {
    const bare = given.replace(/^\uFEFF/, "");
    const rows = cells(bare, separatorOf(bare));
    if (!rows) throw new Problem(`${what} has a quotation mark that is never closed. Save it as CSV again.`);
    if (!rows.length) throw new Problem(`${what} is empty.`);
    const names = rows[0].map((name) => name.trim().toLowerCase().replace(/[\s-]+/g, "_"));
    const missing = wanted.filter((name) => !names.includes(name));
    if (missing.length) throw new Problem(`${what} has no column ${missing.join(" and no column ")}. Is it the right file?`);
    if (new Set(names).size < names.length) throw new Problem(`${what} has two columns of one name.`);
    return rows.slice(1).map((row, number) => {
      if (row.length !== names.length) {
        throw new Problem(`${what}: row ${number + 1} below the headings has another number of cells than the headings.`);
      }
      return new Map(names.map((name, place) => [name, row[place]]));
    });
  };

  // The list's CSV puts one apostrophe before a cell that a spreadsheet would take for a formula.
  const unguarded = (cell) => (/^'[\s']*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/.test(cell) ? cell.slice(1) : cell);

  const byKey = (rows, key, what) => {
    const found = new Map();
    for (const row of rows) {
      const value = row.get(key).trim();
      if (!value) continue;
      if (found.has(value)) throw new Problem(what);
      found.set(value, row);
    }
    return found;
  };

  const SPEAKS_OF_RESTRICTION = /restrict|confidential|disclos|sensitiv|^s[\s_-]?flag$/i;
  const isRestricted = (row) => [...row].some(([name, value]) => {
    const said = value.trim().toLowerCase().replace(/[\s_-]+/g, " ");
    return SPEAKS_OF_RESTRICTION.test(name) && !NOT_RESTRICTED.includes(said);
  });

  // A person who stands twice with different details is shown with neither: a wrong name is worse than none.
  const peopleOf = (rows) => {
    const people = new Map(), doubtful = new Set();
    const said = (row) =>
      JSON.stringify([isRestricted(row), ...Object.keys(IDENTITY).map((name) => (row.get(name) || "").trim())]);
    for (const row of rows) {
      const id = row.get("patient_id").trim().toLowerCase();
      if (people.has(id) && said(people.get(id)) !== said(row)) doubtful.add(id);
      else if (id) people.set(id, row);
    }
    return { people, doubtful };
  };

  // A date such as 1941-03-04 or 04/03/1941 as year, month, day; null for anything else.
  const dateOf = (written) => {
    const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(written);
    if (iso) return iso.slice(1).map(Number);
    const british = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(written);
    return british ? british.slice(1).reverse().map(Number) : null;
  };

  // Least and greatest age of a band such as "75 to 84", "85 and over" or "under 18".
  const limitsOf = (band) => {
    const found = /^(?:(\d+) to (\d+)|(\d+) and over|under (\d+))$/.exec(band);
    if (!found) return null;
    if (found[1]) return [Number(found[1]), Number(found[2])];
    return found[3] ? [Number(found[3]), 200] : [0, Number(found[4]) - 1];
  };

  // False if the date of birth cannot be of the age on the list; the list may rest on the month of birth alone.
  const agesAgree = (row, person) => {
    const [born, at] = [dateOf((person.get("date_of_birth") || "").trim()), dateOf((row.get("index_date") || "").trim())];
    const limits = limitsOf((row.get("age_band") || "").trim());
    if (!born || !at || !limits) return true;
    return [born[2], 1].some((day) => {
      const early = at[1] < born[1] || (at[1] === born[1] && at[2] < day);
      const years = at[0] - born[0] - (early ? 1 : 0);
      return limits[0] <= years && years <= limits[1];
    });
  };

  const joined = (list, references, identity) => {
    const keys = byKey(references, "reference", "references.csv has one reference twice. Ask for the list to be published anew.");
    const { people, doubtful } = peopleOf(identity);
    const listed = byKey(list, "reference", "The list has one reference twice. Ask for it to be published anew.");
    const rows = [];
    for (const [reference, row] of listed) {
      const key = keys.get(unguarded(reference));
      if (!key) throw new Problem("The list has a reference that references.csv does not. Take both from your team's folder of one week.");
      const id = key.get("patient_id").trim().toLowerCase();
      const found = doubtful.has(id) ? null : people.get(id);
      const restricted = Boolean(found) && isRestricted(found);
      const otherAge = Boolean(found) && !restricted && !agesAgree(row, found);
      rows.push({ row, person: otherAge || restricted ? null : found, twice: doubtful.has(id), restricted, otherAge });
    }
    return rows;
  };

  const element = (kind, said, options = {}) => {
    const made = document.createElement(kind);
    // Text only: what a file says is never read as HTML.
    made.textContent = said;
    for (const [name, value] of Object.entries(options)) made.setAttribute(name, value);
    return made;
  };

  const inHundred = (row, name) => {
    const said = row.get(name) || "";
    return /^(0?\.\d+|[01](\.0*)?)$/.test(said) ? Math.round(Number(said) * 100) : null;
  };

  const risk = (row) => {
    const [middle, low, high] = ["risk", "risk_low", "risk_high"].map((name) => inHundred(row, name));
    if (middle === null) return unguarded(row.get("risk") || "");
    const range = low === null || high === null ? "" : `\nFor people with similar records, between ${low} and ${high} in 100`;
    return `About ${middle} in 100${range}`;
  };

  // The column of the list that something shown comes from.
  const sourceOf = (name) => (name === "pathway_titles" ? "pathways" : name);

  const shown = (name, row) => {
    const plain = unguarded(row.get(sourceOf(name)) || "");
    if (name === "risk") return risk(row);
    if (name === "sex") return SEX[plain] || plain;
    const parts = plain.split(" | ");
    if (name === "pathway_titles") return parts.map((part) => part.split(": ", 1)[0]).join("; ");
    if (DATES.includes(name)) return parts.map(longDate).join("; ");
    return parts.join(name in FOLDED ? "\n" : "; ");
  };

  // One line of a cell. What a file says keeps its own direction.
  const line = (label, said) => {
    const made = element("div", "");
    if (label) made.append(element("b", `${label}: `));
    made.append(element("bdi", said));
    return made;
  };

  const personCell = (entry) => {
    const made = element("th", "", { scope: "row", "data-group": "Person" });
    const absent = entry.twice ? TWICE : entry.restricted ? RESTRICTED : entry.otherAge ? OTHER_AGE : NOT_HELD;
    const given = (name) => (entry.person ? entry.person.get(name) || "" : "").trim();
    const said = (name) => (name === "date_of_birth" ? longDate(given(name)) : given(name));
    made.append(element("bdi", said("name") || (entry.person ? "no name in your identity file" : absent), { class: "name" }));
    for (const [name, label] of Object.entries(IDENTITY)) {
      if (name !== "name" && said(name)) made.append(line(label, said(name)));
    }
    return made;
  };

  const linesOf = (columns, row) => Object.entries(columns)
    .map(([name, label]) => [label, shown(name, row)])
    .filter(([, said]) => said.trim())
    .map(([label, said]) => line(label, said));

  const foldedPart = (row) => {
    const made = element("details", "");
    made.append(element("summary", "Reasons and rules"), ...linesOf(FOLDED, row));
    return made;
  };

  const groupCell = (group, columns, row) => {
    const made = element("td", "", { "data-group": group });
    made.append(...linesOf(columns, row));
    return made;
  };

  const draw = (rows, list) => {
    const has = (name) => list.some((row) => (row.get(sourceOf(name)) || "").trim());
    const groups = Object.entries(GROUPS).filter(([, columns]) => Object.keys(columns).some(has));
    const head = document.createElement("tr");
    for (const title of ["Person", ...groups.map(([group]) => group)]) head.append(element("th", title, { scope: "col" }));
    at("table").tHead.replaceChildren(head);
    at("table").tBodies[0].replaceChildren(...rows.map((entry) => {
      const made = document.createElement("tr");
      made.append(personCell(entry), ...groups.map(([group, columns]) => groupCell(group, columns, entry.row)));
      if (Object.keys(FOLDED).some((name) => (entry.row.get(name) || "").trim())) made.lastChild.append(foldedPart(entry.row));
      return made;
    }));
  };

  const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December"];
  const longDate = (written) => {
    const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(written || "");
    return found && MONTHS[found[2] - 1] ? `${Number(found[3])} ${MONTHS[found[2] - 1]} ${found[1]}` : written || "";
  };

  // Whether somebody died, moved or went into hospital is known only as of the day of the statuses.
  const statusCheck = (first) => {
    if (!first || !first.has("statuses_as_at")) return [];
    const asAt = first.get("statuses_as_at");
    if (asAt && asAt === first.get("index_date")) return [`Status checked on ${longDate(asAt)}.`];
    const since = asAt ? `Status not checked since ${longDate(asAt)}.` : "Status not checked.";
    return [`${since} Contact nobody until a person has checked whether they have died, moved away or are in hospital.`];
  };

  const notesOf = (rows, list) => {
    const first = list[0];
    const notes = statusCheck(first);
    if (first && first.get("data_as_at")) notes.push(`Data as at ${longDate(first.get("data_as_at"))}.`);
    if (first && first.get("model")) notes.push(`Model: ${first.get("model")}, version ${first.get("model_version") || "not given"}.`);
    const lost = rows.filter((entry) => !(entry.person || entry.twice || entry.restricted || entry.otherAge)).length;
    const restricted = rows.filter((entry) => entry.restricted).length;
    const otherAge = rows.filter((entry) => entry.otherAge).length;
    const twice = rows.filter((entry) => entry.twice).length;
    if (lost) notes.push(`People on the list who are not in your identity file: ${lost}.`);
    if (restricted) notes.push(`People who are restricted, and who are neither named nor to be contacted: ${restricted}.`);
    if (twice) notes.push(`People who are in your identity file twice with different details, and are not named: ${twice}.`);
    if (otherAge) notes.push(`People whose date of birth does not agree with the age on the list, and who are not named: ${otherAge}.`);
    return notes;
  };

  const present = (rows, list) => {
    const first = list[0];
    const team = first ? first.get("team_code") || first.get("team") || "" : "";
    const day = first ? longDate(first.get("list_date") || first.get("index_date")) : "";
    at("result-title").textContent = ["Case-finding list", team, day].filter(Boolean).join(", ");
    at("notes").replaceChildren(...notesOf(rows, list).map((note) => element("li", note)));
    draw(rows, list);
    at("result").hidden = false;
    at("choose").open = false;
    const named = rows.filter((entry) => entry.person).length;
    at("status").textContent = rows.length ? `${named} of ${rows.length} people on the list are named below.` : "Nobody is on this list.";
    at("result-title").focus();
  };

  const clear = () => {
    for (const id of ["result", "problem"]) at(id).hidden = true;
    at("choose").open = true;
    at("table").tHead.replaceChildren();
    at("table").tBodies[0].replaceChildren();
    at("notes").replaceChildren();
    at("status").textContent = "";
  };

  const complain = (said) => {
    at("problem").textContent = said;
    at("problem").hidden = false;
    at("problem").focus();
  };

  at("files").addEventListener("submit", async (event) => {
    event.preventDefault();
    clear();
    try {
      const list = table(await text(at("list").files[0], "the week's list"), "The week's list", ["reference"]);
      const references = table(await text(at("references").files[0], "references.csv"), "references.csv", ["reference", "patient_id"]);
      const identity = table(await text(at("people").files[0], "your identity file"), "Your identity file", ["patient_id", "name"]);
      present(joined(list, references, identity), list);
    } catch (wrong) {
      complain(wrong instanceof Problem ? wrong.message : "The files could not be read. Choose them again.");
    }
  });
  at("clear").addEventListener("click", () => {
    clear();
    at("files").reset();
    at("status").textContent = "The names are cleared.";
    at("list").focus();
  });
  at("print").addEventListener("click", () => window.print());
})();
