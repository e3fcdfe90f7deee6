//! A foreign file as a stream of text, whether it was gzipped or not. What its name says does not count.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The bytes of a file, unpacked where they are gzipped, as they are asked for: no more than a buffer of it is held.
pub fn unpacked<'a>(from: impl Read + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut from = BufReader::new(from);
    let gzipped = from.fill_buf()?.starts_with(&GZIP_MAGIC);
    Ok(if gzipped { Box::new(BufReader::new(MultiGzDecoder::new(from))) } else { Box::new(from) })
}

/// All of a file as text, at most `limit` bytes of it.
pub fn text(from: impl Read, limit: u64) -> io::Result<String> {
    let mut text = String::new();
    unpacked(from)?.take(limit + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limit {
        let message = format!("it has more than {} MiB", limit >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(text)
}
