//! The house rules that a machine can keep: which module may know which, how files are built, and pages that stay true.
//! Every finding names file, line, rule and the reason for the rule.

mod knows;
mod pages;
mod shape;
mod source;
