//! A connection that can be cut from elsewhere: the other side sees a reset, not an end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// The end of a connection that cuts it.
#[derive(Clone, Default)]
pub(super) struct Line(Arc<State>);

#[derive(Default)]
struct State {
    cut: AtomicBool,
    closed: AtomicBool,
    notify: Notify,
}

impl Line {
    pub(super) fn cut(&self) {
        self.0.cut.store(true, Ordering::SeqCst);
        self.0.notify.notify_one();
    }

    /// Resolves when it is cut.
    pub(super) async fn is_cut(&self) {
        self.0.notify.notified().await;
    }

    /// Notes that the connection is over.
    pub(super) fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_open(&self) -> bool {
        !self.0.closed.load(Ordering::SeqCst)
    }
}

/// The socket itself.
pub(super) struct Socket {
    stream: TcpStream,
    line: Line,
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> (Socket, Line) {
        let line = Line::default();
        // Small events must not wait for each other.
        let _ = stream.set_nodelay(true);
        (Socket { stream, line: line.clone() }, line)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.line.0.cut.load(Ordering::SeqCst) {
            // Closing then sends RST, and drops what was not sent yet.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
