//! Log lines on standard error, for people or for machines; standard output belongs to results.

use std::io::{self, IsTerminal as _};

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::live::error::LiveError;

/// What is logged unless someone says otherwise. The client library calls every 5xx an error of its own; the actuator
/// knows which of them matter.
pub const DEFAULT_FILTER: &str = "info,kube_client::client::builder=off";

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object per line.
    Json,
}

/// Logs to standard error from now on. Once per process.
pub fn init(filter: &str, format: LogFormat) -> Result<(), LiveError> {
    let subscriber = subscriber(filter, format, io::stderr().is_terminal(), io::stderr)?;
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|_| LiveError::Refused("logging was set up before; it is set up once per process".to_owned()))
}

/// What turns events into lines; `filter` as in `info,kube=debug`.
fn subscriber<W>(
    filter: &str,
    format: LogFormat,
    ansi: bool,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, LiveError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter).map_err(|source| LiveError::Config {
        context: format!("`{filter}` is no log filter; write levels, by module where needed, as in `info,kube=debug`"),
        source: Box::new(source),
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    Ok(match format {
        LogFormat::Human => Box::new(lines.with_ansi(ansi).finish()),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).finish()),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, format: LogFormat) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(filter, format, false, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(pod = "aws-batch.1", "refused");
            tracing::debug!("a detail");
        });
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn lines_are_for_people_or_for_machines() {
        let human = logged("info", LogFormat::Human);
        assert!(human.contains("WARN") && human.contains("refused pod=\"aws-batch.1\""), "{human}");
        assert_eq!(human.lines().count(), 1, "the detail is filtered: {human}");
        assert_eq!(logged("debug", LogFormat::Human).lines().count(), 2);
        let json: serde_json::Value = serde_json::from_str(&logged("warn", LogFormat::Json)).unwrap();
        assert_eq!(
            (&json["level"], &json["message"], &json["pod"]),
            (&"WARN".into(), &"refused".into(), &"aws-batch.1".into())
        );
    }

    #[test]
    fn a_filter_that_is_none_is_told() {
        let error = subscriber("loud=very", LogFormat::Human, false, io::sink).err().unwrap().to_string();
        assert!(error.contains("`loud=very`") && error.contains("info"), "{error}");
    }
}
