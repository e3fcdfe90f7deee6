//! What `windtunnel live` says without a cluster: permissions, and options that would do nothing.
#![cfg(feature = "live")]

use std::process::{Command, Output};

use assert_cmd::cargo::CommandCargoExt;

const SCENARIO: &str = "scenarios/getting-started.json";

fn live(words: &[&str]) -> Output {
    Command::cargo_bin("windtunnel").unwrap().args(["live", SCENARIO]).args(words).output().unwrap()
}

#[test]
fn what_means_nothing_in_a_mode_is_refused() {
    let cases: [(&[&str], &[&str]); 5] = [
        (
            &["--context", "c", "--dry-run", "--confirm", "c", "--jobs", "-"],
            &["--confirm means nothing", "--jobs means"],
        ),
        (&["--context", "c", "--dry-run", "--speed", "2", "--log", "info"], &["--speed means nothing", "--log means"]),
        (&["--context", "c", "--shadow", "--kwok", "--resume"], &["--kwok means nothing", "--resume means nothing"]),
        (&["--context", "c", "--shadow", "--speed", "max", "--jobs", "-"], &["come by a clock"]),
        (&["--print-rbac", "--context", "c", "--out", "d"], &["--context means nothing", "--out means nothing"]),
    ];
    for (words, expected) in cases {
        let output = live(words);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {told}");
        for sentence in expected {
            assert!(told.contains(sentence), "{words:?}: {told}");
        }
    }
    let none = live(&["--dry-run"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(String::from_utf8(none.stderr).unwrap().contains("--context"));
}

/// The kinds, names and namespaces of the manifest's objects.
fn objects(text: &str) -> Vec<[String; 3]> {
    let of = |document: &str, key: &str| {
        let line = document.lines().find_map(|line| line.trim().strip_prefix(&format!("{key}: ")));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    text.split("---\n").map(|document| ["kind", "name", "namespace"].map(|key| of(document, key))).collect()
}

#[test]
fn permissions_are_printed_for_the_scenario_and_its_back_end() {
    let print = |words: &[&str]| {
        let output = live(&[&["--print-rbac"], words].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let own = print(&[]);
    let kinds: Vec<_> = objects(&own).into_iter().map(|[kind, _, namespace]| (kind, namespace)).collect();
    let row = |kind: &str, namespace: &str| (kind.to_owned(), namespace.to_owned());
    let namespace = "my-aws-batch-namespace";
    assert_eq!(
        kinds,
        [row("ClusterRole", ""), row("ClusterRoleBinding", ""), row("Role", namespace), row("RoleBinding", namespace)]
    );
    assert!(own.contains("name: \"aws-batch\"") && !own.contains("nodeclaims"), "{own}");
    let karpenter = print(&["--backend", "karpenter", "--user", "someone"]);
    assert!(karpenter.contains("nodeclaims") && karpenter.contains("name: \"someone\""), "{karpenter}");
}
