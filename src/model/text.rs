//! Alphabets and lengths that several documents share, as patterns for the schema and as functions for what a schema
//! can't reach. Nothing here knows a document.

use serde::Serialize;

use crate::model::Problem;

/// What AWS Batch takes for the names of environments, queues, policies and job definitions.
pub(super) const NAME_PATTERN: &str = "^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$";

/// A DNS label, as Kubernetes takes it for namespaces and AWS Batch for `kubernetesNamespace`.
pub(super) const DNS_LABEL: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

/// A DNS subdomain, as Kubernetes takes it for the names of most objects; up to 253 characters.
pub(super) const DNS_SUBDOMAIN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// Whether the text is a DNS subdomain of 1 to 253 characters.
pub(super) fn is_dns_subdomain(text: &str) -> bool {
    let label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        inner && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Whether the text has 1 to 63 letters, digits and characters of `others`, with a letter or digit at both ends.
pub(super) fn is_word(text: &str, others: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63 && text.chars().all(allowed) && end(text.chars().next()) && end(text.chars().next_back())
}

/// A key as one segment of a JSON pointer.
pub(super) fn segment(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Whether a path goes up somewhere.
pub(super) fn goes_up(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}

/// Why AWS Batch does not take a namespace: `default`, and whatever starts with `reserved`, is not for jobs.
pub(super) fn namespace_problem(namespace: &str, reserved: &str, at: &str) -> Option<Problem> {
    (namespace == "default" || namespace.starts_with(reserved)).then(|| {
        Problem::new(
            at,
            format!(
                "AWS Batch takes neither `default` nor a namespace starting with `{reserved}`, but this is `{namespace}`"
            ),
            "name a namespace of its own, like `my-aws-batch-namespace`",
        )
    })
}

/// Says that a list is longer than AWS Batch takes. For lists whose limit stands in no schema.
pub(super) fn too_long(at: &str, what: &str, len: usize, most: usize) -> Option<Problem> {
    (len > most).then(|| {
        Problem::new(at, format!("{len} {what}, but AWS Batch takes {most} at most"), format!("keep {most} or fewer"))
    })
}

/// Says that a document, as it goes over the wire, is larger than AWS Batch takes.
///
/// # Panics
/// Never: documents have a JSON form.
pub(super) fn too_large(document: &impl Serialize, kib: usize) -> Option<Problem> {
    let bytes = serde_json::to_vec(document).expect("documents have a JSON form").len();
    (bytes > kib << 10).then(|| {
        Problem::new(
            "",
            format!("the document has {bytes} bytes, but AWS Batch takes {kib} KiB at most"),
            "move long commands and environments into the image, or into a file that the job fetches",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subdomains_and_words_have_letters_or_digits_at_their_ends() {
        for text in ["a", "a-b.c", "0.1", &"a".repeat(253)] {
            assert!(is_dns_subdomain(text), "{text}");
        }
        for text in ["", "A", "a.", ".a", "-a", "a-.b", &"a".repeat(254)] {
            assert!(!is_dns_subdomain(text), "{text}");
        }
        assert!(is_word("a_B-9", "_-") && is_word(&"a".repeat(63), ""));
        assert!(!is_word("a.b", "_-") && !is_word("", "_-") && !is_word("a-", "-") && !is_word(&"a".repeat(64), ""));
    }

    #[test]
    fn the_size_counts_as_sent() {
        assert_eq!(too_large(&"x".repeat((1 << 10) - 2), 1), None);
        assert!(too_large(&"x".repeat((1 << 10) - 1), 1).is_some());
    }
}
