//! Journals as files: written whole or not at all, read plain or gzip, refused with file and line.

use std::fs;
use std::path::Path;

use tempfile::{TempDir, tempdir};
use windtunnel::driver::Watcher;
use windtunnel::journal::{JournalError, Reader, Writer, exogenous};
use windtunnel::scheduler::{Decision, Event, Origin};
use windtunnel::units::SimTime;

use crate::world::{header, journal, lines, quiet, three_jobs, write_lines};

/// The fault that reading a journal to its end meets.
fn fault(path: &Path) -> JournalError {
    let mut reader = match Reader::open(path) {
        Ok(reader) => reader,
        Err(error) => return error,
    };
    loop {
        let step = reader.observation().and_then(|seen| seen.map(|_| reader.decision()).transpose());
        match step {
            Ok(Some(_)) => {}
            Ok(None) => panic!("{} reads well", path.display()),
            Err(error) => return error,
        }
    }
}

/// A journal of two quiet steps (header, seen, decided, seen, decided, end), changed by `edit`.
fn edited(folder: &TempDir, edit: impl FnOnce(&mut Vec<String>)) -> JournalError {
    let path = journal(folder.path(), "edited.jsonl", vec![quiet(5), quiet(9)]);
    let mut lines = lines(&path);
    edit(&mut lines);
    write_lines(&path, &lines);
    fault(&path)
}

#[test]
fn a_journal_reads_as_it_was_written() {
    let folder = tempdir().unwrap();
    for (name, gzip) in [("plain.jsonl", false), ("small.jsonl.gz", true)] {
        let path = journal(folder.path(), name, three_jobs());
        assert_eq!(fs::read(&path).unwrap().starts_with(&[0x1f, 0x8b]), gzip);
        let mut reader = Reader::open(&path).unwrap();
        assert_eq!(*reader.header(), header());
        for expected in three_jobs() {
            assert_eq!(reader.observation().unwrap(), Some(expected));
            let _ = reader.decision().unwrap();
        }
        assert_eq!(reader.observation().unwrap(), None);
        assert_eq!(reader.steps(), 6);
    }
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let folder = tempdir().unwrap();
    for name in ["a.jsonl", "a.jsonl.gz"] {
        let once = fs::read(journal(folder.path(), name, three_jobs())).unwrap();
        assert_eq!(fs::read(journal(folder.path(), name, three_jobs())).unwrap(), once);
    }
}

#[test]
fn compression_is_told_by_content_not_by_name() {
    let folder = tempdir().unwrap();
    let path = journal(folder.path(), "a.jsonl.gz", three_jobs());
    let renamed = folder.path().join("a.jsonl");
    fs::rename(path, &renamed).unwrap();
    assert!(Reader::open(&renamed).unwrap().observation().unwrap().is_some());
}

#[test]
fn an_unfinished_journal_leaves_no_file_and_keeps_the_earlier_one() {
    let folder = tempdir().unwrap();
    let path = journal(folder.path(), "a.jsonl", three_jobs());
    let before = fs::read(&path).unwrap();
    let mut writer = Writer::create(&path, &header()).unwrap();
    writer.seen(&quiet(0)).unwrap();
    writer.decided(&quiet(0), &Decision::default()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
    drop(writer);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_place_that_can_hold_no_journal_is_refused_before_the_run() {
    let folder = tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("no-such-folder/a.jsonl")] {
        let error = Writer::create(&path, &header()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("can't write the journal {}; ", path.display())), "{error}");
    }
}

#[test]
fn other_files_are_no_journals() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("other");
    for content in ["", "{}", "{\"seen\":{}}\n", "hello, world: no line feed at the end of this one", "\u{1f}\u{8b}"] {
        fs::write(&path, content).unwrap();
        let error = fault(&path);
        assert!(matches!(error, JournalError::NotAJournal { .. }), "{content}: {error}");
        assert!(error.is_bad_input());
    }
    let missing = fault(&folder.path().join("missing"));
    assert!(matches!(missing, JournalError::Unreadable { .. }) && !missing.is_bad_input(), "{missing}");
}

#[test]
fn another_format_names_the_version_that_wrote_it() {
    let folder = tempdir().unwrap();
    // The rest of another format's header may look quite different.
    let error = edited(&folder, |lines| lines[0] = r#"{"windtunnel":"9.1.0","format":2,"core":[]}"#.to_owned());
    assert!(matches!(&error, JournalError::OtherFormat { found: 2, written_by, .. } if written_by == "9.1.0"));
    assert!(error.to_string().contains("edited.jsonl:1: a journal of format 2, written by windtunnel 9.1.0"));
}

#[test]
fn damage_is_named_by_line_and_column() {
    let folder = tempdir().unwrap();
    let said = |edit: fn(&mut Vec<String>)| edited(&folder, edit).to_string();
    let torn_in_the_middle = said(|lines| lines[2] = "{\"decided\":{".to_owned());
    assert!(torn_in_the_middle.contains("edited.jsonl:3: damaged: column 12: EOF"), "{torn_in_the_middle}");
    let unknown = said(|lines| lines[1] = r#"{"seen":{"now":5,"events":[{"event":"Rain"}]}}"#.to_owned());
    assert!(unknown.contains(":2: damaged:") && unknown.contains("unknown variant `Rain`"), "{unknown}");
    let header = said(|lines| lines[0] = r#"{"windtunnel":"0.1.0","format":1,"seed":7}"#.to_owned());
    assert!(header.contains(":1: damaged:") && header.contains("missing field `scenario`"), "{header}");
    let back = said(|lines| lines[3] = r#"{"seen":{"now":4,"events":[]}}"#.to_owned());
    assert!(back.contains(":4: damaged: time goes back from 5 ms to 4 ms"), "{back}");
    let count = said(|lines| lines[5] = r#"{"end":{"steps":3}}"#.to_owned());
    assert!(count.contains(":6: damaged: the journal claims 3 steps and holds 2"), "{count}");
}

#[test]
fn records_out_of_order_are_refused() {
    let folder = tempdir().unwrap();
    let twice_seen = edited(&folder, |lines| drop(lines.remove(2))).to_string();
    assert!(twice_seen.contains("edited.jsonl:3: record out of order: `seen` where `decided` belongs"), "{twice_seen}");
    let twice_decided = edited(&folder, |lines| drop(lines.remove(3))).to_string();
    assert!(twice_decided.contains(":4: record out of order: `decided` where `seen` or `end`"), "{twice_decided}");
    let half_a_step = edited(&folder, |lines| drop(lines.remove(4))).to_string();
    assert!(half_a_step.contains(":5: record out of order: `end` where `decided`"), "{half_a_step}");
    let more = edited(&folder, |lines| lines.push(lines[1].clone())).to_string();
    assert!(more.contains(":7: record out of order: `seen` where the end of the file"), "{more}");
}

#[test]
fn a_journal_cut_anywhere_is_recognised() {
    let folder = tempdir().unwrap();
    let whole = fs::read(journal(folder.path(), "a.jsonl", vec![quiet(5), quiet(9)])).unwrap();
    let cut = folder.path().join("cut");
    // Without its last line feed alone, nothing is lost.
    for length in 14..whole.len() - 1 {
        fs::write(&cut, &whole[..length]).unwrap();
        let error = fault(&cut);
        assert!(matches!(error, JournalError::CutOff { .. }), "at {length}: {error}");
    }
    let packed = fs::read(journal(folder.path(), "a.jsonl.gz", vec![quiet(5), quiet(9)])).unwrap();
    for length in (2..packed.len() - 1).step_by(7) {
        fs::write(&cut, &packed[..length]).unwrap();
        assert!(fault(&cut).is_bad_input(), "at {length}");
    }
    fs::write(&cut, &packed[..packed.len() - 10]).unwrap();
    assert!(matches!(fault(&cut), JournalError::CutOff { .. }));
}

#[test]
fn the_exogenous_events_are_a_workload() {
    let folder = tempdir().unwrap();
    let mut observations = three_jobs();
    observations[1].events = vec![Event::PodRunning { pod: "0.0".parse().unwrap() }];
    let path = journal(folder.path(), "a.jsonl", observations);
    let events: Vec<_> = exogenous(Reader::open(&path).unwrap()).collect::<Result<_, _>>().unwrap();
    assert_eq!(events.len(), 6);
    assert!(events.iter().all(|(at, event)| *at == SimTime::ZERO && event.origin() == Origin::Exogenous));

    let mut cut = lines(&path);
    cut.pop();
    write_lines(&path, &cut);
    let events: Vec<_> = exogenous(Reader::open(&path).unwrap()).collect();
    assert_eq!(events.len(), 7);
    assert!(matches!(events[6], Err(JournalError::CutOff { steps: 6, .. })));
}
