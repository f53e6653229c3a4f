//! The table of what was checked. A check that was never reached is red.

/// One line of it.
struct Row {
    what: &'static str,
    /// `None`: not reached.
    result: Option<Result<String, String>>,
}

/// The whole.
pub(crate) struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// All that is to be checked, in order; nothing of it yet.
    pub(crate) fn new(checks: &[&'static str]) -> Self {
        Self { rows: checks.iter().map(|what| Row { what, result: None }).collect() }
    }

    /// How a check ended, with what was seen. Says it at once, as the rehearsal takes minutes.
    pub(crate) fn set(&mut self, what: &'static str, holds: bool, seen: String) {
        println!("{} {what}: {seen}", if holds { "  ok " } else { "FAIL " });
        let result = Some(if holds { Ok(seen) } else { Err(seen) });
        match self.rows.iter_mut().find(|row| row.what == what) {
            Some(row) => row.result = result,
            None => self.rows.push(Row { what, result }),
        }
    }

    /// Whether every check was made and holds.
    pub(crate) fn is_green(&self) -> bool {
        self.rows.iter().all(|row| matches!(row.result, Some(Ok(_))))
    }

    /// Whether no check made so far failed.
    pub(crate) fn is_green_so_far(&self) -> bool {
        !self.rows.iter().any(|row| matches!(row.result, Some(Err(_))))
    }

    /// Prints it.
    pub(crate) fn print(&self) {
        println!("\n{:<44} result", "rehearsal");
        for Row { what, result } in &self.rows {
            match result {
                Some(Ok(seen)) => println!("{what:<44} green  {seen}"),
                Some(Err(seen)) => println!("{what:<44} RED    {seen}"),
                None => println!("{what:<44} RED    not reached"),
            }
        }
        let green = self.rows.iter().filter(|row| matches!(row.result, Some(Ok(_)))).count();
        println!("\n{green} green, {} red", self.rows.len() - green);
    }
}
