//! What a watch says, event by event, and what is done to it on its way.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::poll_fn;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame};
use kube::client::Body;
use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Shared;
use super::plan::Fault;
use super::socket::Line;

type Sender = mpsc::Sender<Result<Frame<Bytes>, io::Error>>;

const EXPIRED: &str = concat!(
    r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","#,
    r#""message":"too old resource version: a fault on purpose","reason":"Expired","code":410}}"#,
    "\n"
);

/// The body that the client of a watch sees.
pub(super) fn play(body: Body, faults: Vec<Fault>, shared: Arc<Shared>, line: Line) -> BoxBody<Bytes, io::Error> {
    let (told, mut heard) = mpsc::channel(64);
    let (arrived, events) = mpsc::unbounded_channel();
    tokio::spawn(read(body, arrived));
    let draws = shared.plan(super::plan::Plan::fork);
    let teller = Teller { faults, shared, line, told, draws, repeats: VecDeque::new(), events: 0, bytes: 0 };
    tokio::spawn(teller.tell(events));
    BodyExt::boxed(StreamBody::new(poll_fn(move |context| heard.poll_recv(context))))
}

/// Takes a watch apart into events, each with the moment of its arrival.
async fn read(mut body: Body, arrived: mpsc::UnboundedSender<(Instant, Bytes)>) {
    let mut rest = Vec::new();
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = arrived.closed() => return,
        };
        let Some(Ok(frame)) = frame else { return };
        let Ok(data) = frame.into_data() else { continue };
        rest.extend_from_slice(&data);
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let event: Vec<u8> = rest.drain(..=end).collect();
            if arrived.send((Instant::now(), event.into())).is_err() {
                return;
            }
        }
    }
}

struct Teller {
    faults: Vec<Fault>,
    shared: Arc<Shared>,
    line: Line,
    told: Sender,
    draws: Xoshiro256PlusPlus,
    /// Events to be told again, and after how many.
    repeats: VecDeque<(usize, Bytes)>,
    events: usize,
    bytes: usize,
}

impl Teller {
    async fn tell(mut self, mut events: mpsc::UnboundedReceiver<(Instant, Bytes)>) {
        loop {
            let next = tokio::select! {
                next = events.recv() => next,
                () = self.told.closed() => return,
            };
            let Some((arrived, event)) = next else { return };
            if !self.before(&event, arrived).await || !self.send(event.clone()).await {
                return;
            }
            self.events += 1;
            if !self.after(event).await {
                return;
            }
        }
    }

    /// What befalls the watch before an event is told. Whether it goes on.
    async fn before(&mut self, event: &Bytes, arrived: Instant) -> bool {
        for fault in self.faults.clone() {
            match fault {
                Fault::ResetAfter { events } if events == self.events => {
                    self.shared.count(&fault);
                    // Half an event, so that it breaks off in the midst of one.
                    let half = self.told.send(Ok(Frame::data(event.slice(..event.len() / 2)))).await;
                    return half.is_ok() && self.cut().await;
                }
                Fault::ResetAfterBytes(bytes) if self.bytes + event.len() > bytes => {
                    self.shared.count(&fault);
                    let part = event.slice(..bytes - self.bytes);
                    return self.told.send(Ok(Frame::data(part))).await.is_ok() && self.cut().await;
                }
                Fault::GoneAfter { events } if events == self.events => {
                    self.shared.count(&fault);
                    let _ = self.told.send(Ok(Frame::data(Bytes::from_static(EXPIRED.as_bytes())))).await;
                    return false;
                }
                Fault::SilenceAfter { events, silence } if events == self.events => {
                    self.shared.count(&fault);
                    tokio::time::sleep(silence).await;
                }
                Fault::Delays { share, by } if self.draws.random_bool(share) => {
                    self.shared.count(&fault);
                    tokio::time::sleep_until(arrived + by).await;
                }
                _ => {}
            }
        }
        true
    }

    /// Tells again what is due to be. Whether the watch goes on.
    async fn after(&mut self, event: Bytes) -> bool {
        for fault in self.faults.clone() {
            if let Fault::Duplicates { share, later } = fault
                && self.draws.random_bool(share)
            {
                self.shared.count(&fault);
                self.repeats.push_back((self.events + later, event.clone()));
            }
        }
        while let Some((_, again)) = self.repeats.pop_front_if(|(due, _)| *due <= self.events) {
            if !self.send(again).await {
                return false;
            }
        }
        true
    }

    async fn send(&mut self, event: Bytes) -> bool {
        self.bytes += event.len();
        self.told.send(Ok(Frame::data(event))).await.is_ok()
    }

    /// Resets the connection, once what was said before has left.
    async fn cut(&self) -> bool {
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.line.cut();
        // Held until the connection is down: letting go now would end the watch in good order.
        self.told.closed().await;
        false
    }
}
