//! What somebody may have meant: names close to a mistyped one.

/// Longest text that may be a mistyped name, in bytes: comparing costs as much as both are long, and a cell of a file may be long.
const WRONG_BYTES_MAX: usize = 64;
/// Most suggestions given.
const SUGGESTIONS_MAX: usize = 3;

/// The names nearest to `wrong`, best first; none that is too far to be meant.
///
/// What has no `/` is also compared with what stands behind a name's last one: `Berlin` means `Europe/Berlin`.
pub(crate) fn near<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    if wrong.len() > WRONG_BYTES_MAX {
        return Vec::new();
    }
    let wrong = wrong.to_lowercase().replace(' ', "_");
    // A quarter of the letters may be wrong.
    let most = wrong.chars().count().max(4) / 4;
    let mut found: Vec<(usize, String)> = names
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let whole = edits(&wrong, &lower);
            let tail = lower.rsplit('/').next().filter(|_| !wrong.contains('/')).map(|tail| edits(&wrong, tail));
            let distance = tail.map_or(whole, |tail| tail.min(whole));
            (distance <= most).then(|| (distance, name.to_owned()))
        })
        .collect();
    found.sort();
    found.truncate(SUGGESTIONS_MAX);
    found.into_iter().map(|(_, name)| name).collect()
}

/// `; did you mean …?` for an error's end; empty when nothing is near.
pub(crate) fn did_you_mean<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let near = near(wrong, names);
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}

/// Levenshtein's distance: letters to insert, delete or replace.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", "abc"), 0);
    }

    #[test]
    fn near_names_come_best_first_and_far_ones_not_at_all() {
        let zones = ["Europe/Berlin", "Europe/Dublin", "America/New_York", "Asia/Tokyo"];
        assert_eq!(near("Europe/Berln", zones), ["Europe/Berlin"]);
        assert_eq!(near("europe/dubin", zones), ["Europe/Dublin"]);
        assert_eq!(near("berlin", zones), ["Europe/Berlin"]);
        assert_eq!(near("New York", zones), ["America/New_York"]);
        assert!(near("Middle/Earth", zones).is_empty());
        let long = "x".repeat(WRONG_BYTES_MAX + 1);
        assert!(near(&long, [long.as_str()]).is_empty(), "a name that long was not mistyped");
        assert_eq!(did_you_mean("tokio", zones), "; did you mean Asia/Tokyo?");
        assert_eq!(did_you_mean("nowhere", zones), "");
    }
}
