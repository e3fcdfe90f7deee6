//! Where the embedded facts come from and how old they are, for whoever shows results that rest on them. The long form
//! is `data/README.md`.

/// A kind of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Which facts.
    pub what: &'static str,
    /// From where.
    pub from: &'static str,
    /// Of which month, or months.
    pub as_of: &'static str,
}

/// All of them.
pub const SOURCES: [Source; 4] = [
    Source {
        what: "instance types and zones",
        from: "EC2 DescribeInstanceTypes, by way of moto 5.2.5",
        as_of: "2026-10",
    },
    Source {
        what: "On-Demand prices",
        from: "published price lists, and prices derived from them: median error 0.1 %, 90th percentile 3 %",
        as_of: "us-east-1 2026-07-20, elsewhere 2022-09-03",
    },
    Source { what: "Spot savings and interruption rates", from: "AWS Spot Instance Advisor", as_of: "2025-06" },
    Source { what: "keywords of instanceTypes", from: "AWS Batch User Guide", as_of: "2026-08" },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_long_form() {
        let page = include_str!("data/README.md");
        for source in SOURCES {
            for date in source.as_of.split([' ', ',']).filter(|word| word.starts_with("20")) {
                assert!(page.contains(date), "{} as of {date}", source.what);
            }
        }
    }
}
