//! Pods of the run. What a watch tells and what is found by looking meet here, so that of each pod nothing is told after
//! something later was.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::kubernetes::objects::PodObject;
use crate::live::convert::pod;
use crate::live::facts::{Kind, ObjectName, Sighting};
use crate::live::observe::follow::{Told, Unheard};
use crate::live::observe::volumes::Waits;

/// Stands for all namespaces at once.
pub(super) const EVERYWHERE: &str = "";

/// Where sightings of pods go out.
#[derive(Debug)]
pub(super) struct Desk {
    out: Sender<Sighting>,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    /// Up to which version each watch has told; by its namespace.
    watched: BTreeMap<String, u64>,
    /// Pods that were found by looking, later than their watch had told; by uid, with the version.
    ahead: BTreeMap<String, u64>,
    /// Where several namespaces are watched: their lists.
    lists: BTreeMap<String, List>,
    waits: Waits,
}

/// The list of one namespace of several: a kind is told as one list, which none of them is.
#[derive(Debug, Default)]
struct List {
    /// It was complete once.
    complete: bool,
    /// Pods that are there, and in which list they were last seen.
    there: BTreeMap<ObjectName, u32>,
    number: u32,
}

impl Desk {
    /// A desk for the watches of these namespaces, or of [`EVERYWHERE`].
    pub(super) fn new(out: Sender<Sighting>, scopes: &[String]) -> Self {
        let one = scopes.len() == 1;
        let lists = scopes.iter().filter(|_| !one).map(|scope| (scope.clone(), List::default())).collect();
        Self { out, books: Mutex::new(Books { lists, ..Books::default() }) }
    }

    /// What the watch of a namespace told.
    pub(super) fn told(&self, scope: &str, told: Told<PodObject>) -> Result<(), Unheard> {
        let mut books = self.books();
        match told {
            Told::Begun => {
                // Who went while nobody watched is not told to have gone.
                books.waits.forget(|name| scope == EVERYWHERE || name.namespace == scope);
                self.begun(&mut books, scope)
            }
            Told::Listed(object) => self.seen(&mut books, scope, &object),
            Told::Changed(object) => {
                books.reach(scope, &object.metadata.resource_version);
                self.seen(&mut books, scope, &object)
            }
            Told::Deleted(object) => {
                books.reach(scope, &object.metadata.resource_version);
                let name = pod::name(&object);
                books.ahead.remove(&name.uid);
                books.waits.gone(&name);
                if let Some(list) = books.lists.get_mut(scope) {
                    list.there.remove(&name);
                }
                self.say(Sighting::PodGone(name))
            }
            Told::At(version) => {
                books.reach(scope, &version);
                Ok(())
            }
            Told::Ended(version) => {
                // Not only forwards: a cluster that was restored from a backup counts from where that ended.
                books.watched.insert(scope.to_owned(), number(&version));
                books.ahead.clear();
                self.ended(&mut books, scope)
            }
        }
    }

    /// A pod that someone looked up, at this moment.
    pub(super) fn found(&self, object: &PodObject) -> Result<(), Unheard> {
        let mut books = self.books();
        let watched =
            [object.metadata.namespace.as_str(), EVERYWHERE].into_iter().find_map(|scope| books.watched.get(scope));
        let version = number(&object.metadata.resource_version);
        let known = watched.copied().max(books.ahead.get(&object.metadata.uid).copied());
        // A watch that is as far has told it, or has told since that the pod is gone.
        if known.is_some_and(|known| version <= known) {
            return Ok(());
        }
        books.ahead.insert(object.metadata.uid.clone(), version);
        books.waits.saw(object);
        self.say(Sighting::Pod(Box::new(pod::facts(object))))
    }

    fn seen(&self, books: &mut Books, scope: &str, object: &PodObject) -> Result<(), Unheard> {
        if let Some(list) = books.lists.get_mut(scope) {
            list.there.insert(pod::name(object), list.number);
        }
        let found = books.ahead.get(&object.metadata.uid);
        if found.is_some_and(|&found| found > number(&object.metadata.resource_version)) {
            return Ok(());
        }
        books.waits.saw(object);
        self.say(Sighting::Pod(Box::new(pod::facts(object))))
    }

    /// Pods that have waited with their volumes for too long, each once in so long.
    pub(super) fn overdue(&self, patience: Duration) -> Vec<ObjectName> {
        self.books().waits.overdue(patience)
    }

    /// Volumes hold a pod up, if it still waits.
    pub(super) fn stuck(&self, name: &ObjectName) -> Result<(), Unheard> {
        // Under the books, so that nothing that was seen later is told before.
        let books = self.books();
        books.waits.stuck(name).map_or(Ok(()), |facts| self.say(Sighting::Pod(Box::new(facts))))
    }

    fn begun(&self, books: &mut Books, scope: &str) -> Result<(), Unheard> {
        let begun = books.lists.values().any(|list| list.number > 0);
        match books.lists.get_mut(scope) {
            Some(list) => {
                list.number += 1;
                if begun { Ok(()) } else { self.say(Sighting::ListBegun(Kind::Pod)) }
            }
            None => self.say(Sighting::ListBegun(Kind::Pod)),
        }
    }

    fn ended(&self, books: &mut Books, scope: &str) -> Result<(), Unheard> {
        let before = books.lists.values().all(|list| list.complete);
        let Some(list) = books.lists.get_mut(scope) else { return self.say(Sighting::ListEnded(Kind::Pod)) };
        list.complete = true;
        let number = list.number;
        let gone: Vec<_> = list.there.extract_if(.., |_, last| *last != number).map(|(name, _)| name).collect();
        gone.into_iter().try_for_each(|name| self.say(Sighting::PodGone(name)))?;
        if !before && books.lists.values().all(|list| list.complete) {
            self.say(Sighting::ListEnded(Kind::Pod))?;
        }
        Ok(())
    }

    fn say(&self, sighting: Sighting) -> Result<(), Unheard> {
        self.out.send(sighting).map_err(|_| Unheard)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// A watch is so far; what was found before that is no longer ahead of it.
    fn reach(&mut self, scope: &str, version: &str) {
        let version = number(version);
        match self.watched.get_mut(scope) {
            Some(watched) => *watched = version.max(*watched),
            None => drop(self.watched.insert(scope.to_owned(), version)),
        }
        if scope == EVERYWHERE {
            self.ahead.retain(|_, found| *found > version);
        }
    }
}

/// A version as a number. Where it is none, nothing is held back.
fn number(version: &str) -> u64 {
    version.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use serde_json::json;

    use super::*;

    fn object(namespace: &str, name: &str, version: u64, phase: &str) -> PodObject {
        let metadata =
            json!({ "namespace": namespace, "name": name, "uid": name, "resourceVersion": version.to_string() });
        serde_json::from_value(json!({ "metadata": metadata, "status": { "phase": phase } })).expect("a pod")
    }

    fn words(told: &Receiver<Sighting>) -> String {
        let word = |sighting| match sighting {
            Sighting::Pod(pod) => format!("{}={:?}", pod.name, pod.phase),
            Sighting::PodGone(name) => format!("-{}", name.name),
            Sighting::ListBegun(_) => "[".to_owned(),
            Sighting::ListEnded(_) => "]".to_owned(),
            other => format!("{other:?}"),
        };
        told.try_iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn nothing_is_told_after_something_later() {
        let (out, told) = channel();
        let desk = Desk::new(out, &[EVERYWHERE.to_owned()]);
        let say = |what| desk.told(EVERYWHERE, what).expect("heard");
        say(Told::Begun);
        say(Told::Listed(object("a", "p", 5, "Running")));
        say(Told::Ended("7".to_owned()));
        assert_eq!(words(&told), "[ p=Running ]");
        desk.found(&object("a", "p", 5, "Running")).expect("heard");
        assert_eq!(words(&told), "", "the watch has told it");
        desk.found(&object("a", "p", 9, "Succeeded")).expect("heard");
        assert_eq!(words(&told), "p=Succeeded");
        say(Told::Changed(object("a", "p", 8, "Running")));
        assert_eq!(words(&told), "", "the watch lags");
        say(Told::Changed(object("a", "p", 9, "Succeeded")));
        assert_eq!(words(&told), "p=Succeeded");
        say(Told::Deleted(object("a", "p", 12, "Succeeded")));
        desk.found(&object("a", "p", 11, "Succeeded")).expect("heard");
        assert_eq!(words(&told), "-p", "it was looked up before it went");
        desk.found(&object("a", "q", 13, "Pending")).expect("heard");
        assert_eq!(words(&told), "q=Pending", "the watch has yet to tell it");
        say(Told::At("20".to_owned()));
        desk.found(&object("a", "r", 19, "Pending")).expect("heard");
        assert_eq!(words(&told), "");
        assert!(desk.books().ahead.is_empty());
    }

    #[test]
    fn several_namespaces_are_one_list() {
        let (out, told) = channel();
        let desk = Desk::new(out, &["a".to_owned(), "b".to_owned()]);
        let list = |scope: &str, names: &[&str], version: u64| {
            desk.told(scope, Told::Begun).expect("heard");
            for name in names {
                desk.told(scope, Told::Listed(object(scope, name, 1, "Running"))).expect("heard");
            }
            desk.told(scope, Told::Ended(version.to_string())).expect("heard");
        };
        list("a", &["p", "q"], 5);
        assert_eq!(words(&told), "[ p=Running q=Running", "the other is missing");
        list("b", &["r"], 6);
        assert_eq!(words(&told), "r=Running ]");
        list("a", &["q"], 9);
        assert_eq!(words(&told), "q=Running -p", "the other namespace's pods are still there");
        desk.told("b", Told::Deleted(object("b", "r", 10, "Failed"))).expect("heard");
        list("b", &[], 12);
        assert_eq!(words(&told), "-r");
        drop(told);
        assert_eq!(desk.told("a", Told::Changed(object("a", "q", 20, "Running"))), Err(Unheard));
    }
}
