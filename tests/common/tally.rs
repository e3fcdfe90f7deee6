//! Counters of what happened in random runs, so that a run in which something never happens proves nothing unnoticed.

/// Declares `Tally`, a counter per name.
macro_rules! tally {
    ($($name:ident)*) => {
        #[derive(Debug, Default)]
        pub(crate) struct Tally { $(pub(super) $name: u64,)* }

        impl Tally {
            pub(crate) fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
            }

            /// What never happened.
            pub(crate) fn never(&self) -> Vec<&'static str> {
                [$((stringify!($name), self.$name)),*].into_iter().filter(|&(_, n)| n == 0).map(|(name, _)| name).collect()
            }
        }
    };
}
