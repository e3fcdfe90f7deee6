//! Everything that an export holds, page by page: which calls it has answers of, and whether an answer is whole.

use std::collections::BTreeMap;
use std::io::Read;

use jiff::Timestamp;
use serde_json::Value;

use crate::import::Notes;
use crate::import::aws::documents::Described;
use crate::import::aws::environments::DescribedAccount;
use crate::import::aws::history::History;
use crate::import::aws::pages::{self, Call, Place, Sink};
use crate::import::aws::times::{Reading, Times};

/// Answers of AWS, as files hold them.
#[derive(Debug, Default)]
pub struct Export {
    pub(super) account: DescribedAccount,
    pub(super) definitions: Vec<Described>,
    pub(super) instance_types: Vec<Described>,
    /// Zones by subnet.
    pub(super) subnets: BTreeMap<String, String>,
    pub(super) history: History,
    pub(super) notes: Notes,
    /// Milliseconds since 1970 of time 0, where someone says it.
    pub(super) begins: Option<u64>,
    /// Regions that ARNs name, and how often.
    pub(super) regions: BTreeMap<String, u64>,
    pages: BTreeMap<Call, Pages>,
    times: Option<Reading>,
    seen: u64,
}

/// The pages of a call.
#[derive(Debug, Default)]
struct Pages {
    count: u64,
    /// The last one, where its answer goes on.
    goes_on: Option<String>,
}

impl Export {
    /// One that also keeps when jobs and instances were what.
    pub fn with_times() -> Self {
        Self { times: Some(Reading::default()), ..Self::default() }
    }

    /// Times of what was read so far, which are no longer kept from here on.
    pub fn take_times(&mut self) -> Times {
        self.times.take().map(Reading::finish).unwrap_or_default()
    }

    /// Whether the past can be played again: there are descriptions of jobs, and of the environments they ran in.
    pub fn tells_a_past(&self) -> bool {
        self.history.details > 0 && !self.account.environments.is_empty() && !self.account.queues.is_empty()
    }

    /// Reads a file to its end, or to where it breaks. Files of several pages come in the order of their pages.
    pub fn read(&mut self, name: &str, reader: impl Read) {
        pages::read(name, reader, self);
    }

    /// Makes this date time 0, instead of that of the first job: `2026-01-01T00:00:00Z`.
    pub fn begin_at(&mut self, date: &str) -> Result<(), String> {
        let at: Timestamp = date.parse().map_err(|error| format!("{error}; write a date like 2026-01-01T00:00:00Z"))?;
        let millis = u64::try_from(at.as_millisecond()).map_err(|_| "a date before 1970".to_owned())?;
        self.begins = Some(millis);
        Ok(())
    }

    /// Whether anything was recognised.
    pub const fn is_empty(&self) -> bool {
        self.seen == 0
    }

    /// Notes what was left out so far.
    pub const fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Says which calls were read, and which answers are not whole.
    pub(super) fn account_for_pages(&mut self) {
        for (call, pages) in &self.pages {
            self.notes.used(format!(
                "{} page{} of {}",
                pages.count,
                if pages.count == 1 { "" } else { "s" },
                call.command()
            ));
            if let Some(page) = &pages.goes_on {
                let reason = "pages that come after the last one that is there: it has a nextToken";
                self.notes.leave_out(reason, format!("{} after {page}", call.command()));
            }
        }
    }

    /// Counts the region of an item's ARN.
    fn count_region(&mut self, item: &Value) {
        const ARNS: [&str; 6] =
            ["computeEnvironmentArn", "jobQueueArn", "jobDefinitionArn", "arn", "jobArn", "consumableResourceArn"];
        let arn = ARNS.iter().find_map(|member| item[*member].as_str());
        let Some(region) = arn.and_then(|arn| arn.split(':').nth(3)).filter(|region| !region.is_empty()) else {
            return;
        };
        match self.regions.get_mut(region) {
            Some(count) => *count += 1,
            None => {
                self.regions.insert(region.to_owned(), 1);
            }
        }
    }
}

impl Sink for Export {
    fn item(&mut self, call: Call, item: Value, place: Place<'_>) {
        if call == Call::Reservations {
            if let Some(times) = &mut self.times {
                self.seen += 1;
                times.reservation(&item, place, &mut self.notes);
            }
            return;
        }
        self.seen += 1;
        if call == Call::Subnets {
            match (item["SubnetId"].as_str(), item["AvailabilityZone"].as_str()) {
                (Some(subnet), Some(zone)) => drop(self.subnets.insert(subnet.to_owned(), zone.to_owned())),
                _ => self.notes.leave_out("subnets without id or zone", place.to_string()),
            }
            return;
        }
        self.count_region(&item);
        let list = match call {
            Call::Jobs | Call::JobSummaries => {
                if let Some(times) = &mut self.times {
                    times.job(&item);
                }
                return self.history.take(&item, call == Call::Jobs, place, &mut self.notes);
            }
            Call::ComputeEnvironments => &mut self.account.environments,
            Call::ConsumableResources => &mut self.account.consumables,
            Call::JobQueues => &mut self.account.queues,
            Call::SchedulingPolicies => &mut self.account.policies,
            Call::JobDefinitions => &mut self.definitions,
            Call::InstanceTypes => &mut self.instance_types,
            Call::Reservations | Call::Subnets => return,
        };
        match item {
            Value::Object(document) => list.push(Described { document, place: place.to_string() }),
            _ => self.notes.leave_out("items that are no objects", place.to_string()),
        }
    }

    fn page(&mut self, call: Call, goes_on: bool, place: Place<'_>) {
        if call == Call::Reservations && self.times.is_none() {
            return self.unrecognised(place);
        }
        self.seen += 1;
        let pages = self.pages.entry(call).or_default();
        pages.count += 1;
        pages.goes_on = goes_on.then(|| place.to_string());
    }

    fn unrecognised(&mut self, place: Place<'_>) {
        let reason = "documents that are none of the answers that are imported (see `windtunnel import aws --help`)";
        self.notes.leave_out(reason, place.to_string());
    }

    fn broken(&mut self, file: &str, byte: u64, why: &str) {
        self.notes.leave_out("what comes after a break in a file", format!("{file} byte {byte}: {why}"));
    }
}
