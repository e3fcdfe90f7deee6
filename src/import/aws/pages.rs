//! The JSON of AWS's answers, read as a stream: of a list one item at a time is in memory. Knows which member makes a page
//! what it is, and where a file breaks; what is in an item is known elsewhere.

use std::cell::Cell;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// What items of a page are, by the call whose answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Call {
    ComputeEnvironments,
    ConsumableResources,
    InstanceTypes,
    JobDefinitions,
    JobQueues,
    JobSummaries,
    Jobs,
    Reservations,
    SchedulingPolicies,
    Subnets,
}

impl Call {
    pub(super) const ALL: [Self; 10] = [
        Self::ComputeEnvironments,
        Self::ConsumableResources,
        Self::InstanceTypes,
        Self::JobDefinitions,
        Self::JobQueues,
        Self::JobSummaries,
        Self::Jobs,
        Self::Reservations,
        Self::SchedulingPolicies,
        Self::Subnets,
    ];

    /// The member that holds the items, and the command that answers so.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::ComputeEnvironments => ("computeEnvironments", "describe-compute-environments"),
            Self::ConsumableResources => ("consumableResources", "list-consumable-resources"),
            Self::InstanceTypes => ("InstanceTypes", "describe-instance-types"),
            Self::JobDefinitions => ("jobDefinitions", "describe-job-definitions"),
            Self::JobQueues => ("jobQueues", "describe-job-queues"),
            Self::JobSummaries => ("jobSummaryList", "list-jobs"),
            Self::Jobs => ("jobs", "describe-jobs"),
            Self::Reservations => ("Reservations", "describe-instances"),
            Self::SchedulingPolicies => ("schedulingPolicies", "describe-scheduling-policies"),
            Self::Subnets => ("Subnets", "describe-subnets"),
        }
    }

    pub(super) const fn member(self) -> &'static str {
        self.words().0
    }

    pub(super) const fn command(self) -> &'static str {
        self.words().1
    }

    /// What an item is that stands by itself, as `jq -c '.jobs[]'` leaves them.
    fn of_item(item: &Map<String, Value>) -> Option<Self> {
        let has = |member: &str| item.contains_key(member);
        Some(if has("jobId") {
            if has("jobQueue") { Self::Jobs } else { Self::JobSummaries }
        } else if has("computeEnvironmentArn") {
            Self::ComputeEnvironments
        } else if has("jobQueueArn") {
            Self::JobQueues
        } else if has("jobDefinitionArn") {
            Self::JobDefinitions
        } else if has("consumableResourceArn") {
            Self::ConsumableResources
        } else if has("fairsharePolicy") {
            Self::SchedulingPolicies
        } else if has("VCpuInfo") {
            Self::InstanceTypes
        } else if has("SubnetId") {
            Self::Subnets
        } else {
            return None;
        })
    }
}

/// Where an item stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    /// The document's number in its file, from 0.
    pub(super) document: u64,
    /// Its place in the document's list.
    pub(super) item: Option<(Call, u64)>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.document > 0 {
            write!(f, " document {}", self.document + 1)?;
        }
        match self.item {
            Some((call, index)) => write!(f, " /{}/{index}", call.member()),
            None => Ok(()),
        }
    }
}

/// Takes what is read.
pub(super) trait Sink {
    fn item(&mut self, call: Call, item: Value, place: Place<'_>);
    /// A page has been read whose answer goes on, or not.
    fn page(&mut self, call: Call, goes_on: bool, place: Place<'_>);
    fn unrecognised(&mut self, place: Place<'_>);
    /// The file can't be read on from this byte, after decompression.
    fn broken(&mut self, file: &str, byte: u64, why: &str);
}

/// Reads a file to its end, or to where it breaks: concatenated documents, lines of them, or lists of them.
pub(super) fn read(file: &str, reader: impl Read, sink: &mut impl Sink) {
    let mut plain = BufReader::new(reader);
    let head = match plain.fill_buf() {
        Ok(head) => head,
        Err(error) => return sink.broken(file, 0, &error.to_string()),
    };
    if head.starts_with(&[0x1f, 0x8b]) {
        documents(file, BufReader::new(MultiGzDecoder::new(plain)), sink);
    } else {
        documents(file, plain, sink);
    }
}

fn documents(file: &str, mut reader: impl BufRead, sink: &mut impl Sink) {
    const UTF8_MARK: &[u8] = &[0xef, 0xbb, 0xbf];
    const UTF16_MARKS: [&[u8]; 2] = [&[0xff, 0xfe], &[0xfe, 0xff]];
    let head = match reader.fill_buf() {
        Ok(head) => head,
        Err(error) => return sink.broken(file, 0, &error.to_string()),
    };
    if UTF16_MARKS.iter().any(|mark| head.starts_with(mark)) {
        return sink.broken(file, 0, "it is UTF-16, as Windows PowerShell redirects: save it as UTF-8");
    }
    if head.starts_with(UTF8_MARK) {
        reader.consume(UTF8_MARK.len());
    }
    let bytes = Rc::new(Cell::new(0));
    let counting = Counting { reader, bytes: Rc::clone(&bytes) };
    let mut json = serde_json::Deserializer::from_reader(counting);
    for document in 0.. {
        let mut begun = false;
        let place = Place { file, document, item: None };
        match (Document { sink, place, begun: &mut begun }).deserialize(&mut json) {
            Ok(()) => {}
            Err(error) if error.is_eof() && !begun => {
                if document == 0 {
                    sink.unrecognised(place);
                }
                return;
            }
            Err(error) => return sink.broken(file, bytes.get(), &error.to_string()),
        }
    }
}

/// Counts what the parser has taken: it takes byte by byte.
struct Counting<R> {
    reader: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

/// Members of items that may stand by themselves. Others of such a document are not kept: nothing is known of its size.
const OF_ITEMS: &[&str] = &[
    "AvailabilityZone",
    "SubnetId",
    "arn",
    "arrayProperties",
    "attempts",
    "computeEnvironmentArn",
    "computeEnvironmentName",
    "computeEnvironmentOrder",
    "computeResources",
    "consumableResourceArn",
    "consumableResourceName",
    "consumableResourceProperties",
    "container",
    "containerProperties",
    "containerOrchestrationType",
    "createdAt",
    "dependsOn",
    "ecsProperties",
    "eksAttempts",
    "eksConfiguration",
    "eksProperties",
    "fairsharePolicy",
    "isCancelled",
    "isTerminated",
    "jobDefinition",
    "jobDefinitionArn",
    "jobDefinitionName",
    "jobId",
    "jobName",
    "jobQueue",
    "jobQueueArn",
    "jobQueueName",
    "jobQueueType",
    "jobStateTimeLimitActions",
    "name",
    "nodeDetails",
    "nodeProperties",
    "parameters",
    "platformCapabilities",
    "priority",
    "propagateTags",
    "resourceType",
    "retryStrategy",
    "revision",
    "schedulingPolicyArn",
    "schedulingPriority",
    "serviceEnvironmentOrder",
    "shareIdentifier",
    "startedAt",
    "state",
    "status",
    "statusReason",
    "stoppedAt",
    "tags",
    "timeout",
    "totalQuantity",
    "type",
    "unmanagedvCpus",
    "GpuInfo",
    "InstanceType",
    "MemoryInfo",
    "NetworkInfo",
    "ProcessorInfo",
    "VCpuInfo",
];

/// One document.
struct Document<'a, S> {
    sink: &'a mut S,
    place: Place<'a>,
    /// Whether anything of it has been seen.
    begun: &'a mut bool,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Document<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Document<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer of AWS, an object or a list of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        *self.begun = true;
        let (mut calls, mut goes_on, mut item) = (Vec::new(), false, Map::new());
        while let Some(key) = map.next_key::<String>()? {
            if let Some(call) = Call::ALL.into_iter().find(|call| call.member() == key) {
                calls.push(call);
                map.next_value_seed(Items { sink: self.sink, place: self.place, call })?;
            } else if key.eq_ignore_ascii_case("nextToken") {
                goes_on = map.next_value::<Value>()?.as_str().is_some_and(|token| !token.is_empty());
            } else if OF_ITEMS.contains(&key.as_str()) {
                item.insert(key, map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        for &call in &calls {
            self.sink.page(call, goes_on, self.place);
        }
        if calls.is_empty() {
            match Call::of_item(&item) {
                Some(call) => self.sink.item(call, Value::Object(item), self.place),
                None => self.sink.unrecognised(self.place),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        *self.begun = true;
        let mut begun = true;
        while seq.next_element_seed(Document { sink: self.sink, place: self.place, begun: &mut begun })?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.other();
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.other();
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.other();
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.other();
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.other();
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.other();
        Ok(())
    }
}

impl<S: Sink> Document<'_, S> {
    /// Neither object nor list.
    fn other(self) {
        *self.begun = true;
        self.sink.unrecognised(self.place);
    }
}

/// The list of a page.
struct Items<'a, S> {
    sink: &'a mut S,
    place: Place<'a>,
    call: Call,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Items<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Items<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the list `{}`", self.call.member())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            let Some(item) = seq.next_element::<Value>()? else { break };
            self.sink.item(self.call, item, Place { item: Some((self.call, index)), ..self.place });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Notes what it is given.
    #[derive(Default)]
    struct Heard(Vec<String>);

    impl Sink for Heard {
        fn item(&mut self, call: Call, item: Value, place: Place<'_>) {
            self.0.push(format!("{call:?} {item} at {place}"));
        }

        fn page(&mut self, call: Call, goes_on: bool, _: Place<'_>) {
            self.0.push(format!("page of {call:?}, goes on: {goes_on}"));
        }

        fn unrecognised(&mut self, place: Place<'_>) {
            self.0.push(format!("what is {place}"));
        }

        fn broken(&mut self, file: &str, byte: u64, why: &str) {
            self.0.push(format!("{file} breaks at {byte}: {why}"));
        }
    }

    fn heard(bytes: &[u8]) -> Vec<String> {
        let mut heard = Heard::default();
        read("f", bytes, &mut heard);
        heard.0
    }

    #[test]
    fn pages_lines_lists_and_single_items_are_recognised_by_their_members() {
        let text = "\u{feff}{\"jobs\":[{\"jobId\":\"a\"},7],\"nextToken\":\"t\"}\n{\"jobSummaryList\":[],\"nextToken\":\"\"}\n\
                    [{\"jobId\":\"b\",\"jobQueue\":\"q\",\"unknown\":[1]}]\n{\"Vpcs\":[{}]}\n3\n\n";
        let expected = [
            r#"Jobs {"jobId":"a"} at f /jobs/0"#,
            "Jobs 7 at f /jobs/1",
            "page of Jobs, goes on: true",
            "page of JobSummaries, goes on: false",
            r#"Jobs {"jobId":"b","jobQueue":"q"} at f document 3"#,
            "what is f document 4",
            "what is f document 5",
        ];
        assert_eq!(heard(text.as_bytes()), expected);
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&text.as_bytes()[3..]).unwrap();
        assert_eq!(heard(&gz.finish().unwrap()), expected);
    }

    #[test]
    fn what_stands_before_a_break_is_used_and_the_break_is_told() {
        let broken = heard(br#"{"jobs":[{"jobId":"a"},{"jobId":"#);
        assert_eq!(broken[0], r#"Jobs {"jobId":"a"} at f /jobs/0"#);
        assert!(broken[1].starts_with("f breaks at 32: EOF while parsing"), "{broken:?}");
        assert_eq!(broken.len(), 2);
        assert_eq!(heard(b" \n"), ["what is f"]);
        assert!(heard(b"\xff\xfe{\0")[0].contains("UTF-16"));
        assert!(heard(br#"{"jobs":{}}"#)[0].contains("expected the list `jobs`"));
    }
}
