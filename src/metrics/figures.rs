//! Numbers as people read them: digits that matter, units, thousands. For sentences and tables; files hold plain numbers.

/// A count with thousands set apart: `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 warning`, `1,234 warnings`.
pub fn counted(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(n))
}

/// A number with three significant digits or all its whole ones: `0.0123`, `1.23`, `12.3`, `123`, `12,346`.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if size < 0.000_5 {
        format!("{value:.1e}")
    } else if size < 0.1 {
        format!("{value:.4}")
    } else if size < 9.995 {
        format!("{value:.2}")
    } else if size < 99.95 {
        format!("{value:.1}")
    } else {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate; for display")]
        let whole = count(size.round() as u64);
        if value < 0.0 { format!("-{whole}") } else { whole }
    }
}

/// US dollars: `$0`, `$0.0043`, `$4.27`, `$1,234`.
pub fn usd(value: f64) -> String {
    if (0.1..999.5).contains(&value) { format!("${value:.2}") } else { format!("${}", number(value)) }
}

/// A share in percent: `41 %`, `4.1 %`, `0.04 %`.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let size = percent.abs();
    if size == 0.0 || size >= 9.95 {
        format!("{percent:.0} %")
    } else if size >= 0.095 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.2} %")
    }
}

/// A span of seconds in its two largest units: `0s`, `0.35s`, `12.5s`, `2m05s`, `4h10m`, `3d02h`.
pub fn span(secs: f64) -> String {
    if secs < 59.95 {
        let text = if secs < 9.995 { format!("{secs:.2}") } else { format!("{secs:.1}") };
        let text = text.trim_end_matches('0').trim_end_matches('.');
        return format!("{text}s");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate; for display")]
    let secs = secs.round() as u64;
    let pair = |large: u64, small: u64, names: (&str, &str)| {
        let units = (secs + small / 2) / small;
        let (whole, rest) = (units / (large / small), units % (large / small));
        if rest == 0 { format!("{whole}{}", names.0) } else { format!("{whole}{}{rest:02}{}", names.0, names.1) }
    };
    match secs {
        0..3_600 => pair(60, 1, ("m", "s")),
        3_600..86_400 => pair(3_600, 60, ("h", "m")),
        _ => pair(86_400, 3_600, ("d", "h")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_digits_that_matter() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        let shown = [0.0, 0.000_012, 0.012_34, 0.5, 1.234, 12.34, 99.96, 1_234.5].map(number);
        assert_eq!(shown, ["0", "1.2e-5", "0.0123", "0.50", "1.23", "12.3", "100", "1,235"]);
        assert_eq!([0.0, 0.004_3, 4.268, 999.4, 12_345.6].map(usd), ["$0", "$0.0043", "$4.27", "$999.40", "$12,346"]);
        assert_eq!([0.0, 0.0004, 0.041, 0.41, 1.0].map(percent), ["0 %", "0.04 %", "4.1 %", "41 %", "100 %"]);
    }

    #[test]
    fn spans_read_as_people_say_them() {
        let shown = [0.0, 0.35, 12.5, 60.0, 125.2, 3_599.9, 15_000.0, 266_400.0].map(span);
        assert_eq!(shown, ["0s", "0.35s", "12.5s", "1m", "2m05s", "1h", "4h10m", "3d02h"]);
    }
}
