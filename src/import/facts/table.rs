//! A table of the catalog as text cells: what is not refreshed stays as it stands, to the byte.

use std::collections::BTreeMap;

/// Rows by their first cell, the type's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    columns: Vec<String>,
    rows: BTreeMap<String, Vec<String>>,
}

impl Table {
    /// Reads a table; its first column is the key.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns = reader.headers().map_err(|error| error.to_string())?.iter().map(str::to_owned).collect();
        let mut rows = BTreeMap::new();
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            let cells: Vec<_> = record.iter().map(str::to_owned).collect();
            rows.insert(cells.first().cloned().unwrap_or_default(), cells);
        }
        Ok(Self { columns, rows })
    }

    /// Appends a column where there is none of this name.
    pub(super) fn with_column(mut self, name: &str) -> Self {
        if !self.columns.iter().any(|column| column == name) {
            self.columns.push(name.to_owned());
            for cells in self.rows.values_mut() {
                cells.push(String::new());
            }
        }
        self
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.rows.contains_key(key)
    }

    /// A cell; empty where there is none.
    pub(super) fn get(&self, key: &str, column: &str) -> &str {
        let at = self.columns.iter().position(|known| known == column);
        at.and_then(|at| self.rows.get(key)?.get(at)).map_or("", String::as_str)
    }

    /// Sets a cell, in a new row if need be. A column that the table lacks is none of its affairs.
    pub(super) fn set(&mut self, key: &str, column: &str, value: impl Into<String>) {
        let Some(at) = self.columns.iter().position(|known| known == column) else { return };
        let width = self.columns.len();
        let cells = self.rows.entry(key.to_owned()).or_insert_with(|| {
            let mut cells = vec![String::new(); width];
            key.clone_into(&mut cells[0]);
            cells
        });
        cells[at] = value.into();
    }

    /// The table's text, rows in order of their keys.
    pub(super) fn text(&self) -> Result<String, String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for cells in std::iter::once(&self.columns).chain(self.rows.values()) {
            writer.write_record(cells).map_err(|error| error.to_string())?;
        }
        let bytes = writer.into_inner().map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|error| error.to_string())
    }

    /// All keys, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::own;

    #[test]
    fn embedded_tables_come_back_to_the_byte() {
        for text in [own::embedded_instance_types(), own::embedded_offers("us-east-1").unwrap()] {
            assert_eq!(Table::parse(text).unwrap().text().unwrap(), text);
        }
    }

    #[test]
    fn cells_are_set_where_they_belong() {
        let mut table = Table::parse("type,price\nb,2\n").unwrap().with_column("as_of").with_column("price");
        table.set("b", "as_of", "2026-01-01");
        table.set("a", "price", "1");
        table.set("a", "colour", "red");
        assert_eq!(table.text().unwrap(), "type,price,as_of\na,1,\nb,2,2026-01-01\n");
        assert_eq!((table.get("a", "price"), table.get("a", "colour"), table.has("c")), ("1", "", false));
    }
}
