//! Which jobs are alike: all that a submission says of a job except when it comes and what it waits for, each text kept once.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::import::aws::pods::Ask;

/// Texts, each kept once.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    ids: BTreeMap<Box<str>, u32>,
    all: Vec<Box<str>>,
}

impl Texts {
    pub(super) fn id(&mut self, text: &str) -> u32 {
        if let Some(&id) = self.ids.get(text) {
            return id;
        }
        let id = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.ids.insert(text.into(), id);
        self.all.push(text.into());
        id
    }

    pub(super) fn get(&self, id: u32) -> &str {
        self.all.get(id as usize).map_or("", |text| text)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

/// What jobs of one entry have in common. Texts stand for JSON where AWS has documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    /// `None` of a job that only `list-jobs` tells of.
    pub(super) queue: Option<u32>,
    pub(super) definition: u32,
    pub(super) name: u32,
    pub(super) share: Option<u32>,
    pub(super) priority: Option<i32>,
    pub(super) retry: Option<u32>,
    pub(super) timeout: Option<u64>,
    pub(super) consumables: Option<u32>,
    /// What it asked for; `None` where that is not known to differ from its definition.
    pub(super) ask: Option<u32>,
    /// Of an array.
    pub(super) size: Option<u32>,
}

/// Names of jobs that are kept as they are; where there are more, they are numbered rather than named.
const NAMES_MAX: usize = 1_000;

/// All kinds.
#[derive(Debug, Clone, Default)]
pub(super) struct Kinds {
    pub(super) texts: Texts,
    names: Texts,
    /// Once there are too many names: by name, the id of what is common to those like it.
    common: Option<BTreeMap<u32, u32>>,
    asks: BTreeMap<Ask, u32>,
    all_asks: Vec<Ask>,
    ids: BTreeMap<Kind, u32>,
    all: Vec<Kind>,
}

impl Kinds {
    /// The id of a job's name, or of what is common to names like it.
    pub(super) fn name(&mut self, name: &str) -> u32 {
        if self.common.is_some() {
            return self.names.id(&common_name(name));
        }
        let id = self.names.id(name);
        if self.names.len() > NAMES_MAX {
            let full: Vec<_> = self.names.all.clone();
            let common = (0..).zip(&full).map(|(id, name)| (id, self.names.id(&common_name(name)))).collect();
            self.common = Some(common);
        }
        id
    }

    pub(super) fn ask(&mut self, ask: Ask) -> u32 {
        if let Some(&id) = self.asks.get(&ask) {
            return id;
        }
        let id = u32::try_from(self.all_asks.len()).unwrap_or(u32::MAX);
        self.all_asks.push(ask.clone());
        self.asks.insert(ask, id);
        id
    }

    pub(super) fn asked(&self, id: u32) -> &Ask {
        &self.all_asks[id as usize]
    }

    pub(super) fn id(&mut self, kind: Kind) -> u32 {
        if let Some(&id) = self.ids.get(&kind) {
            return id;
        }
        let id = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.ids.insert(kind, id);
        self.all.push(kind);
        id
    }

    pub(super) fn get(&self, id: u32) -> &Kind {
        &self.all[id as usize]
    }

    pub(super) fn name_of(&self, kind: &Kind) -> &str {
        self.names.get(kind.name)
    }

    /// By kind, the kind that it turned out to be once all names were known.
    pub(super) fn settled(&mut self) -> Vec<u32> {
        let common = self.common.clone().unwrap_or_default();
        let all = self.all.clone();
        all.into_iter()
            .map(|kind| self.id(Kind { name: *common.get(&kind.name).unwrap_or(&kind.name), ..kind }))
            .collect()
    }

    /// Whether names had to be put together.
    pub(super) const fn has_common_names(&self) -> bool {
        self.common.is_some()
    }
}

/// What is left of a name without the parts that hold digits: `align-0017` is `align`.
fn common_name(name: &str) -> String {
    let parts: Vec<_> = name.split(['-', '_']).filter(|part| !part.contains(|c: char| c.is_ascii_digit())).collect();
    let kept = parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("-");
    if kept.is_empty() { "job".to_owned() } else { kept }
}

/// A document as text, to be compared; `None` of nothing.
pub(super) fn text_of(document: Option<&Value>) -> Option<String> {
    document.filter(|value| !value.is_null()).map(Value::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind {
        queue: None,
        definition: 0,
        name: 0,
        share: None,
        priority: None,
        retry: None,
        timeout: None,
        consumables: None,
        ask: None,
        size: None,
    };

    #[test]
    fn a_thousand_names_are_kept_and_more_are_put_together() {
        let mut kinds = Kinds::default();
        let named = |kinds: &mut Kinds, name: &str| {
            let name = kinds.name(name);
            kinds.id(Kind { name, ..KIND })
        };
        let ids: Vec<_> = (0..NAMES_MAX).map(|n| named(&mut kinds, &format!("align-{n:04}"))).collect();
        assert_eq!(kinds.clone().settled(), ids);
        let more = [named(&mut kinds, "sort_2024_a"), named(&mut kinds, "17"), named(&mut kinds, "align-x1-0")];
        let settled = kinds.settled();
        let name = |id: u32| kinds.name_of(kinds.get(settled[id as usize])).to_owned();
        assert!(ids.iter().all(|&id| name(id) == "align"));
        assert_eq!(more.map(name), ["sort-a", "job", "align"]);
    }
}
