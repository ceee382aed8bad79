//! The page: `docs/translation.md`, as the runs had it.

use super::Fault;
use super::outcome::Outcome;
use super::requests::{Row, Table};

/// What stands before the tables.
const HEAD: &str = include_str!("../../probes/head.md");

/// What stands before the tables of answers.
const ANSWERS: &str = "\
An answer has no list of losses: a client gets what its dialect can tell, and what it cannot tell has
its reason here. Every field is tried in a whole answer and in a streamed one. Clients of the vendor's
own dialect (*own*) get its bytes as they came.
";

/// The page, and every cell that it must not hold.
pub(super) fn made(requests: &[Table], answers: &[Table]) -> (String, Vec<Fault>) {
    let mut page = HEAD.to_owned();
    let mut faults = Vec::new();
    page.push_str("\n## What clients ask\n");
    for table in requests {
        section(table, &mut page, &mut faults);
    }
    page.push_str("\n## What vendors answer\n\n");
    page.push_str(ANSWERS);
    for table in answers {
        section(table, &mut page, &mut faults);
    }
    (page, faults)
}

fn section(table: &Table, page: &mut String, faults: &mut Vec<Fault>) {
    let mut notes = Notes::default();
    page.push_str(&format!("\n### `{}`\n\nFields of {}.\n\n", table.dialect, table.sdk));
    page.push_str(&format!("| field | {} |\n", table.to.join(" | ")));
    page.push_str(&format!("|---|{}\n", "---|".repeat(table.to.len())));
    for row in &table.rows {
        let cells: Vec<String> =
            row.outcomes.iter().map(|outcome| cell(row, outcome, &mut notes)).collect();
        page.push_str(&format!("| {} | {} |\n", row.field, cells.join(" | ")));
        faults.extend(row.outcomes.iter().zip(&table.to).filter_map(|(outcome, to)| {
            let Outcome::Silent(what) = outcome else { return None };
            Some(Fault {
                from: table.dialect.clone(),
                to: to.clone(),
                field: row.field.clone(),
                what: (*what).to_owned(),
            })
        }));
    }
    if !notes.0.is_empty() {
        page.push('\n');
    }
    for (n, note) in notes.0.iter().enumerate() {
        page.push_str(&format!("{}. {note}\n", n + 1));
    }
}

/// Notes of a table; each is told once.
#[derive(Debug, Default)]
struct Notes(Vec<String>);

impl Notes {
    fn number(&mut self, note: String) -> usize {
        if let Some(at) = self.0.iter().position(|known| *known == note) {
            return at + 1;
        }
        self.0.push(note);
        self.0.len()
    }
}

fn cell(row: &Row, outcome: &Outcome, notes: &mut Notes) -> String {
    let note = match outcome {
        Outcome::Kept | Outcome::NoWay | Outcome::Silent(_) => None,
        Outcome::Quiet => row.quiet.clone(),
        Outcome::Refused(why) => Some(why.clone()),
        Outcome::InPart(ways) => Some((*ways).to_owned()),
        Outcome::Approximated(names) | Outcome::Dropped(names) => {
            let other: Vec<String> = names
                .iter()
                .filter(|name| **name != row.path)
                .map(|name| format!("`{name}`"))
                .collect();
            (!other.is_empty()).then(|| format!("named as {}", other.join(", ")))
        }
    };
    match note {
        Some(note) => format!("{outcome} ({})", notes.number(note.replace('|', "\\|"))),
        None => outcome.to_string(),
    }
}
