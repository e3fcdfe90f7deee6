//! The port where Prometheus fetches figures: on the loopback device only, for they tell of jobs and nodes.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::live::error::LiveError;
use crate::live::telemetry::metrics::Metrics;

/// What Prometheus calls the text form.
const TEXT_FORM: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Who has not finished asking by then is hung up on: half-open connections must not add up.
const ASKING_MAX: Duration = Duration::from_secs(10);
/// After a failed `accept`, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound port that nobody is served on yet.
#[derive(Debug)]
pub struct Endpoint {
    listener: TcpListener,
    address: SocketAddr,
}

impl Endpoint {
    /// Takes the port, or any free one for 0.
    pub async fn bind(port: u16) -> Result<Self, LiveError> {
        let failed = |source: std::io::Error| LiveError::Config {
            context: format!(
                "can't listen on 127.0.0.1:{port} for metrics; choose another port, or 0 for any free one"
            ),
            source: Box::new(source),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Where to ask, for people: `http://127.0.0.1:9464/metrics`.
    pub fn url(&self) -> String {
        format!("http://{}/metrics", self.address)
    }

    /// The port that was taken.
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers until it is dropped.
    pub async fn serve(self, metrics: Metrics) -> Infallible {
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let metrics = metrics.clone();
            let service = service_fn(move |request| {
                let reply = answer(&metrics, &request);
                async move { Ok::<_, Infallible>(reply) }
            });
            tokio::spawn(async move {
                let mut server = http1::Builder::new();
                server.timer(TokioTimer::new()).header_read_timeout(ASKING_MAX).keep_alive(false);
                // Whoever hangs up early gets nothing, and nobody misses it.
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }
}

fn answer(metrics: &Metrics, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, form, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => (StatusCode::OK, TEXT_FORM, metrics.text()),
        (&Method::GET, "/healthz") if metrics.is_healthy() => (StatusCode::OK, "text/plain", "ok\n".to_owned()),
        (&Method::GET, "/healthz") => {
            (StatusCode::SERVICE_UNAVAILABLE, "text/plain", "the run has stopped writing\n".to_owned())
        }
        (&Method::GET, _) => (StatusCode::NOT_FOUND, "text/plain", "there are /metrics and /healthz\n".to_owned()),
        _ => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "GET only\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(form));
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    async fn get(port: u16, path: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let asked = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn figures_and_health_are_served() {
        let metrics = Metrics::new();
        let endpoint = Endpoint::bind(0).await.unwrap();
        let port = endpoint.port();
        assert_eq!(endpoint.url(), format!("http://127.0.0.1:{port}/metrics"));
        let taken = Endpoint::bind(port).await.unwrap_err().to_string();
        assert!(taken.contains(&format!("127.0.0.1:{port}")) && taken.contains("another port"), "{taken}");
        tokio::spawn(endpoint.serve(metrics.clone()));

        metrics.steps.inc_by(3);
        let page = get(port, "/metrics").await;
        assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("\nwindtunnel_steps_total 3\n"), "{page}");
        assert!(page.contains("openmetrics-text") && page.trim_end().ends_with("# EOF"), "{page}");
        assert!(get(port, "/healthz").await.starts_with("HTTP/1.1 200 OK"));
        metrics.set_healthy(false);
        assert!(get(port, "/healthz").await.starts_with("HTTP/1.1 503 "));
        assert!(get(port, "/").await.starts_with("HTTP/1.1 404 "));
    }
}
