//! Bars of plain text, in eighths of a character cell.

/// A bar for `value` where `max` fills `width` cells. Anything above nothing shows at least an eighth.
pub(crate) fn bar(value: f64, max: f64, width: usize) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let full = width * 8;
    let share = if max > 0.0 { (value / max).clamp(0.0, 1.0) } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and eight times a width")]
    let mut eighths = (share * full as f64).round() as usize;
    if eighths == 0 && value > 0.0 {
        eighths = 1;
    }
    let mut bar = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(EIGHTHS[eighths % 8]);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn bars_are_exact_to_an_eighth() {
        assert_eq!(bar(40.0, 40.0, 4), "████");
        assert_eq!(bar(20.0, 40.0, 4), "██");
        assert_eq!(bar(21.25, 40.0, 4), "██▏");
        assert_eq!(bar(39.0, 40.0, 4), "███▉");
        assert_eq!(bar(0.0, 40.0, 4), "");
        assert_eq!(bar(0.01, 40.0, 4), "▏");
        assert_eq!(bar(80.0, 40.0, 4), "████");
        assert_eq!(bar(5.0, 0.0, 4), "▏");
    }
}
