//! A small deterministic grammar: templates with alternatives and slots, expanded by a seeded stream.
//!
//! `{a|b|c}` is one of its alternatives, which may nest and may be empty; `<name>` is a value bound to the thread, or
//! else a shared rule; `<^name>` the same with a capital first letter. Everything else stands for itself.
//!
//! Parsing is total: what is wrong (a stray brace, an unknown name) is kept as it stands, and the lint then refuses
//! the text. A test expands every template that ships, so such a mistake never leaves the build.

use std::collections::BTreeMap;

use rand_core::RngCore;

/// How deep rules may refer to rules: a rule that names itself ends here instead of never.
const RULE_DEPTH_MAX: u8 = 4;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Slot { name: String, capital: bool },
    Rule { template: Template, capital: bool },
    Choice(Vec<Template>),
}

/// The values of a thread's slots, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bindings(BTreeMap<String, String>);

impl Bindings {
    /// A single value.
    #[must_use]
    pub fn one(name: &str, value: &str) -> Self {
        let mut bindings = Self::default();
        bindings.set(name, value);
        bindings
    }
    /// Binds `name` to `value`.
    pub fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }
}

/// A number below `bound`, from the stream; 0 when `bound` is 0. The bias is below `bound`/2³², nothing here.
pub fn below(stream: &mut impl RngCore, bound: usize) -> usize {
    let scaled = u64::from(stream.next_u32()).wrapping_mul(bound as u64) >> 32;
    usize::try_from(scaled).unwrap_or(0)
}

impl Template {
    /// Reads a template; `rules` are the shared ones it may name.
    #[must_use]
    pub fn parse(text: &str, rules: &[(&str, &str)]) -> Self {
        let mut parser = Parser { rest: text, rules, depth: 0 };
        parser.sequence(false)
    }

    /// One expansion: alternatives are drawn from `stream`, slots taken from `bindings`.
    pub fn expand(&self, bindings: &Bindings, stream: &mut impl RngCore) -> String {
        let mut out = String::new();
        self.write(bindings, stream, &mut out);
        out
    }

    fn write(&self, bindings: &Bindings, stream: &mut impl RngCore, out: &mut String) {
        for part in &self.0 {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Slot { name, capital } => match bindings.0.get(name) {
                    Some(value) => push(out, value, *capital),
                    None => out.push_str(&format!("<{name}>")),
                },
                Part::Rule { template, capital } => push(out, &template.expand(bindings, stream), *capital),
                Part::Choice(alternatives) => {
                    if let Some(chosen) = alternatives.get(below(stream, alternatives.len())) {
                        chosen.write(bindings, stream, out);
                    }
                }
            }
        }
    }

    /// How many expansions there are with slots held fixed: a product over the sequence, a sum over alternatives.
    ///
    /// They are distinct texts as long as no two ways through the template spell the same one; a test enumerates the
    /// library's openings to show that.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().fold(1u64, |product, part| {
            product.saturating_mul(match part {
                Part::Literal(_) | Part::Slot { .. } => 1,
                Part::Rule { template, .. } => template.count(),
                Part::Choice(alternatives) => {
                    alternatives.iter().fold(0u64, |sum, alternative| sum.saturating_add(alternative.count()))
                }
            })
        })
    }

    /// Whether every expansion names the slot.
    #[must_use]
    pub fn always_names(&self, slot: &str) -> bool {
        self.0.iter().any(|part| match part {
            Part::Literal(_) => false,
            Part::Slot { name, .. } => name == slot,
            Part::Rule { template, .. } => template.always_names(slot),
            Part::Choice(alternatives) => alternatives.iter().all(|alternative| alternative.always_names(slot)),
        })
    }
}

fn push(out: &mut String, text: &str, capital: bool) {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) if capital => {
            out.extend(first.to_uppercase());
            out.push_str(characters.as_str());
        }
        _ => out.push_str(text),
    }
}

struct Parser<'a> {
    rest: &'a str,
    rules: &'a [(&'a str, &'a str)],
    depth: u8,
}

impl Parser<'_> {
    /// Reads up to the end, or to the `|` or `}` that ends an alternative.
    fn sequence(&mut self, inside: bool) -> Template {
        let mut parts = Vec::new();
        let mut literal = String::new();
        while let Some(next) = self.rest.chars().next() {
            if inside && (next == '|' || next == '}') {
                break;
            }
            self.rest = &self.rest[next.len_utf8()..];
            let part = match next {
                '{' => Some(self.choice()),
                '<' => self.name(),
                _ => None,
            };
            match part {
                Some(part) => {
                    if !literal.is_empty() {
                        parts.push(Part::Literal(std::mem::take(&mut literal)));
                    }
                    parts.push(part);
                }
                None => literal.push(next),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Template(parts)
    }

    fn choice(&mut self) -> Part {
        let mut alternatives = vec![self.sequence(true)];
        while let Some(rest) = self.rest.strip_prefix('|') {
            self.rest = rest;
            alternatives.push(self.sequence(true));
        }
        self.rest = self.rest.strip_prefix('}').unwrap_or(self.rest);
        Part::Choice(alternatives)
    }

    fn name(&mut self) -> Option<Part> {
        let (name, rest) = self.rest.split_once('>')?;
        let (name, capital) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return None;
        }
        self.rest = rest;
        let rule = self.rules.iter().find(|(rule, _)| *rule == name).filter(|_| self.depth < RULE_DEPTH_MAX);
        Some(match rule {
            Some((_, text)) => {
                let mut inner = Parser { rest: text, rules: self.rules, depth: self.depth + 1 };
                Part::Rule { template: inner.sequence(false), capital }
            }
            None => Part::Slot { name: name.to_owned(), capital },
        })
    }
}

#[cfg(test)]
impl Template {
    /// Every expansion with the slots as in `bindings`, in a fixed order. As many as [`count`](Self::count): ask that
    /// first.
    pub(super) fn all(&self, bindings: &Bindings) -> Vec<String> {
        self.0.iter().fold(vec![String::new()], |heads, part| {
            let tails = part.tails(bindings, Self::all);
            heads.iter().flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}"))).collect()
        })
    }

    /// A few expansions in which every alternative stands at least once.
    pub(super) fn cover(&self, bindings: &Bindings) -> Vec<String> {
        let tails: Vec<Vec<String>> = self.0.iter().map(|part| part.tails(bindings, Self::cover)).collect();
        let rounds = tails.iter().map(Vec::len).max().unwrap_or(1);
        (0..rounds).map(|round| tails.iter().map(|tail| tail[round % tail.len()].as_str()).collect()).collect()
    }
}

#[cfg(test)]
impl Part {
    fn tails(&self, bindings: &Bindings, expand: fn(&Template, &Bindings) -> Vec<String>) -> Vec<String> {
        let pushed = |text: &str, capital| {
            let mut out = String::new();
            push(&mut out, text, capital);
            out
        };
        match self {
            Self::Literal(text) => vec![text.clone()],
            Self::Slot { name, capital } => {
                vec![bindings.0.get(name).map_or_else(|| format!("<{name}>"), |value| pushed(value, *capital))]
            }
            Self::Rule { template, capital } => {
                expand(template, bindings).iter().map(|text| pushed(text, *capital)).collect()
            }
            Self::Choice(alternatives) => alternatives.iter().flat_map(|one| expand(one, bindings)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;
    use std::collections::BTreeSet;

    fn all(text: &str) -> Vec<String> {
        Template::parse(text, &[("colour", "{red|dark {blue|green}}")]).all(&Bindings::one("day", "monday"))
    }

    #[test]
    fn alternatives_nest_and_may_be_empty() {
        assert_eq!(all("a{b|c{d|e}|}f"), ["abf", "acdf", "acef", "af"]);
    }

    #[test]
    fn slots_and_rules_expand_with_or_without_a_capital() {
        assert_eq!(
            all("<^day>, <day>: <^colour>"),
            ["Monday, monday: Red", "Monday, monday: Dark blue", "Monday, monday: Dark green"]
        );
    }

    #[test]
    fn the_count_is_the_number_of_expansions() {
        for text in ["", "plain", "{a|b}{c|d|e}", "{a|b{c|d}} <colour> <colour>", "{|x}{<colour>|y}"] {
            let template = Template::parse(text, &[("colour", "{red|dark {blue|green}}")]);
            let distinct: BTreeSet<String> = template.all(&Bindings::default()).into_iter().collect();
            assert_eq!(template.count(), distinct.len() as u64, "{text}");
        }
    }

    #[test]
    fn expansion_reaches_every_alternative_and_nothing_else() {
        let template = Template::parse("{a|b{c|d|}} <day>{!|.}", &[]);
        let bindings = Bindings::one("day", "Monday");
        let every: BTreeSet<String> = template.all(&bindings).into_iter().collect();
        let mut stream = ChaCha8Rng::seed_from_u64(1);
        let seen: BTreeSet<String> = (0..500).map(|_| template.expand(&bindings, &mut stream)).collect();
        assert_eq!(seen, every);
    }

    #[test]
    fn a_cover_holds_every_alternative() {
        let template = Template::parse("{a|b{c|d}} {|e}{f|g}", &[]);
        assert_eq!(template.cover(&Bindings::default()), ["a f", "bc eg", "bd f"]);
    }

    #[test]
    fn mistakes_stay_visible() {
        assert_eq!(all("a}b|c"), ["a}b|c"]);
        assert_eq!(all("<unknown> < 3 <Day>"), ["<unknown> < 3 <Day>"]);
        assert_eq!(all("{a|b"), ["a", "b"]);
        let recursive = Template::parse("<loop>", &[("loop", "x<loop>")]);
        assert_eq!(recursive.all(&Bindings::default()), ["xxxx<loop>"]);
    }

    #[test]
    fn a_slot_counts_as_named_only_when_every_way_names_it() {
        let template = |text| Template::parse(text, &[]);
        assert!(template("{<day>|on <day>} x").always_names("day"));
        assert!(!template("{<day>|never}").always_names("day"));
    }
}
