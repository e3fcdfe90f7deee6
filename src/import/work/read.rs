//! What readers of archives share: files that may be gzipped, and points in time.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// More than the largest archive, unpacked.
const BYTES_MAX: u64 = 4 << 30;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A file's text, unpacked if it is gzipped, whatever its name says. Ends in an error rather than without end.
pub(in crate::import) fn plain<'a>(file: impl Read + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut file = BufReader::new(file);
    // A pipe may give the first byte alone; archives are files, and give a buffer full.
    let text: Box<dyn Read + 'a> =
        if file.fill_buf()?.starts_with(&GZIP_MAGIC) { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(Box::new(BufReader::new(Bounded { text, left: BYTES_MAX })))
}

struct Bounded<R> {
    text: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it unpacks to more than {} GiB: cut it", BYTES_MAX >> 30),
            )
        })?;
        Ok(read)
    }
}

/// A point in time, in milliseconds since 1970: ISO 8601 with or without a zone (without one it is taken for UTC; what is
/// compared within one file needs no more), or with a space in the place of the T.
pub(in crate::import) fn time(text: &str) -> Option<i64> {
    let text = text.trim();
    let known = text.parse::<Timestamp>().ok();
    known
        .or_else(|| text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp()))
        .map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_as_tools_write_them() {
        let noon = 1_709_294_400_000;
        for text in ["2024-03-01T12:00:00Z", "2024-03-01 12:00:00", "2024-03-01T12:00", "2024-03-01T14:00:00+02:00"] {
            assert_eq!(time(text), Some(noon), "{text}");
        }
        assert_eq!(time("2024-03-01 12:00:00.250"), Some(noon + 250));
        assert_eq!((time("yesterday"), time("")), (None, None));
    }

    #[test]
    fn a_bomb_ends_in_an_error() {
        let mut bounded = Bounded { text: io::repeat(0), left: 10 };
        let error = io::copy(&mut bounded, &mut io::sink()).unwrap_err();
        assert!(error.to_string().contains("GiB"), "{error}");
    }
}
