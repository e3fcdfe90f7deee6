//! Reads tables. The embedded ones are part of the program, so a row that does not parse is a defect of it, and [`rows`] panics
//! and names it; those of a user's own are [`read`]. Nothing here knows what the rows mean.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};

/// The rows of an embedded table.
///
/// # Panics
/// On a row that does not parse, naming `file` and the line.
pub(super) fn rows<T: DeserializeOwned>(file: &str, text: &str) -> Vec<T> {
    read(text).unwrap_or_else(|error| panic!("embedded table {file}: {error}"))
}

/// The rows of a table; the first that does not parse is the error.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, String> {
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// Whether a table is in strictly ascending order of its key; the error names the first pair of rows that is not.
pub(super) fn sorted<'a>(keys: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut before = "";
    for key in keys {
        if before >= key {
            return Err(format!("`{key}` stands after `{before}`: rows are in strictly ascending order"));
        }
        before = key;
    }
    Ok(())
}

/// A flag, written `y` or `n`.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match char::deserialize(deserializer)? {
        'y' => Ok(true),
        'n' => Ok(false),
        other => Err(D::Error::custom(format!("`{other}` is no flag: write y or n"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Row {
        #[serde(rename = "size")]
        _size: u32,
        #[serde(rename = "metal", deserialize_with = "flag")]
        _metal: bool,
    }

    #[test]
    #[should_panic(expected = "embedded table sizes.csv: CSV deserialize error: record 2 (line: 3")]
    fn a_row_that_does_not_parse_is_a_defect_and_is_named() {
        rows::<Row>("sizes.csv", "size,metal\n4,y\nmany,n\n");
    }

    #[test]
    #[should_panic(expected = "`x` is no flag")]
    fn a_flag_is_y_or_n() {
        rows::<Row>("sizes.csv", "size,metal\n4,x\n");
    }

    #[test]
    fn rows_out_of_order_are_named() {
        assert!(sorted(["a", "c", "b"].into_iter()).unwrap_err().starts_with("`b` stands after `c`"));
    }
}
