//! The known word that an unknown one was probably meant to be. Knows words only.

/// The candidate most like `word`, if any is like it at all; the first among equals.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this share of common letters a suggestion is a guess.
    const SIMILAR: f64 = 0.6;
    let simple = |text: &str| text.to_ascii_lowercase().replace(['-', '_', ' '], "");
    let word = simple(word);
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        let similarity = strsim::normalized_damerau_levenshtein(&word, &simple(candidate));
        if similarity >= SIMILAR && best.is_none_or(|(most, _)| similarity > most) {
            best = Some((similarity, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// `a`, `b` or `c`, in backticks.
pub(crate) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_is_similar() {
        let known = ["minvCpus", "maxvCpus", "instanceTypes"];
        assert_eq!(nearest("maxVcpus", known), Some("maxvCpus"));
        assert_eq!(nearest("instance_types", known), Some("instanceTypes"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(one_of(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
