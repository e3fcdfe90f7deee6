//! Jobs that come from outside while a run goes on: a watched folder, standard input; and figures for who watches it.

use std::fs;
use std::io::Write;
use std::process::Command;

use serde_json::{Value, json};

use crate::apply::{LONG, assert_replays, shape};
use crate::bed::{User, until, with};
use crate::judge::{End, Judge};
use crate::program::{Run, scenario};

/// A document of `SubmitJob`.
fn submit(name: &str) -> Value {
    json!({ "jobName": name, "jobQueue": "JQ", "jobDefinition": "Job" })
}

/// A scenario without work of its own. Of jobs from outside nothing is drawn: their pods say themselves for how long KWOK is
/// to run them.
fn idle(namespace: &str) -> Value {
    let mut document = scenario(namespace, 1, &json!([]));
    let pod = document.pointer_mut("/jobDefinitions/0/eksProperties/podProperties").unwrap();
    pod["metadata"] = json!({ "annotations": { "windtunnel.dev/run": "500ms" } });
    document
}

/// Jobs whose last pod succeeded.
async fn succeeded(judge: Judge) -> usize {
    let verdict = judge.verdict().await;
    verdict.assert_clean();
    verdict.ends().values().filter(|end| matches!(end, End::Succeeded)).count()
}

#[test]
fn a_watched_folder_is_read_once_even_by_a_program_that_was_killed() {
    with(async |bed| {
        bed.add_nodes(2, &shape(&bed)).await;
        let judge = Judge::start(&bed).await;
        let mut run = Run::of(&bed, User::Admin, &idle(bed.namespace()));
        let folder = run.path("jobs");
        fs::create_dir(&folder).unwrap();
        let words = ["--jobs", folder.to_str().unwrap(), "--speed", "20", "--until", "stopped"];
        run = run.with(&words);
        let put = |name: &str, text: &str| {
            // Whole, as the page of the folder asks: written elsewhere, then renamed.
            let beside = folder.join(format!("{name}.tmp"));
            fs::write(&beside, text).unwrap();
            fs::rename(&beside, folder.join(name)).unwrap();
        };
        put("one.json", &serde_json::to_string_pretty(&submit("one")).unwrap());
        put("many.jsonl", &format!("{}\n{}\n{{\"jobName\":\"bad\"}}\n", submit("two"), submit("three")));
        let program = run.apply();
        let done = folder.join("done");
        until("the files were taken", async || done.join("one.json").exists() && done.join("many.jsonl").exists())
            .await;
        program.kill();
        put("late.json", &submit("late").to_string());
        // As if the program had been killed before it moved the file away.
        fs::rename(done.join("one.json"), folder.join("one.json")).unwrap();
        let mut program = run.apply();
        until("the late one was taken", async || done.join("late.json").exists() && done.join("one.json").exists())
            .await;
        until("four pods have run", async || judge.ended() == 4).await;
        let status = Command::new("kill").args(["-TERM", &program.child().id().to_string()]).status().unwrap();
        assert!(status.success());
        program.done(LONG).await.assert_done();
        let answers = fs::read_to_string(done.join("many.jsonl.answers")).unwrap();
        let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(answers.len(), 3, "{answers:?}");
        assert_eq!((&answers[0]["jobName"], &answers[1]["jobName"]), (&json!("two"), &json!("three")));
        assert!(answers[2]["error"].as_str().is_some_and(|error| error.contains("jobQueue")), "{answers:?}");
        assert_eq!(succeeded(judge).await, 4);
        assert_replays(&run.journal());
    });
}

#[test]
fn standard_input_is_answered_line_by_line_and_figures_are_served() {
    with(async |bed| {
        bed.add_nodes(2, &shape(&bed)).await;
        let judge = Judge::start(&bed).await;
        let mut run = Run::of(&bed, User::Admin, &idle(bed.namespace())).with(&[
            "--jobs",
            "-",
            "--speed",
            "20",
            "--metrics-port",
            "0",
        ]);
        let mut program = run.apply();
        let mut input = program.child().stdin.take().unwrap();
        writeln!(input, "{}", submit("first")).unwrap();
        let mut array = submit("array");
        array["arrayProperties"] = json!({ "size": 5 });
        writeln!(input, "{array}").unwrap();
        until("pods have run", async || judge.ended() >= 1).await;
        let said = program.stderr();
        let address =
            said.lines().find_map(|line| line.strip_prefix("metrics: http://")).unwrap_or_else(|| panic!("{said}"));
        let (host, path) = address.split_once('/').unwrap_or((address, "metrics"));
        let figures = get(host, path);
        for name in ["windtunnel_steps_total", "windtunnel_commands_total{kind=\"create_pod\"} ", "windtunnel_jobs{"] {
            assert!(figures.contains(name), "{name}: {figures}");
        }
        drop(input);
        let done = program.done(LONG).await;
        let lines: Vec<&str> = done.assert_done().stdout.lines().collect();
        let first: Value = serde_json::from_str(lines[0]).unwrap();
        assert_eq!(first["jobName"], "first");
        assert_eq!(succeeded(judge).await, 6);
        assert_replays(&run.journal());
    });
}

/// What a server says to a GET.
fn get(host: &str, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    std::io::read_to_string(stream).unwrap()
}
