//! Reads the embedded tables. They are part of the program, so a row that does not parse is a defect of it: these
//! functions panic and name the row. Nothing here knows what the rows mean.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};

/// The rows of an embedded table.
///
/// # Panics
/// On a row that does not parse, naming `file` and the line.
pub(super) fn rows<T: DeserializeOwned>(file: &str, text: &str) -> Vec<T> {
    csv::Reader::from_reader(text.as_bytes())
        .into_deserialize()
        .map(|row| row.unwrap_or_else(|error| panic!("embedded table {file}: {error}")))
        .collect()
}

/// Asserts that a table is in strictly ascending order of its key, so that it can be searched.
///
/// # Panics
/// On the first pair of rows out of order, naming `file` and the rows' keys.
pub(super) fn assert_sorted<'a>(file: &str, keys: impl Iterator<Item = &'a str>) {
    let mut before = "";
    for key in keys {
        assert!(before < key, "embedded table {file}: `{key}` stands after `{before}`");
        before = key;
    }
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
    #[should_panic(expected = "`b` stands after `c`")]
    fn a_table_out_of_order_is_a_defect() {
        assert_sorted("letters.csv", ["a", "c", "b"].into_iter());
    }
}
