//! How wide a text may get. The reader's font is not known when a chart is drawn, so widths are those of a wide one
//! (`DejaVu Sans`): what fits in it fits in all.

/// Width in pixels, at a font size in pixels.
pub(in crate::report) fn width(text: &str, size: i32) -> i32 {
    let thousandths: i32 = text.chars().map(thousandths).sum();
    thousandths * size / 1_000 + 1
}

/// Of the font size.
const fn thousandths(c: char) -> i32 {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' | '!' | 'I' => 330,
        'f' | 't' | 'r' | '(' | ')' | '-' | '/' | '[' | ']' => 420,
        's' | 'c' | 'z' => 550,
        'm' | 'w' | 'M' | 'W' | '%' | '…' => 1_000,
        'A'..='Z' | '—' => 760,
        _ => 640,
    }
}

/// The text, cut with an ellipsis if it could be wider than `most`.
pub(in crate::report) fn fit(text: &str, size: i32, most: i32) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    let mut cut: String = text.to_owned();
    while !cut.is_empty() && width(&cut, size) + width("…", size) > most {
        cut.pop();
    }
    format!("{}…", cut.trim_end())
}

/// The text in lines no wider than `most`; a single word may be.
pub(in crate::report) fn wrap(text: &str, size: i32, most: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line, size) + width(" ", size) + width(word, size) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_wide_is_cut_or_goes_to_the_next_line() {
        assert_eq!(fit("m5.large", 12, 200), "m5.large");
        let cut = fit("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", 12, 120);
        assert!(cut.ends_with('…') && width(&cut, 12) <= 120 && cut.len() > 8, "{cut}");
        let lines = wrap("one two three four", 10, 60);
        assert!(lines.len() > 1 && lines.iter().all(|line| width(line, 10) <= 60), "{lines:?}");
        assert_eq!(lines.join(" "), "one two three four");
    }
}
