//! The objects of a list, one after the other: a list of a hundred thousand pods is never held as a whole.

use std::fmt;
use std::io::BufRead;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Gives every object of a file to `take`, in whatever documents they stand: lists, or objects by themselves. Those before
/// an error have been given.
pub(super) fn each(from: impl BufRead, mut take: impl FnMut(Value)) -> Result<(), serde_json::Error> {
    let mut from = serde_json::Deserializer::from_reader(from);
    loop {
        if from.end().is_ok() {
            return Ok(());
        }
        Document { take: &mut take }.deserialize(&mut from)?;
    }
}

struct Document<'a, F> {
    take: &'a mut F,
}

impl<'de, F: FnMut(Value)> DeserializeSeed<'de> for Document<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, F: FnMut(Value)> Visitor<'de> for Document<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Kubernetes object or a list of them")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut rest = Map::new();
        let mut is_list = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "items" {
                is_list = true;
                // The lists of the API itself (`NodeList`) say the kind once, ahead; kubectl's say it in each object.
                let kind = rest.get("kind").and_then(Value::as_str).and_then(|kind| kind.strip_suffix("List"));
                let kind = kind.filter(|kind| !kind.is_empty()).map(str::to_owned);
                map.next_value_seed(Items { kind, take: &mut *self.take })?;
            } else {
                rest.insert(key, map.next_value()?);
            }
        }
        if !is_list {
            if !rest.contains_key("kind") {
                return Err(M::Error::custom("the document is no Kubernetes object: it has no `kind`"));
            }
            (self.take)(Value::Object(rest));
        }
        Ok(())
    }
}

struct Items<'a, F> {
    kind: Option<String>,
    take: &'a mut F,
}

impl<'de, F: FnMut(Value)> DeserializeSeed<'de> for Items<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Value)> Visitor<'de> for Items<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the objects of a list")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<(), S::Error> {
        while let Some(mut item) = items.next_element::<Value>()? {
            if let (Some(kind), Some(object)) = (&self.kind, item.as_object_mut()) {
                object.entry("kind").or_insert_with(|| Value::String(kind.clone()));
            }
            (self.take)(item);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> (Vec<String>, bool) {
        let mut names = Vec::new();
        let read = each(text.as_bytes(), |item| names.push(format!("{} {}", item["kind"], item["n"])));
        (names, read.is_ok())
    }

    #[test]
    fn lists_objects_and_several_documents() {
        let text = r#"{"kind":"List","items":[{"kind":"Node","n":1}]} {"kind":"PodList","items":[{"n":2}],"metadata":{}}
                      {"kind":"Node","n":3} {"kind":"List","items":null}"#;
        assert_eq!(names(text), (vec![r#""Node" 1"#.into(), r#""Pod" 2"#.into(), r#""Node" 3"#.into()], true));
        assert_eq!(names(""), (vec![], true));
    }

    #[test]
    fn what_stands_before_an_error_is_given() {
        assert_eq!(
            names(r#"{"kind":"List","items":[{"kind":"Node","n":1},{"kind":"#),
            (vec![r#""Node" 1"#.into()], false)
        );
        assert_eq!(names(r#"{"name":"no object"}"#), (vec![], false));
        assert_eq!(names("No resources found"), (vec![], false));
    }
}
