//! `NodeClaim`s of the run.

use std::sync::mpsc::Sender;

use crate::kubernetes::objects::NodeClaimObject;
use crate::live::acts::RUN_LABEL;
use crate::live::convert::node_claim;
use crate::live::error::LiveError;
use crate::live::facts::{Kind, Sighting};
use crate::live::observe::call::{Caller, Query};
use crate::live::observe::follow::{End, Told, Unheard, follow};

/// HTTP: there is no such kind.
const NOT_FOUND: u16 = 404;

/// Tells the run's claims until nobody listens.
pub(super) async fn run(caller: &Caller, run: &str, out: Sender<Sighting>) -> Result<(), LiveError> {
    let query = Query::node_claims().labelled(format!("{RUN_LABEL}={run}"));
    let tell = |told| match sighting(&told) {
        Some(sighting) => out.send(sighting).map_err(|_| Unheard),
        None => Ok(()),
    };
    match follow::<NodeClaimObject>(caller, &query, &[NOT_FOUND], tell).await {
        End::Unheard => Ok(()),
        End::Refused => Err(LiveError::Refused(
            "the cluster has no `nodeclaims.karpenter.sh` of version v1: install Karpenter 1.0 or later, or choose another \
             back end"
                .to_owned(),
        )),
    }
}

/// What is said of it; nothing of how far the watch is.
fn sighting(told: &Told<NodeClaimObject>) -> Option<Sighting> {
    Some(match told {
        Told::Begun => Sighting::ListBegun(Kind::NodeClaim),
        Told::Listed(claim) | Told::Changed(claim) => Sighting::NodeClaim(Box::new(node_claim::facts(claim))),
        Told::Deleted(claim) => Sighting::NodeClaimGone(node_claim::name(claim)),
        Told::Ended(_) => Sighting::ListEnded(Kind::NodeClaim),
        Told::At(_) => return None,
    })
}
