//! A journal's exogenous events: the workload, and the weather, that another run can be given. What followed from
//! commands is left behind; what an event means is not judged here but by `Event::origin`.

use crate::journal::{JournalError, Reader};
use crate::scheduler::{Event, Origin};
use crate::units::SimTime;

/// The events that would have happened whatever the scheduler did, oldest first. Ends after the first error.
pub fn exogenous(mut journal: Reader) -> impl Iterator<Item = Result<(SimTime, Event), JournalError>> {
    let mut step = move || -> Result<Option<Vec<(SimTime, Event)>>, JournalError> {
        let Some(seen) = journal.observation()? else { return Ok(None) };
        let _ = journal.decision()?;
        let outside = seen.events.into_iter().filter(|event| event.origin() == Origin::Exogenous);
        Ok(Some(outside.map(|event| (seen.now, event)).collect()))
    };
    let mut over = false;
    std::iter::from_fn(move || {
        if over {
            return None;
        }
        let events = step().transpose();
        over = !matches!(events, Some(Ok(_)));
        events
    })
    .flat_map(|step| match step {
        Ok(events) => events.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    })
}
