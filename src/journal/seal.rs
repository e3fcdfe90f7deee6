//! Checksums of lines: a line of a live journal ends in `,"crc32":"89abcdef"}`, the CRC-32 (IEEE) of what the line was
//! without it. It stays a line of JSON, and a torn or altered one is told from a whole one.

use crate::journal::format::Header;

/// Bytes of the seal, the closing brace included.
const LENGTH: usize = r#","crc32":"89abcdef"}"#.len();
const OPENING: &[u8] = br#","crc32":""#;

/// Seals a line: an object of JSON without its line feed.
pub(super) fn seal(line: &mut Vec<u8>) {
    let sum = crc32fast::hash(line);
    debug_assert_eq!(line.last(), Some(&b'}'), "a record is an object");
    line.pop();
    line.extend_from_slice(format!(r#","crc32":"{sum:08x}"}}"#).as_bytes());
}

/// Takes a line's seal off again; false, and the line as it was, where it has none or another.
pub(super) fn unseal(line: &mut Vec<u8>) -> bool {
    let Some(at) = line.len().checked_sub(LENGTH) else { return false };
    let Some(hex) = line[at..].strip_prefix(OPENING).and_then(|rest| rest.strip_suffix(b"\"}")) else { return false };
    let Some(sum) = std::str::from_utf8(hex).ok().and_then(|hex| u32::from_str_radix(hex, 16).ok()) else {
        return false;
    };
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&line[..at]);
    hasher.update(b"}");
    if hasher.finalize() != sum {
        return false;
    }
    line.truncate(at);
    line.push(b'}');
    true
}

/// Checksum of a text.
pub fn checksum(text: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(text))
}

impl Header {
    /// Whether the journal's lines are sealed.
    pub(super) const fn is_sealed(&self) -> bool {
        self.live.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_a_line_counts() {
        let plain = br#"{"seen":{"now":5}}"#.to_vec();
        let mut sealed = plain.clone();
        seal(&mut sealed);
        let mut opened = sealed.clone();
        assert!(unseal(&mut opened));
        assert_eq!(opened, plain);
        assert!(serde_json::from_slice::<serde_json::Value>(&sealed).is_ok(), "it stays JSON");
        for bit in 0..sealed.len() * 8 {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            // The hexadecimal digits may be written in capitals: the same sum.
            if !altered.eq_ignore_ascii_case(&sealed) || altered[..plain.len()] != sealed[..plain.len()] {
                assert!(!unseal(&mut altered), "bit {bit}");
            }
        }
        for length in 0..sealed.len() {
            assert!(!unseal(&mut sealed[..length].to_vec()), "{length} bytes of it");
        }
    }
}
